"""The schema of a model: which tensors, in which order, of which shape."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from quorate.errors import UsageError

if TYPE_CHECKING:
    from quorate.canonical import JSON

MAX_TENSORS: Final = 4096
MAX_DIMENSIONS: Final = 8
MAX_ELEMENTS: Final = 2**32
"""The most elements in all tensors together: 32 GiB of a model."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,127}")
_RESERVED = "__metadata__"


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One tensor's name and shape.

    Parameters
    ----------
    name
        1 to 128 of ``A-Z a-z 0-9 _ . / -``, beginning with a letter, digit or underscore.
    shape
        At most `MAX_DIMENSIONS` positive sizes; none for a single number.

    Raises
    ------
    UsageError
        When the name or the shape is anything else.
    """

    name: str
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or self.name == _RESERVED:
            raise UsageError(f"not a tensor's name: {self.name[:128]!r}")
        if len(self.shape) > MAX_DIMENSIONS:
            raise UsageError(f"tensor {self.name} has {len(self.shape)} dimensions, more than {MAX_DIMENSIONS}")
        if not all(1 <= size <= MAX_ELEMENTS for size in self.shape):
            raise UsageError(f"tensor {self.name} has a size that is not between 1 and {MAX_ELEMENTS}")

    @property
    def elements(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Schema:
    """Tensors in the order in which their numbers follow each other in a file.

    Raises
    ------
    UsageError
        When there is no tensor or more than `MAX_TENSORS`, a name comes twice, or there are more than `MAX_ELEMENTS`.
    """

    tensors: tuple[TensorSpec, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.tensors) <= MAX_TENSORS:
            raise UsageError(f"a schema has 1 to {MAX_TENSORS} tensors, not {len(self.tensors)}")
        if len(set(self.names)) != len(self.tensors):
            raise UsageError("a schema names one tensor twice")
        if self.elements > MAX_ELEMENTS:
            raise UsageError(f"a schema has {self.elements} elements, more than {MAX_ELEMENTS}")

    @property
    def elements(self) -> int:
        """The number of elements of all tensors."""
        return sum(tensor.elements for tensor in self.tensors)

    @property
    def names(self) -> tuple[str, ...]:
        """The tensors' names, in order."""
        return tuple(tensor.name for tensor in self.tensors)

    def to_json(self) -> list[JSON]:
        """Return the schema as study terms hold it: a list of name and shape."""
        return [{"name": tensor.name, "shape": list(tensor.shape)} for tensor in self.tensors]

    @classmethod
    def from_json(cls, value: object) -> Schema:
        """Return the schema that `to_json` gave.

        Raises
        ------
        UsageError
            When the value has any other form.
        """
        if not isinstance(value, list):
            raise UsageError("a schema is a list of tensors")
        if len(value) > MAX_TENSORS:
            raise UsageError(f"a schema has 1 to {MAX_TENSORS} tensors, not {len(value)}")
        return cls(tuple(_tensor(item) for item in value))


def _tensor(item: object) -> TensorSpec:
    if not isinstance(item, Mapping) or set(item) != {"name", "shape"}:
        raise UsageError("a tensor in a schema has a name, a shape and nothing else")
    name, shape = item["name"], item["shape"]
    if not isinstance(name, str):
        raise UsageError("a tensor's name is a string")
    return TensorSpec(name, parse_shape(shape))


def parse_shape(value: object) -> tuple[int, ...]:
    """Return a list of integers as a shape; its sizes are checked by `TensorSpec`.

    Raises
    ------
    UsageError
        When the value is not a list of integers.
    """
    if not isinstance(value, list) or not all(type(size) is int for size in value):
        raise UsageError("a tensor's shape is a list of integers")
    return tuple(value)
