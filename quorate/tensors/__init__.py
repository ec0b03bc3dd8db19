"""Updates and models as files: safetensors in one canonical form, byte for byte; no other serialisation lives here."""

from quorate.tensors.encoding import FileHeader, encode_header, file_size, read_header
from quorate.tensors.faults import Fault, TensorFileError
from quorate.tensors.header import DType, Header
from quorate.tensors.reader import DEFAULT_CHUNK, Reader
from quorate.tensors.schema import MAX_ELEMENTS, MAX_TENSORS, Schema, TensorSpec
from quorate.tensors.source import Source, open_source
from quorate.tensors.writer import Writer, encode, write

__all__ = [
    "DEFAULT_CHUNK",
    "MAX_ELEMENTS",
    "MAX_TENSORS",
    "DType",
    "Fault",
    "FileHeader",
    "Header",
    "Reader",
    "Schema",
    "Source",
    "TensorFileError",
    "TensorSpec",
    "Writer",
    "encode",
    "encode_header",
    "file_size",
    "open_source",
    "read_header",
    "write",
]
