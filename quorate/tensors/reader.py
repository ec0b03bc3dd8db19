"""Reading a tensor file that must be exactly the expected one."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from quorate.digest import PREFIX, Digest
from quorate.errors import IntegrityError
from quorate.tensors.encoding import LENGTH_BYTES, FileHeader, encode_header, header_length, read_header
from quorate.tensors.faults import Fault, TensorFileError
from quorate.tensors.source import Source, open_source, size_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import BinaryIO

    from quorate.fixedpoint import Integers
    from quorate.tensors.header import Header
    from quorate.tensors.schema import Schema

DEFAULT_CHUNK: Final = 4 << 20


class Reader:
    """A file whose header and size are those of `expected_schema` and `expected_header`, byte for byte.

    Only the header is read on construction; nothing is allocated for a size that the file names. A path is opened here
    and closed by `close` or the end of a ``with`` block; an open file stays the caller's.

    Parameters
    ----------
    source
        Bytes, a path, or an open binary file that can seek.
    expected_schema, expected_header
        What the terms and the commit say that the file is.
    digest
        When given, every full pass of `chunks` compares it with what was read.

    Raises
    ------
    TensorFileError
        When the file is any other; its `fault` is the first difference.
    """

    def __init__(
        self,
        source: Source,
        expected_schema: Schema,
        expected_header: Header,
        *,
        digest: Digest | None = None,
    ) -> None:
        self.schema = expected_schema
        self.header = expected_header
        self.digest = digest
        self._prefix = encode_header(expected_schema, expected_header)
        with ExitStack() as stack:
            self._file: BinaryIO = stack.enter_context(open_source(source))
            self._require_expected()
            self._closer = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file if the reader opened it."""
        self._closer.close()

    def chunks(self, chunk_bytes: int = DEFAULT_CHUNK, *, digest: Digest | None = None) -> Iterator[Integers]:
        """Yield all elements in file order as flat arrays of at most `chunk_bytes`, the last one shorter.

        The arrays are read-only and independent of each other. Each call is a new pass over the file; two passes must
        not be interleaved.

        Parameters
        ----------
        chunk_bytes
            The size of an array in bytes, rounded down to whole elements but to one at least.
        digest
            What the file's digest must be; the reader's own when not given.

        Raises
        ------
        TensorFileError
            When the file became shorter meanwhile.
        IntegrityError
            At the end, when the bytes have another digest than they must: discard what was made of them.
        """
        expected = digest or self.digest
        dtype = self.header.dtype
        step = max(chunk_bytes // dtype.size, 1)
        state = hashlib.sha256(self._prefix) if expected else None
        self._file.seek(len(self._prefix))
        for start in range(0, self.schema.elements, step):
            wanted = min(step, self.schema.elements - start) * dtype.size
            data = self._file.read(wanted)
            if len(data) != wanted:
                raise TensorFileError(Fault.SIZE, "the file became shorter while it was read")
            if state:
                state.update(data)
            yield np.frombuffer(data, dtype.little).astype(dtype.native, copy=False)
        if state and expected != PREFIX + state.hexdigest():
            raise IntegrityError(f"the file has digest {PREFIX}{state.hexdigest()}, expected {expected}")

    def read_arrays(self) -> dict[str, Integers]:
        """Return every tensor by name, in its shape; the whole file is in memory then.

        Raises
        ------
        TensorFileError, IntegrityError
            As `chunks` does.
        """
        flat = np.empty(self.schema.elements, self.header.dtype.native)
        position = 0
        for chunk in self.chunks():
            flat[position : position + chunk.size] = chunk
            position += chunk.size
        ends = np.cumsum([tensor.elements for tensor in self.schema.tensors])
        pieces = np.split(flat, ends[:-1])
        return {
            tensor.name: piece.reshape(tensor.shape) for tensor, piece in zip(self.schema.tensors, pieces, strict=True)
        }

    def _require_expected(self) -> None:
        size = size_of(self._file)
        start = self._file.read(len(self._prefix))
        if start != self._prefix:
            _raise_difference(self._read_header(start), self.schema, self.header)
        expected = len(self._prefix) + self.schema.elements * self.header.dtype.size
        if size != expected:
            raise TensorFileError(Fault.SIZE, f"the file has {size} bytes, expected {expected}")

    def _read_header(self, start: bytes) -> FileHeader:
        missing = header_length(start[:LENGTH_BYTES]) - len(start)
        return read_header(start + self._file.read(missing) if missing > 0 else start)


def _raise_difference(found: FileHeader, schema: Schema, header: Header) -> None:
    """Raise with the first difference; the order is part of the format, so that everybody names the same one."""
    comparisons = (
        (Fault.KIND, found.header.kind, header.kind),
        (Fault.STUDY, found.header.study, header.study),
        (Fault.ROUND, found.header.round, header.round),
        (Fault.MEMBER, found.header.msp, header.msp),
        (Fault.DATASET, found.header.dataset, header.dataset),
        (Fault.BASE, found.header.base, header.base),
        (Fault.NAMES, found.schema.names, schema.names),
        (Fault.SHAPES, [t.shape for t in found.schema.tensors], [t.shape for t in schema.tensors]),
    )
    for fault, actual, expected in comparisons:
        if actual != expected:
            raise TensorFileError(fault, f"the file's {fault} is {_short(actual)}, expected {_short(expected)}")
    raise AssertionError("two headers with equal fields have one canonical encoding")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"  # noqa: PLR2004 (room for two digests on a line)
