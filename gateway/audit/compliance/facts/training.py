"""Facts of what was trained: data sets, studies, rounds, models, and what did not count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.audit.compliance.facts.fact import Fact, counted, listed
from gateway.audit.trail.history import newest
from gateway.audit.trail.questions.changes import deletions
from gateway.audit.trail.questions.refusals import refusals as refusals_of
from quorate.records.dataset import Dataset
from quorate.records.model import Model
from quorate.records.round import Round
from quorate.records.study import Study

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.audit.compliance.evidence import Evidence


def datasets(evidence: Evidence) -> Iterator[Fact]:
    """Yield every registered data set: unit, purposes, cap."""
    for found in newest(evidence.trail, Dataset, "dataset"):
        record = found.record
        cap = f"ε at most {record.cap.epsilon} at δ {record.cap.delta}" if record.cap else record.protection
        words = f"{record.state}, unit {record.unit}, for {listed(record.purposes)}, {cap}, revision {record.revision}"
        yield Fact(f"data set {record.msp}/{record.dataset}", words)


def studies(evidence: Evidence) -> Iterator[Fact]:
    """Yield every study: state, purpose, data sets that take part."""
    for found in newest(evidence.trail, Study, "study"):
        record, terms = found.record, found.record.terms
        seats = listed(f"{one.msp}/{one.dataset}" for one in terms.participants)
        words = (
            f"{record.state}, “{terms.title}”, for {terms.purpose}, with {seats}, policy version {terms.policy_version}"
        )
        yield Fact(f"study {record.study}", words)


def rounds(evidence: Evidence) -> Iterator[Fact]:
    """Yield how many rounds came to which end, and by how many attestations."""
    found = [version.record for version in newest(evidence.trail, Round, "round")]
    yield Fact("rounds", counted(record.state for record in found))
    final = [record for record in found if record.state == "FINAL"]
    if final:
        fewest = min(len(record.attested_by) for record in final)
        needed = max(record.m for record in final)
        yield Fact("fewest attestations of a final round", f"{fewest}, where at most {needed} were needed")
    yield Fact("updates in sealed rounds", str(sum(len(record.included) for record in found)))


def models(evidence: Evidence) -> Iterator[Fact]:
    """Yield how many models there are, and the last one of each study."""
    found = [version.record for version in newest(evidence.trail, Model, "model")]
    yield Fact("models", counted(record.state for record in found))
    for study in sorted({record.study for record in found}):
        last = max((record for record in found if record.study == study), key=lambda record: record.round)
        yield Fact(f"last model of {study}", f"{last.digest}, round {last.round}, {len(last.updates)} updates")


def refusals(evidence: Evidence) -> Iterator[Fact]:
    """Yield what was refused, late, declined or left out."""
    yield Fact("refused, or not counted", counted(row.kind for row in refusals_of(evidence.trail).rows))


def retirements(evidence: Evidence) -> Iterator[Fact]:
    """Yield what was retired on the ledger, and on which basis."""
    found = deletions(evidence.trail).rows
    yield Fact("retired on the ledger", counted(row.what for row in found))
    for row in found:
        yield Fact(f"{row.what} {row.about}", f"{row.basis}, by {row.msp}, block {row.block}")
