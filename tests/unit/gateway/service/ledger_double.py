"""A ledger in memory: the records that a gateway reads, and ways to move a study and its rounds on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from quorate.digest import digest_of
from quorate.errors import NotFoundError
from quorate.records.consortium import MembersView, MemberView
from quorate.records.policy import Policy
from quorate.records.round import RoundView
from quorate.records.study import Studies, StudyView
from tests.unit.gateway.charters import charter_of

if TYPE_CHECKING:
    from collections.abc import Iterable

ALLOW_PARTIES = """
@id("parties-read-artifacts")
permit (principal, action == Action::"artifact.read", resource)
when { resource.participants.contains(principal.org) || resource.attesters.contains(principal.org) };
"""
SKEW_MS = 500
STAMP = {
    "tx": "0" * 64,
    "claimed_time": 1_700_000_000_000,
    "msp": "AlderMSP",
    "role": "operator",
    "certificate": digest_of(b"certificate"),
}
PARTICIPANTS = {"AlderMSP": "ward", "BirchMSP": "clinic"}
ATTESTERS = ["AlderMSP", "BirchMSP", "CedarMSP"]


def study_record(
    name: str = "heart",
    *,
    state: str = "RUNNING",
    plan: str = digest_of(b"plan"),
    initial: str = digest_of(b"initial"),
    elements: int = 1000,
    rounds: Iterable[dict[str, Any]] = (),
) -> StudyView:
    terms = {
        "schema": "quorate.terms/1",
        "title": "A study",
        "purpose": "research",
        "participants": [{"msp": m, "dataset": d, "weight": 1} for m, d in sorted(PARTICIPANTS.items())],
        "plan": plan,
        "model": {"tensors": [{"name": "w", "shape": [elements]}], "initial": initial},
        "aggregation": {"rule": "weighted-mean", "parameters": {}},
        "scale_bits": 24,
        "bound": 1000,
        "rounds": 2,
        "max_rounds": 4,
        "minimum_commits": 2,
        "commit_timeout_ms": 60_000,
        "attest_timeout_ms": 60_000,
        "attesters": ATTESTERS,
        "m": 2,
        "unit": "record",
        "adjacency": "add-or-remove-one",
        "privacy": {"mechanism": "none"},
        "policy_version": 1,
    }
    study = {
        "schema": "quorate.study/1",
        "study": name,
        "version": 1,
        "state": state,
        "proposer": "AlderMSP",
        "terms": terms,
        "terms_digest": digest_of(b"terms"),
        "proposed": STAMP,
        "expires_time": 1_800_000_000_000,
    }
    if state == "COMPLETED":
        study["completed"] = STAMP
    view = {
        "schema": "quorate.study_view/1",
        "study": study,
        "votes": [],
        "accepts": [],
        "withdrawals": [],
        "rounds": list(rounds),
    }
    return StudyView.of(view)


def round_record(
    number: int = 1,
    *,
    state: str = "OPEN",
    study: str = "heart",
    base: str = digest_of(b"initial"),
    included: dict[str, str] | None = None,
    committed: dict[str, str] | None = None,
    model: str | None = None,
) -> RoundView:
    found = {
        "schema": "quorate.round/1",
        "study": study,
        "round": number,
        "state": state,
        "base": base,
        "commit_by": 1_700_000_060_000,
        "attesters": ATTESTERS,
        "m": 2,
        "finals_before": number - 1,
        "opened": STAMP,
        "attempt": 0 if state == "OPEN" else 1,
        "included": [
            {"msp": m, "dataset": PARTICIPANTS[m], "weight": 1, "update": u, "leaf": "0" * 64}
            for m, u in (included or {}).items()
        ],
        "left_out": [],
        "excluded": [],
        "attested_by": [],
    }
    if model:
        found["model"] = model
    commits = [
        {
            "schema": "quorate.commit/1",
            "study": study,
            "round": number,
            "msp": m,
            "dataset": PARTICIPANTS[m],
            "base": base,
            "update": u,
            "status": "ON_TIME",
            "leaf": "0" * 64,
            "committed": STAMP,
        }
        for m, u in (committed or {}).items()
    ]
    view = {
        "schema": "quorate.round_view/1",
        "round": found,
        "reservations": [],
        "commits": commits,
        "declines": [],
        "attestations": [],
    }
    return RoundView.of(view)


@dataclass
class LedgerDouble:
    """Stands in for `gateway.ledger.Ledger` at the seam `gateway.service.state.Reads`."""

    members_: dict[str, MemberView] = field(default_factory=dict)
    studies_: dict[str, StudyView] = field(default_factory=dict)
    rounds_: dict[tuple[str, int], RoundView] = field(default_factory=dict)
    is_older: bool = False
    policy_text: str = ALLOW_PARTIES
    reads: int = 0
    failing: Exception | None = None
    announced: list[tuple[str, str]] = field(default_factory=list)

    @property
    def consortium(self) -> _Consortium:
        return _Consortium(self)

    @property
    def policy(self) -> _Policy:
        return _Policy(self)

    @property
    def study(self) -> _Study:
        return _Study(self)

    @property
    def round(self) -> _Round:
        return _Round(self)

    def put(self, *views: StudyView | RoundView) -> None:
        for view in views:
            if isinstance(view, StudyView):
                self.studies_[view.study.study] = view
            else:
                self.rounds_[view.round.study, view.round.round] = view
                self._summarise(view.round.study)

    def _summarise(self, name: str) -> None:
        rounds = [
            {"round": number, "state": view.round.state, "base": view.round.base}
            | ({"model": view.round.model} if view.round.model else {})
            for (study, number), view in sorted(self.rounds_.items())
            if study == name
        ]
        document = self.studies_[name].as_json()
        self.studies_[name] = StudyView.of(document | {"rounds": rounds})

    def note_read(self) -> None:
        self.reads += 1
        if self.failing:
            raise self.failing


@dataclass
class _Part:
    ledger: LedgerDouble


class _Consortium(_Part):
    async def members(self) -> MembersView:
        self.ledger.note_read()
        members = self.ledger.members_
        charter = None
        if members and not self.ledger.is_older:
            everyone = sorted({"AlderMSP", "BirchMSP", *members})
            charter = charter_of(everyone, clock_skew_ms=SKEW_MS, activated=STAMP)
        return MembersView(schema=MembersView.SCHEMA, charter=charter, members=list(members.values()))

    async def announce(self, *, address: str, tls_root: str) -> None:
        self.ledger.note_read()
        self.ledger.announced.append((address, tls_root))
        self.ledger.members_["AlderMSP"] = MemberView(msp="AlderMSP", address=address, tls_root=tls_root)


class _Policy(_Part):
    async def get(self) -> Policy:
        text = self.ledger.policy_text
        digest = digest_of(text.encode())
        return Policy.of({"schema": Policy.SCHEMA, "version": 1, "digest": digest, "text": text, "in_force": STAMP})


class _Study(_Part):
    async def list(self) -> Studies:
        self.ledger.note_read()
        studies = [
            {
                "study": view.study.study,
                "version": 1,
                "state": view.study.state,
                "title": "A study",
                "proposer": "AlderMSP",
                "terms_digest": view.study.terms_digest,
            }
            for view in self.ledger.studies_.values()
        ]
        return Studies.of({"schema": "quorate.studies/1", "studies": studies})

    async def get(self, name: str) -> StudyView:
        self.ledger.note_read()
        if name not in self.ledger.studies_:
            raise NotFoundError(f"no study {name}")
        return StudyView.of(self.ledger.studies_[name].as_json())


class _Round(_Part):
    async def get(self, study: str, round_: int) -> RoundView:
        self.ledger.note_read()
        if (study, round_) not in self.ledger.rounds_:
            raise NotFoundError(f"no round {round_}")
        return RoundView.of(self.ledger.rounds_[study, round_].as_json())
