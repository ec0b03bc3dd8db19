"""What differs from run to run taken out of an observation: ids, addresses, hashes, times, block numbers."""

import re
from collections.abc import Mapping
from typing import Any

_HASH = re.compile(r"\b[0-9a-f]{64}\b")
_BYTES = re.compile(r"\b(?:[0-9a-f]{2}){33,}\b")
_ADDRESS = re.compile(r"(?:127\.0\.0\.1|localhost):\d+")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?: ?(?:UTC|[+-]\d{4}( UTC)?|Z))?(?: m=[+-][\d.]+)?")
_BLOCK = re.compile(r"<block (\d+)>")
_SERIAL = re.compile(r"\b\d{30,}\b")


class Normaliser:
    """Gives what it meets for the first time the next name, so that equal things stay equal within an observation."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = addresses
        self._ids: dict[str, str] = {}
        self._first_block: int | None = None

    def apply(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            return {self._text(key): self.apply(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.apply(each) for each in value]
        return value

    def _text(self, value: str) -> str:
        value = value.replace("\u00a0", " ")  # protobuf's own messages have one or the other, by build
        value = _BYTES.sub("<bytes>", value)
        value = _HASH.sub(lambda match: self._ids.setdefault(match[0], f"<id {len(self._ids) + 1}>"), value)
        value = _ADDRESS.sub(lambda match: self._addresses.get(match[0].rpartition(":")[2], "<address>"), value)
        value = _SERIAL.sub("<serial>", _TIME.sub("<time>", value))
        return _BLOCK.sub(self._block, value)

    def _block(self, match: re.Match[str]) -> str:
        number = int(match[1])
        if self._first_block is None:
            self._first_block = number
        return f"<block {number - self._first_block:+d}>"
