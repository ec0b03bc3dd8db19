"""From bytes to messages, and nothing but the bytes that the message itself would make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError

from quorate.blocks.errors import BlockError
from quorate.blocks.wire import plain

if TYPE_CHECKING:
    from quorate.blocks.protos import AnyMessage


def decode(message: Any, data: bytes, what: str) -> AnyMessage:  # noqa: ANN401 - message classes have no types
    """Return the message of this class that `data` encode to a peer, without fields that the class does not know.

    Raises
    ------
    BlockError
        When they encode none.
    """
    found = _parse(message, data)
    if found is None or found.SerializeToString() != data:
        # Only in the one spelling that all write does every library read the same.
        try:
            found = _parse(message, plain(message.DESCRIPTOR, data))
        except BlockError as error:
            raise BlockError(f"{what} cannot be decoded: {error.message}", cause=error) from error
    if found is None:
        raise BlockError(f"{what} cannot be decoded")
    return found


def decode_exact(message: Any, data: bytes, what: str) -> AnyMessage:  # noqa: ANN401 - message classes have no types
    """Return the message that `data` encode, having refused any encoding but the one that protobuf itself writes.

    Only for messages without maps, whose order is free.

    Raises
    ------
    BlockError
        When they encode none, or in another way.
    """
    found = decode(message, data, what)
    if found.SerializeToString() != data:
        raise BlockError(f"{what} does not serialise to itself")
    return found


def _parse(message: Any, data: bytes) -> AnyMessage | None:  # noqa: ANN401 - message classes have no types
    try:
        found = message.FromString(data)
    except DecodeError:
        return None
    found.DiscardUnknownFields()  # which would come back as they were, and say nothing
    return found
