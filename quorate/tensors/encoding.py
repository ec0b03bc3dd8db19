"""The bytes before a tensor file's first number: one canonical encoding, and its strict decoding."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from quorate import canonical
from quorate.errors import UsageError
from quorate.identifiers import StudyId
from quorate.tensors.faults import Fault, TensorFileError
from quorate.tensors.header import SCHEMA, Header
from quorate.tensors.schema import Schema, TensorSpec, parse_shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quorate.canonical import JSON

LENGTH_BYTES: Final = 8
MAX_HEADER: Final = 1 << 20

_ALIGNMENT = 8
_MAX_METADATA = 4096
_METADATA = "__metadata__"
_KEY = "quorate"


@dataclass(frozen=True, slots=True)
class FileHeader:
    """All that a file says about itself before its numbers."""

    schema: Schema
    header: Header
    length: int
    """Bytes before the first number."""

    @property
    def file_size(self) -> int:
        """Bytes of the whole file."""
        return self.length + self.schema.elements * self.header.dtype.size


def encode_header(schema: Schema, header: Header) -> bytes:
    """Return the bytes before the first number: the length, then RFC 8785 JSON padded with spaces to eight bytes.

    The bounds on schemas and headers keep it below `MAX_HEADER`.
    """
    text = canonical.dumps(_document(schema, header))
    padded = text.ljust(-(-len(text) // _ALIGNMENT) * _ALIGNMENT)
    return len(padded).to_bytes(LENGTH_BYTES, "little") + padded


def file_size(schema: Schema, header: Header) -> int:
    """Return the size in bytes of the file with this schema and header."""
    return len(encode_header(schema, header)) + schema.elements * header.dtype.size


def header_length(prefix: bytes) -> int:
    """Return how many bytes lie before the first number, given at least the first eight of them.

    Raises
    ------
    TensorFileError
        When the prefix is too short or names a length that no header has.
    """
    if len(prefix) < LENGTH_BYTES:
        raise TensorFileError(Fault.HEADER, f"the file ends within the first {LENGTH_BYTES} bytes")
    length = int.from_bytes(prefix[:LENGTH_BYTES], "little")
    if not 0 < length <= MAX_HEADER or length % _ALIGNMENT:
        raise TensorFileError(Fault.HEADER, f"no header has {length} bytes")
    return LENGTH_BYTES + length


def read_header(data: bytes) -> FileHeader:
    """Return what the file beginning with `data` says about itself, having refused any but the canonical encoding.

    Parameters
    ----------
    data
        The whole header at least; what follows it is ignored.

    Raises
    ------
    TensorFileError
        With `Fault.DTYPE` when the element type does not fit the kind; with `Fault.HEADER` for everything else.
    """
    length = header_length(data)
    encoded = data[:length]
    if len(encoded) < length:
        raise TensorFileError(Fault.HEADER, f"the file ends within its header of {length} bytes")
    try:
        document = canonical.loads(encoded[LENGTH_BYTES:], limit=MAX_HEADER)
        schema, header, dtypes = _parse(document)
    except UsageError as error:
        raise TensorFileError(Fault.HEADER, f"the header cannot be read: {error}") from error
    if dtypes != {header.dtype.name}:
        raise TensorFileError(Fault.DTYPE, f"the tensors are {sorted(dtypes)}, expected {header.dtype.name}")
    if encode_header(schema, header) != encoded:
        raise TensorFileError(Fault.HEADER, "the header is not in canonical form")
    return FileHeader(schema, header, length)


def _document(schema: Schema, header: Header) -> dict[str, JSON]:
    size = header.dtype.size
    ends = list(accumulate(tensor.elements * size for tensor in schema.tensors))
    begins = [0, *ends[:-1]]
    document: dict[str, JSON] = {
        tensor.name: {"dtype": header.dtype.name, "shape": list(tensor.shape), "data_offsets": [begin, end]}
        for tensor, begin, end in zip(schema.tensors, begins, ends, strict=True)
    }
    document[_METADATA] = {_KEY: canonical.dumps(header.to_json()).decode()}
    return document


def _parse(document: JSON) -> tuple[Schema, Header, set[str]]:
    entries = dict(_object(document, what="the header"))
    metadata = _object(entries.pop(_METADATA, None), what="the metadata")
    header = _parse_metadata(metadata)
    tensors = sorted((_parse_entry(name, entry) for name, entry in entries.items()), key=lambda found: found[0])
    schema = Schema(tuple(TensorSpec(name, shape) for _, name, shape, _ in tensors))
    return schema, header, {dtype for *_, dtype in tensors}


def _parse_metadata(metadata: Mapping[str, JSON]) -> Header:
    text = metadata.get(_KEY)
    if set(metadata) != {_KEY} or not isinstance(text, str):
        raise UsageError(f"the metadata is one string named {_KEY}")
    fields = dict(_object(canonical.require_canonical(text.encode(), limit=_MAX_METADATA), what="the metadata"))
    if fields.pop("schema", None) != SCHEMA:
        raise UsageError(f"the metadata's schema is not {SCHEMA}")
    match fields:
        case {
            "kind": "update" | "model" as kind,
            "study": str(study),
            "round": int(number),
            "msp": str(msp),
            "dataset": str(dataset),
            "base": str(base),
            **rest,
        } if not rest:
            return Header(kind=kind, study=StudyId(study), round=number, msp=msp, dataset=dataset, base=base)
    raise UsageError("the metadata has other fields than kind, study, round, msp, dataset and base")


def _parse_entry(name: str, entry: JSON) -> tuple[int, str, tuple[int, ...], str]:
    match entry:
        case {"dtype": str(dtype), "shape": shape, "data_offsets": [int(begin), int()]}:
            return begin, name, parse_shape(shape), dtype
    raise UsageError(f"the entry of tensor {name[:128]!r} is not dtype, shape and two data_offsets")


def _object(value: JSON, *, what: str) -> Mapping[str, JSON]:
    if not isinstance(value, dict):
        raise UsageError(f"{what} is not a JSON object")
    return value
