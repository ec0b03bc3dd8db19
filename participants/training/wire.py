"""What the agent and its trainer say to each other: one canonical JSON header and some blobs, each with its length.

No pickle, and nothing is believed before its length was checked against a bound.
"""

from __future__ import annotations

import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from quorate import canonical
from quorate.errors import IntegrityError, TimedOutError, UnreachableError

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

    from quorate.canonical import JSON

HEADER_LIMIT: Final = 4 << 20
BLOB_LIMIT: Final = 8 << 30
MAX_BLOBS: Final = 3
_LENGTHS: Final = struct.Struct(f">{2 + MAX_BLOBS}Q")
_PORTION: Final = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Message:
    """A header and the blobs that belong to it."""

    header: Mapping[str, JSON]
    blobs: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Deadline:
    """A moment on the monotonic clock; None waits for ever (a trainer waiting for work, whose parent's end it sees)."""

    moment: float | None

    @classmethod
    def after(cls, seconds: float | None) -> Deadline:
        """Return the deadline that many seconds from now."""
        return cls(None if seconds is None else time.monotonic() + seconds)

    def left(self) -> float | None:
        """Return the seconds that are left, at least a tiny positive number.

        Raises
        ------
        TimedOutError
            When there are none.
        """
        if self.moment is None:
            return None
        left = self.moment - time.monotonic()
        if left <= 0:
            raise TimedOutError("the other side did not answer in time")
        return left


def send(channel: socket.socket, message: Message, deadline: Deadline) -> None:
    """Send a message whole.

    Raises
    ------
    TimedOutError, UnreachableError
    """
    header = canonical.dumps(dict(message.header))
    lengths = [len(blob) for blob in message.blobs] + [0] * (MAX_BLOBS - len(message.blobs))
    _send_bytes(channel, _LENGTHS.pack(len(header), len(message.blobs), *lengths), deadline)
    for part in (header, *message.blobs):
        _send_bytes(channel, part, deadline)


def receive(channel: socket.socket, deadline: Deadline) -> Message:
    """Return the next message.

    Raises
    ------
    TimedOutError, UnreachableError
        When it does not come in time; when the other side is gone.
    IntegrityError
        When a length is beyond its bound.
    """
    header_length, count, *lengths = _LENGTHS.unpack(_receive_bytes(channel, _LENGTHS.size, deadline))
    if header_length > HEADER_LIMIT or count > MAX_BLOBS or any(length > BLOB_LIMIT for length in lengths):
        raise IntegrityError("a message between agent and trainer is beyond its bounds")
    header = canonical.require_canonical(_receive_bytes(channel, header_length, deadline), limit=HEADER_LIMIT)
    if not isinstance(header, dict):
        raise IntegrityError("a message between agent and trainer has no header")
    return Message(header=header, blobs=tuple(_receive_bytes(channel, length, deadline) for length in lengths[:count]))


def _send_bytes(channel: socket.socket, data: bytes, deadline: Deadline) -> None:
    view = memoryview(data)
    try:
        while view:
            channel.settimeout(deadline.left())
            view = view[channel.send(view[:_PORTION]) :]
    except TimeoutError as error:
        raise TimedOutError("the other side did not read in time") from error
    except OSError as error:
        raise UnreachableError("the other side is gone") from error


def _receive_bytes(channel: socket.socket, count: int, deadline: Deadline) -> bytes:
    data = bytearray()
    try:
        while len(data) < count:
            channel.settimeout(deadline.left())
            portion = channel.recv(min(_PORTION, count - len(data)))
            if not portion:
                raise UnreachableError("the other side is gone")
            data += portion
    except TimeoutError as error:
        raise TimedOutError("the other side did not answer in time") from error
    except OSError as error:
        raise UnreachableError("the other side is gone") from error
    return bytes(data)
