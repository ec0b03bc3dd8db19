"""A final model's file for its users: the weights that its integers stand for, and whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from safetensors.numpy import save

from quorate import fixedpoint
from quorate.errors import AlreadyExistsError, StorageError, UsageError
from quorate.tensors import FileHeader, Header, Reader, TensorFileError, read_header
from quorate.tensors.encoding import LENGTH_BYTES, header_length

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from quorate.fixedpoint import Integers


@dataclass(frozen=True, kw_only=True)
class FinalModel:
    """The header of a model's file, and its weights."""

    header: Header
    weights: Mapping[str, NDArray[np.float32]]


def read_final(path: Path, *, scale_bits: int) -> FinalModel:
    """Return the model in a file. That it is the one on the ledger, its digest says, not this.

    Raises
    ------
    UsageError
        As `read_integers` does.
    """
    found, integers = read_integers(path)
    return FinalModel(
        header=found.header,
        weights={name: fixedpoint.to_float32(array, scale_bits=scale_bits) for name, array in integers.items()},
    )


def read_integers(path: Path) -> tuple[FileHeader, Mapping[str, Integers]]:
    """Return what a model's file says of itself, and its numbers.

    Raises
    ------
    UsageError
        When the file is no canonical tensor file, or an update, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            prefix = file.read(LENGTH_BYTES)
            found = read_header(prefix + file.read(header_length(prefix) - LENGTH_BYTES))
            if found.header.kind != "model":
                raise UsageError(f"{path} is one member's update, not a model")
            file.seek(0)
            with Reader(file, found.schema, found.header) as reader:
                return found, reader.read_arrays()
    except TensorFileError as error:
        raise UsageError(
            f"{path} is no model of a study: {error}", hint="`quorate model pull` fetches one.", cause=error
        ) from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", cause=error) from error


def write_weights(path: Path, weights: Mapping[str, NDArray[np.float32]]) -> None:
    """Write weights to a new file, whole or not at all.

    Raises
    ------
    AlreadyExistsError, StorageError
    """
    if path.exists():
        raise AlreadyExistsError(f"{path} exists already", hint="Name a new file.")
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(save(dict(weights)))
        part.rename(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StorageError(f"{path} cannot be written: {error.strerror}", cause=error) from error
