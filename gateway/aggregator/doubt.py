"""What makes an attestation doubtful to whoever reads it, although the chaincode counts it: copies, and deviations."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quorate.records.round import Attestation, RoundView

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Doubt:
    """One attestation that somebody should look at, and why, as the end of a sentence about its member."""

    attempt: int
    msp: str
    why: str


def doubts(view: RoundView) -> tuple[Doubt, ...]:
    """Return what is doubtful in a round.

    A possession hash is made of the attester's name and the updates' bytes, so two attesters never have the same one:
    one of them has copied. A hash that somebody made up is found only with the bytes (`quorate round recompute`,
    `quorate audit verify`).
    """
    found = [
        Doubt(said.attempt, said.msp, f"gave the same possession hash as {', '.join(others)}: one has copied")
        for said in view.attestations
        if (others := _same_possession(said, view.attestations))
    ]
    if view.round.state == "FINAL":
        found += [
            Doubt(said.attempt, said.msp, "attested another model or other exclusions than the quorum")
            for said in view.attestations
            if said.attempt == view.round.attempt and not _agrees(said, view)
        ]
    return tuple(found)


def _same_possession(said: Attestation, attestations: Iterable[Attestation]) -> list[str]:
    return sorted(other.msp for other in attestations if other.msp != said.msp and other.possession == said.possession)


def _agrees(said: Attestation, view: RoundView) -> bool:
    return (said.model, said.excluded) == (view.round.model or "", view.round.excluded)


class Watchman:
    """Writes each doubt, and each dispute, into the log once."""

    def __init__(self) -> None:
        self._said: set[str] = set()
        self._looked: dict[int, RoundView] = {}

    def look(self, view: RoundView) -> None:
        """Warn of what is new in a round of the one study that this watches."""
        if self._looked.get(view.round.round) is view:
            return
        self._looked[view.round.round] = view
        where = f"round {view.round.round} of {view.round.study}"
        for doubt in doubts(view):
            self._warn(f"{where}, attempt {doubt.attempt}: {doubt.msp} {doubt.why}")
        if view.round.state == "DISPUTED":
            self._warn(f"{where} is disputed: {disagreement(view)}; nothing of it is final")

    def _warn(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            _log.warning("%s", sentence)


def disagreement(view: RoundView) -> str:
    """Return, for people, who said what in the last attempt of a round without a quorum."""
    last = [said for said in view.attestations if said.attempt == view.round.attempt]
    silent = sorted(set(view.round.attesters) - {said.msp for said in last})
    words = [f"{said.msp} attested {_short(said)}" for said in last]
    if silent:
        words.append(f"{', '.join(silent)} attested nothing")
    return f"no {view.round.m} attesters agreed in {view.round.attempt} attempts; in the last " + ", ".join(words)


def _short(said: Attestation) -> str:
    model = f"{said.model[:19]}…" if said.model else "that too few updates are valid"
    left_out = ", ".join(f"{left.msp}/{left.dataset} as {left.reason}" for left in said.excluded)
    return f"{model} without {left_out}" if left_out else model
