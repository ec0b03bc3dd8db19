"""Writing a tensor file, its digest computed on the way."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from quorate.digest import PREFIX, Digest
from quorate.errors import UsageError
from quorate.tensors.encoding import encode_header

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quorate.fixedpoint import Integers
    from quorate.tensors.header import Header
    from quorate.tensors.schema import Schema


class Writer:
    """Writes one file's header, then its elements as they come, in schema order.

    Parameters
    ----------
    file
        An open binary file; stays open.
    schema, header
        What the file will be.
    """

    def __init__(self, file: BinaryIO, schema: Schema, header: Header) -> None:
        self._file = file
        self._dtype = header.dtype
        self._missing = schema.elements
        prefix = encode_header(schema, header)
        self._state = hashlib.sha256(prefix)
        file.write(prefix)

    def append(self, elements: Integers) -> None:
        """Write the next elements, flattened in C order.

        Raises
        ------
        UsageError
            When they are of another type than the file's, or more than are missing.
        """
        if elements.dtype != self._dtype.native:
            raise UsageError(f"the elements are {elements.dtype}, the file's {self._dtype.native}")
        if elements.size > self._missing:
            raise UsageError(f"{elements.size} more elements where {self._missing} are missing")
        data = np.ascontiguousarray(elements, self._dtype.little).data.cast("B")
        self._state.update(data)
        self._file.write(data)
        self._missing -= elements.size

    def finish(self) -> Digest:
        """Return the digest of the whole file.

        Raises
        ------
        UsageError
            When elements are missing.
        """
        if self._missing:
            raise UsageError(f"the file lacks {self._missing} elements")
        return Digest(PREFIX + self._state.hexdigest())


def write(target: Path | BinaryIO, schema: Schema, header: Header, arrays: Mapping[str, Integers]) -> Digest:
    """Write the arrays, by tensor name, as one file and return its digest.

    A file opened here for a path is removed again when writing fails.

    Raises
    ------
    UsageError
        When the names, shapes or types of the arrays are not those of the schema and the header's kind.
    """
    _require_arrays(schema, header, arrays)
    if isinstance(target, Path):
        return _write_path(target, schema, header, arrays)
    writer = Writer(target, schema, header)
    for tensor in schema.tensors:
        writer.append(arrays[tensor.name])
    return writer.finish()


def encode(schema: Schema, header: Header, arrays: Mapping[str, Integers]) -> bytes:
    """Return the bytes of the file that `write` would write; raises as it does."""
    file = io.BytesIO()
    write(file, schema, header, arrays)
    return file.getvalue()


def _write_path(path: Path, schema: Schema, header: Header, arrays: Mapping[str, Integers]) -> Digest:
    try:
        with path.open("wb") as file:
            return write(file, schema, header, arrays)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _require_arrays(schema: Schema, header: Header, arrays: Mapping[str, Integers]) -> None:
    if set(arrays) != set(schema.names):
        raise UsageError(f"the arrays are {sorted(arrays)}, the schema's {sorted(schema.names)}")
    for tensor in schema.tensors:
        array = arrays[tensor.name]
        if array.shape != tensor.shape or array.dtype != header.dtype.native:
            raise UsageError(
                f"tensor {tensor.name} is {array.dtype} of shape {array.shape}, "
                f"expected {header.dtype.native} of shape {tensor.shape}"
            )
