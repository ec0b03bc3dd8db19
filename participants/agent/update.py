"""From a round's base model to an update file: what the agent does around the training child."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, BinaryIO, cast

import numpy as np

from gateway.aggregator.inputs import model_header, schema_of
from quorate import fixedpoint
from quorate.errors import UsageError
from quorate.tensors import Reader, write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from quorate.digest import Digest
    from quorate.records.study import StudyView
    from quorate.tensors import Header, Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A round's base model: integers, and the float32 view that training starts from."""

    schema: Schema
    header: Header
    digest: Digest
    integers: Mapping[str, NDArray[np.signedinteger]]

    def floats(self, *, scale_bits: int) -> dict[str, NDArray[np.float32]]:
        """Return the derived float32 weights."""
        return {name: fixedpoint.to_float32(tensor, scale_bits=scale_bits) for name, tensor in self.integers.items()}


def read_base(study: StudyView, digest: Digest, source: IO[bytes]) -> Base:
    """Read a base model, every byte of it checked.

    Raises
    ------
    QuorateError
        When the digest is no model of the study, or the bytes are not it.
    """
    schema, header = schema_of(study), model_header(study, digest)
    with Reader(cast("BinaryIO", source), schema, header, digest=digest) as reader:
        return Base(schema=schema, header=header, digest=digest, integers=reader.read_arrays())


def update_writer(
    base: Base, trained: Mapping[str, NDArray[np.float32]], *, header: Header, scale_bits: int, bound: int
) -> Callable[[BinaryIO], Digest]:
    """Return what writes the update of trained weights to an open file and returns its digest.

    Raises
    ------
    UsageError
        When a tensor is missing, has another shape, or is not finite: nothing may be committed then.
    """
    if set(trained) != set(base.schema.names):
        raise UsageError(f"training returned the tensors {sorted(trained)}, expected {sorted(base.schema.names)}")
    update = {
        name: fixedpoint.quantise(
            np.asarray(trained[name], np.float32),
            base.integers[name],
            scale_bits=scale_bits,
            bound=bound,
        )
        for name in base.schema.names
    }
    return lambda file: write(file, base.schema, header, update)
