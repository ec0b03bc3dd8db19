"""A framework filled from a verified bundle. Of the same bundle it is the same to the byte."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from gateway.audit.compliance.absent import absences
from gateway.audit.compliance.control import EXAMPLE, Named
from gateway.audit.compliance.facts.fact import Fact, moment
from gateway.audit.compliance.facts.registry import FACTS, WHOLE_ONLY
from gateway.audit.trail.history import newest
from gateway.audit.trail.kinds import words_of
from gateway.audit.trail.tables import EVENTS
from quorate.records.model import Model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.audit.compliance.control import Control, Framework
    from gateway.audit.compliance.evidence import Evidence
    from quorate.verify import Report

SCHEMA: Final = "quorate.compliance/1"
NOT_ADVICE: Final = (
    "Design inputs, not legal advice. Whether a control is met is for your organisation and its counsel to say; this "
    "tells what the evidence says, and what it does not."
)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A kind of event that serves a control, and how often it is in the bundle."""

    kind: str
    words: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A control, and what was found about it."""

    control: Control
    events: tuple[Occurrence, ...]
    facts: tuple[Fact, ...]
    absent: tuple[str, ...]
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplianceReport:
    """A framework, filled.

    Attributes
    ----------
    about
        Which bundle it is about.
    """

    framework: Framework
    about: tuple[Fact, ...]
    verified: Report
    controls: tuple[Filled, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the report in the form that scripts read."""
        return {
            "schema": SCHEMA,
            "framework": self.framework.name,
            "title": self.framework.title,
            "note": NOT_ADVICE,
            "bundle": {fact.what: fact.value for fact in self.about},
            "verification": self.verified.as_json(),
            "controls": [
                {
                    "article": filled.control.article,
                    "asks": filled.control.asks,
                    "served_by": filled.control.served_by,
                    "events": [asdict(found) for found in filled.events],
                    "settings": list(filled.control.settings),
                    "facts": [asdict(fact) for fact in filled.facts],
                    "not_in_the_bundle": list(filled.absent),
                    "commands": list(filled.commands),
                    "remains": filled.control.remains,
                }
                for filled in self.controls
            ],
        }


def fill(framework: Framework, evidence: Evidence) -> ComplianceReport:
    """Return the framework with what the evidence says of each control."""
    counts, named = _counts(evidence), _named(evidence)
    wanted = {name for control in framework.controls for name in _told(control, evidence)}
    facts = {name: tuple(FACTS[name](evidence)) for name in sorted(wanted)}
    return ComplianceReport(
        framework=framework,
        about=tuple(_about(evidence)),
        verified=evidence.verified,
        controls=tuple(_fill(control, evidence, counts, facts, named) for control in framework.controls),
    )


def _fill(
    control: Control,
    evidence: Evidence,
    counts: Mapping[str, int],
    facts: Mapping[str, tuple[Fact, ...]],
    named: Named,
) -> Filled:
    told = _told(control, evidence)
    return Filled(
        control=control,
        events=tuple(Occurrence(kind, words_of(kind), counts.get(kind, 0)) for kind in dict.fromkeys(control.events)),
        facts=tuple(fact for name in told for fact in facts[name]),
        absent=absences(control, evidence, partial=len(told) < len(control.facts)),
        commands=control.commands(named),
    )


def _told(control: Control, evidence: Evidence) -> list[str]:
    return [name for name in control.facts if evidence.is_whole or name not in WHOLE_ONLY]


def _named(evidence: Evidence) -> Named:
    models = newest(evidence.trail, Model, "model")
    last = max(models, key=lambda found: found.place).record.digest if models else EXAMPLE.model
    return Named(shlex.quote(evidence.name), str(evidence.manifest.genesis), str(last))


def _counts(evidence: Evidence) -> dict[str, int]:
    query = select(EVENTS.c.type, func.count().label("events")).group_by(EVENTS.c.type)
    with evidence.trail.engine.connect() as connection:
        return {row.type: row.events for row in connection.execute(query)}


def _about(evidence: Evidence) -> list[Fact]:
    manifest = evidence.manifest
    scope = manifest.scope
    what = {"ledger": "the whole ledger", "study": f"study {scope.study}"}.get(scope.kind)
    if scope.kind == "rounds":
        what = f"study {scope.study}, rounds {scope.first_round} to {scope.last_round}"
    facts = [
        Fact("bundle", evidence.name),
        Fact("manifest", str(evidence.seal)),
        Fact("channel", manifest.channel),
        Fact("genesis", str(manifest.genesis)),
        Fact("height", str(manifest.height)),
        Fact("scope", what or f"claimed times from {moment(scope.since)} to {moment(scope.until)}"),
    ]
    return [*facts, Fact("network", "embedded, for development only")] if manifest.development else facts
