"""The wire format of messages as peers read it: every spelling that they take, and none that they refuse.

Peers read messages with Go's library. Another takes numbers that are too long for it and refuses tags and groups that
it takes, and a member writes what it likes into its transactions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from google.protobuf.descriptor import FieldDescriptor

from quorate.blocks.errors import BlockError

if TYPE_CHECKING:
    from collections.abc import Iterator

_VARINT, _EIGHT_BYTES, _BYTES, _GROUP, _END_GROUP, _FOUR_BYTES = range(6)
_KINDS: Final = {
    FieldDescriptor.TYPE_BYTES: _BYTES,
    FieldDescriptor.TYPE_STRING: _BYTES,
    FieldDescriptor.TYPE_MESSAGE: _BYTES,
    FieldDescriptor.TYPE_BOOL: _VARINT,
    FieldDescriptor.TYPE_ENUM: _VARINT,
    FieldDescriptor.TYPE_INT32: _VARINT,
    FieldDescriptor.TYPE_INT64: _VARINT,
    FieldDescriptor.TYPE_UINT32: _VARINT,
    FieldDescriptor.TYPE_UINT64: _VARINT,
}
"""The types that Fabric's messages have."""
_LAST: Final = 2**29 - 1
_LAST_IN_GROUP: Final = 2**31 - 1
"""What peers pass over without knowing it they do not look at so closely."""
_LARGEST: Final = 2**64 - 1
_LONGEST: Final = 10
_DEEPEST_MESSAGE: Final = 100
_DEEPEST: Final = 10_001
"""Groups in groups; peers stop there too."""


def plain(descriptor: Any, data: bytes, *, depth: int = 0) -> bytes:  # noqa: ANN401 - descriptors have no types
    """Return the same fields in their shortest spelling, without those that the message does not know.

    Raises
    ------
    BlockError
        When peers refuse the spelling, or messages are nested deeper than ours reads them.
    """
    if depth > _DEEPEST_MESSAGE:
        raise BlockError(f"a message is nested deeper than {_DEEPEST_MESSAGE}")
    out = bytearray()
    for number, kind, value in _Reader(data).fields():
        field = descriptor.fields_by_number.get(number)
        if field is None or _KINDS.get(field.type) != kind:
            continue
        out += varint(number << 3 | kind)
        if isinstance(value, int):
            out += varint(value)
        else:
            content = value if field.message_type is None else plain(field.message_type, value, depth=depth + 1)
            out += varint(len(content)) + content
    return bytes(out)


def varint(number: int) -> bytes:
    """Return a number in its shortest spelling."""
    out = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits a byte
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


class _Reader:
    """Fields that stand one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def fields(self) -> Iterator[tuple[int, int, int | bytes]]:
        """Yield each field's number, its kind, and its value; a group's is not read."""
        while self._at < len(self._data):
            number, kind = self._tag(_LAST)
            yield number, kind, self._value(number, kind)

    def _tag(self, last: int) -> tuple[int, int]:
        tag = self._varint()
        if not 1 <= tag >> 3 <= last:
            raise BlockError("a message has a field of a number that there is not")
        return tag >> 3, tag & 7

    def _value(self, number: int, kind: int) -> int | bytes:
        if kind == _VARINT:
            return self._varint()
        if kind == _BYTES:
            return self._take(self._varint())
        if kind in (_EIGHT_BYTES, _FOUR_BYTES):
            return self._take(8 if kind == _EIGHT_BYTES else 4)
        if kind == _GROUP:
            self._pass_over(number)
            return b""
        raise BlockError("a message has a field of a kind that there is not")

    def _pass_over(self, number: int) -> None:
        """Read to the end of a group."""
        open_groups = [number]
        while open_groups:
            number, kind = self._tag(_LAST_IN_GROUP)
            if kind == _END_GROUP:
                if number != open_groups.pop():
                    raise BlockError("a message has a group that ends as another")
            elif kind != _GROUP:
                self._value(number, kind)
            elif len(open_groups) < _DEEPEST:
                open_groups.append(number)
            else:
                raise BlockError(f"a message has groups nested deeper than {_DEEPEST}")

    def _varint(self) -> int:
        found = 0
        for index, byte in enumerate(self._data[self._at : self._at + _LONGEST]):
            found |= (byte & 0x7F) << 7 * index
            if byte < 0x80:  # noqa: PLR2004 - the last one
                self._at += index + 1
                if found > _LARGEST:
                    break
                return found
        raise BlockError("a message has a number that does not end, or is too large")

    def _take(self, size: int) -> bytes:
        if size > len(self._data) - self._at:
            raise BlockError("a message ends in the middle of a field")
        self._at += size
        return self._data[self._at - size : self._at]
