"""From bytes to messages, and nothing but the bytes that the message itself would make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError

from quorate.blocks.errors import BlockError

if TYPE_CHECKING:
    from quorate.blocks.protos import AnyMessage


def decode(message: Any, data: bytes, what: str) -> AnyMessage:  # noqa: ANN401 - message classes have no types
    """Return the message of this class that `data` encode.

    Raises
    ------
    BlockError
        When they encode none.
    """
    try:
        return message.FromString(data)
    except DecodeError as error:
        raise BlockError(f"{what} cannot be decoded", cause=error) from error


def decode_exact(message: Any, data: bytes, what: str) -> AnyMessage:  # noqa: ANN401 - message classes have no types
    """Return the message that `data` encode, having refused any encoding but the one that protobuf itself writes.

    Only for messages without maps, whose order is free.

    Raises
    ------
    BlockError
        When they encode none, or in another way.
    """
    found = decode(message, data, what)
    found.DiscardUnknownFields()  # which would come back as they were, and say nothing
    if found.SerializeToString() != data:
        raise BlockError(f"{what} does not serialise to itself")
    return found
