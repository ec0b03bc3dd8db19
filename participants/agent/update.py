"""From a round's base model to an update file: what the agent does around the training child."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol

import numpy as np

from quorate import fixedpoint
from quorate.errors import UsageError
from quorate.tensors import Header, Reader, Schema, write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from quorate.digest import Digest
    from quorate.records.study import RoundSummary, StudyView


class Train(Protocol):
    """Trains one round in a process without key and network."""

    async def __call__(self, base: Mapping[str, NDArray[np.float32]], /) -> Mapping[str, NDArray[np.float32]]:
        """Return the weights after training, by tensor name."""
        ...


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


def base_header(study: StudyView, digest: Digest) -> Header:
    """Return the header that the base model of a round must have.

    Raises
    ------
    UsageError
        When the digest is no model of the study.
    """
    if digest == study.study.terms.model.initial:
        return Header.initial_model(study.study.study)
    summary = _summary(study, digest)
    return Header.model(study=study.study.study, round=summary.round, base=summary.base)


def _summary(study: StudyView, digest: Digest) -> RoundSummary:
    for summary in study.rounds:
        if summary.model == digest:
            return summary
    raise UsageError(f"{digest} is no model of study {study.study.study}")


def read_base(study: StudyView, digest: Digest, path: Path) -> Base:
    """Read a fetched base model, every byte of it checked."""
    schema = Schema.from_json([tensor.model_dump() for tensor in study.study.terms.model.tensors])
    header = base_header(study, digest)
    with Reader(path, schema, header, digest=digest) as reader:
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
            np.asarray(trained[name], np.float32).reshape(base.integers[name].shape),
            base.integers[name],
            scale_bits=scale_bits,
            bound=bound,
        )
        for name in base.schema.names
    }
    return lambda file: write(file, base.schema, header, update)
