"""Question 11: where organisations diverged, and what is odd about blocks and clocks."""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import select

from gateway.audit.trail.history import newest, written
from gateway.audit.trail.questions.answer import Answer, Row
from gateway.audit.trail.questions.clocks import MOST, odd_clocks
from gateway.audit.trail.tables import BLOCKS
from quorate.records.round import Attestation, Round

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.audit.trail.history import Written
    from gateway.audit.trail.store import Trail


class Finding(Row):
    """Something on which organisations, or their clocks, did not agree.

    Attributes
    ----------
    kind
        ``models`` (attesters found different models), ``disputed``, ``gap`` (a block is not here), ``clock`` (a claimed
        time far from when the block was seen, or before an earlier block's), ``ledger`` (members hold different
        blocks at one height).
    """

    kind: str
    block: int | None
    transaction: str | None
    study: str | None
    round: int | None
    organisations: tuple[str, ...]
    what: str


class AgreementAnswer(Answer[Finding]):
    """Divergences, by kind and then in the order of the ledger; an empty answer is agreement as far as was seen.

    Attributes
    ----------
    attested
        How many rounds were compared.
    members_heard
        Whose statements about the ledger were compared with the own; none when nobody's were.
    """

    attested: int
    members_heard: tuple[str, ...]


class Hearsay(Protocol):
    """What other members' gateways say of the ledger, compared with the own memory."""

    def heard(self) -> Iterable[str]:
        """Return the members whose statements were compared."""
        ...

    def divergences(self) -> Iterable[Finding]:
        """Return where they differ."""
        ...


def agreement(trail: Trail, *, hearsay: Hearsay | None = None) -> AgreementAnswer:
    """Tell where organisations diverged, which blocks are missing, and which clocks are off."""
    attested = written(trail, Attestation, "attest")
    rounds = newest(trail, Round, "round")
    rows = [*_models(attested), *_disputes(rounds), *_gaps(trail), *_clocks(trail)]
    heard: tuple[str, ...] = ()
    notes: tuple[str, ...] = (
        "Clock findings compare what submitters claim; order never depends on it.",
        f"At most {MOST} clock findings about the same organisations are shown.",
    )
    if hearsay is None:
        notes = (*notes, "Other members' statements about the ledger were not compared here.")
    else:
        rows += hearsay.divergences()
        heard = tuple(sorted(hearsay.heard()))
    seen = {(found.record.study, found.record.round) for found in attested}
    return AgreementAnswer(
        question="agreement",
        height=trail.height,
        rows=tuple(rows),
        notes=notes,
        attested=len(seen),
        members_heard=heard,
    )


def _models(attested: Iterable[Written[Attestation]]) -> Iterator[Finding]:
    groups: defaultdict[tuple[str, int, int], list[Written[Attestation]]] = defaultdict(list)
    for one in attested:
        groups[one.record.study, one.record.round, one.record.attempt].append(one)
    for (study, number, attempt), found in groups.items():
        models: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for one in found:
            excluded = ", ".join(f"{left.msp}/{left.dataset}" for left in one.record.excluded)
            models[one.record.model, excluded].append(one.record.msp)
        if len(models) > 1:
            said = "; ".join(
                f"{', '.join(sorted(who))}: {model or 'no model'}" + (f" without {excluded}" if excluded else "")
                for (model, excluded), who in sorted(models.items(), key=lambda item: (-len(item[1]), item[0]))
            )
            yield Finding(
                kind="models",
                block=found[-1].block,
                transaction=found[-1].transaction,
                study=study,
                round=number,
                organisations=tuple(sorted(one.record.msp for one in found)),
                what=f"attempt {attempt}: {said}",
            )


def _disputes(rounds: Iterable[Written[Round]]) -> Iterator[Finding]:
    for found in rounds:
        if found.record.state == "DISPUTED":
            yield Finding(
                kind="disputed",
                block=found.block,
                transaction=found.transaction,
                study=found.record.study,
                round=found.record.round,
                organisations=tuple(found.record.attesters),
                what="no attempt found enough equal attestations; a vote has to end the round",
            )


def _gaps(trail: Trail) -> Iterator[Finding]:
    with trail.engine.connect() as connection:
        missing = connection.execute(select(BLOCKS.c.number).where(BLOCKS.c.whole == 0).order_by(BLOCKS.c.number))
        numbers = list(missing.scalars())
    # Numbers in a row differ from their places in the list by the same amount.
    for _, run in groupby(enumerate(numbers), key=lambda item: item[1] - item[0]):
        found = [number for _, number in run]
        where = f"block {found[0]}" if len(found) == 1 else f"blocks {found[0]} to {found[-1]}"
        yield Finding(
            kind="gap",
            block=found[0],
            transaction=None,
            study=None,
            round=None,
            organisations=(),
            what=f"{where}: only the header is here, so nothing in it is shown",
        )


def _clocks(trail: Trail) -> Iterator[Finding]:
    for found in odd_clocks(trail):
        yield Finding(
            kind="clock",
            block=found.block,
            transaction=found.transaction,
            study=None,
            round=None,
            organisations=found.organisations,
            what=found.what,
        )
