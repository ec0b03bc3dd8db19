"""DER, element by element, no stricter than a peer's reader."""

from __future__ import annotations

from typing import Final

from quorate.blocks.errors import BlockError

INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
IDENTIFIER: Final = 0x06
SEQUENCE: Final = 0x30

_LONG = 0x80
_LONGEST = 4
_MULTI_BYTE_TAG = 0x1F


class Elements:
    """Elements that stand one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def next_tag(self) -> int | None:
        """The tag of the next element, None when there is none."""
        return self._data[self._at] if self._at < len(self._data) else None

    def take(self, tag: int) -> bytes:
        """Return the next element's content.

        Raises
        ------
        BlockError
            When there is none of this tag, or it is not encoded as DER demands.
        """
        begin, end = self._measure(tag)
        self._at = end
        return self._data[begin:end]

    def take_whole(self, tag: int) -> bytes:
        """Return the next element with its tag and length; as `take`."""
        since = self._at
        self.take(tag)
        return self._data[since : self._at]

    def enter(self, tag: int = SEQUENCE) -> Elements:
        """Return the elements in the next one; as `take`."""
        return Elements(self.take(tag))

    def _measure(self, tag: int) -> tuple[int, int]:
        """Return where the next element's content begins and ends."""
        head = self._data[self._at : self._at + 2]
        if len(head) < len(b"TL") or head[0] != tag or head[0] & _MULTI_BYTE_TAG == _MULTI_BYTE_TAG:
            raise BlockError("another DER element stands where one is due")
        begin, length = self._at + 2, head[1]
        if length >= _LONG:
            size = length - _LONG
            digits = self._data[begin : begin + size]
            length = int.from_bytes(digits, "big")
            if not 1 <= size <= _LONGEST or len(digits) < size or digits[0] == 0 or length < _LONG:
                raise BlockError("an element has a length that is not DER")
            begin += size
        if begin + length > len(self._data):
            raise BlockError("DER ends in the middle of an element")
        return begin, begin + length
