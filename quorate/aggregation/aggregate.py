"""One round's new model out of the last model and the members' updates, streamed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, TypeAlias

from quorate.aggregation.rules import require_no_overflow, weighted_mean
from quorate.digest import parse_digest
from quorate.errors import UsageError
from quorate.fixedpoint import require_model_range, require_range
from quorate.tensors import DType, Header, Reader, Writer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quorate.aggregation.rules import Rule
    from quorate.digest import Digest

STEP: Final = 1 << 20
"""Bytes of the base per step: all that a step touches stays in the cache, a third faster than 4 MiB (measured)."""

Weighted: TypeAlias = "tuple[int, Reader]"


def aggregate(
    base: Reader,
    updates: Sequence[Weighted],
    out: Path | BinaryIO,
    *,
    bound: int,
    rule: Rule = weighted_mean,
    chunk_bytes: int = STEP,
) -> Digest:
    """Write base + rule(updates) as the round's new model and return its digest.

    The bytes depend on nothing but the base, the set of (weight, update) and the rule: not on the order given, the
    size of chunks or the machine. Memory is a few chunks per update. A file opened here for a path is removed again
    when anything fails; what was written to an open file is then worthless.

    Parameters
    ----------
    base
        The model that the updates were made from; its digest is compared with the one that they name.
    updates
        The weight and the file of every included update, of one study and one round.
    out
        A path, or an open binary file that stays open.
    bound
        The study's ±bound on the elements of updates.
    rule
        How updates become one change of the model.
    chunk_bytes
        Bytes of the base per step.

    Raises
    ------
    UsageError
        When the files do not belong to one round, an element is out of range, or the sum could overflow.
    IntegrityError
        When the base, or an update whose reader knows its digest, has other bytes.
    """
    ordered = sorted(updates, key=lambda weighted: _owner(weighted[1]))
    header = _next_header(base, ordered)
    require_no_overflow(members=len(ordered), largest_weight=max(weight for weight, _ in ordered), bound=bound)
    stream = _Stream(base, ordered, header, bound=bound, rule=rule, chunk_bytes=chunk_bytes)
    if not isinstance(out, Path):
        return stream.write(out)
    try:
        with out.open("wb") as file:
            return stream.write(file)
    except BaseException:
        out.unlink(missing_ok=True)
        raise


class _Stream:
    """All files read in step, and the model written behind them."""

    def __init__(
        self, base: Reader, updates: Sequence[Weighted], header: Header, *, bound: int, rule: Rule, chunk_bytes: int
    ) -> None:
        elements = max(chunk_bytes // DType.I64.size, 1)
        self._header: Final = header
        self._schema: Final = base.schema
        self._base: Final = base.chunks(elements * DType.I64.size, digest=parse_digest(header.base))
        self._updates: Final = [reader.chunks(elements * DType.I32.size) for _, reader in updates]
        self._weights: Final = [weight for weight, _ in updates]
        self._bound: Final = bound
        self._rule: Final = rule

    def write(self, file: BinaryIO) -> Digest:
        writer = Writer(file, self._schema, self._header)
        for model, *parts in zip(self._base, *self._updates, strict=True):
            require_model_range(model)
            for part in parts:
                require_range(part, self._bound, what="an update's element")
            result = self._rule(parts, self._weights)
            result += model
            require_model_range(result)
            writer.append(result)
        return writer.finish()


def _next_header(base: Reader, updates: Sequence[Weighted]) -> Header:
    if not updates:
        raise UsageError("there is nothing to aggregate: no update is included")
    readers = [reader for _, reader in updates]
    if base.header.kind != "model" or any(reader.header.kind != "update" for reader in readers):
        raise UsageError("a model and updates are aggregated, in this order")
    if len({_owner(reader) for reader in readers}) != len(readers):
        raise UsageError("one member's data set has two updates")
    if any(reader.schema != base.schema for reader in readers):
        raise UsageError("the updates have another schema than the base")
    rounds = {(reader.header.study, reader.header.round, reader.header.base) for reader in readers}
    if len(rounds) != 1:
        raise UsageError("the updates belong to different rounds")
    study, number, digest = rounds.pop()
    if base.header.study != study or base.header.round >= number:
        raise UsageError(f"a model of {base.header.study}, round {base.header.round}, is no base for {study}, {number}")
    return Header.model(study=study, round=number, base=digest)


def _owner(reader: Reader) -> tuple[str, str]:
    return reader.header.msp, reader.header.dataset
