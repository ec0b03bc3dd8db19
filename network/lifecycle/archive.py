"""Archives whose bytes follow from their content alone: no clock, no owner, no version of a compressor.

``tarfile`` and ``gzip`` would do, but a package's id is the digest of its bytes, and every member must get the same
ones: what those modules write has changed between versions of Python, and differs between builds of zlib.
"""

import struct
import zlib
from collections.abc import Mapping
from typing import Final

_BLOCK: Final = 512
_STORED_MAX: Final = 0xFFFF
_FILE_MODE: Final = b"0000644\0"
_NAME_MAX: Final = 100
_GZIP_HEADER: Final = b"\x1f\x8b\x08" + bytes(6) + b"\xff"  # deflate, no flags, no time, an unknown system


def tar_gz(files: Mapping[str, bytes]) -> bytes:
    """Return a gzipped tar of these files, in this order, not compressed."""
    return _gzip(b"".join(_entry(name, data) for name, data in files.items()) + bytes(2 * _BLOCK))


def _entry(name: str, data: bytes) -> bytes:
    encoded = name.encode("ascii")
    if not 0 < len(encoded) <= _NAME_MAX:
        raise ValueError(f"{name!r} does not fit into a tar header")
    return _header(encoded, len(data)) + data + bytes(-len(data) % _BLOCK)


def _header(name: bytes, size: int) -> bytes:
    """Return the ustar header of a regular file (POSIX.1-1988): owner 0, time 0."""
    nobody = b"0000000\0"
    before = name.ljust(100, b"\0") + _FILE_MODE + nobody + nobody + b"%011o\0" % size + b"%011o\0" % 0
    after = b"0" + bytes(100) + b"ustar\x0000" + bytes(64) + nobody + nobody
    checksum = b"%06o\0 " % sum(before + b" " * 8 + after)  # of the header with blanks in its place
    return (before + checksum + after).ljust(_BLOCK, b"\0")


def _gzip(data: bytes) -> bytes:
    """Return a gzip stream (RFC 1952) of stored blocks (RFC 1951, section 3.2.4)."""
    starts = range(0, max(len(data), 1), _STORED_MAX)
    blocks = [_stored(data[start : start + _STORED_MAX], final=start == starts[-1]) for start in starts]
    return _GZIP_HEADER + b"".join(blocks) + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)


def _stored(piece: bytes, *, final: bool) -> bytes:
    return struct.pack("<BHH", final, len(piece), len(piece) ^ 0xFFFF) + piece
