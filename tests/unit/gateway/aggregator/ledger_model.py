"""A study's rounds in memory, by the chaincode's rules: what it takes, what it refuses, what the views then say.

Written from the rules and not from the chaincode, for tests of the code that decides what to ask of it. One data set
per participant; every caller has the role that the function asks for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from quorate.digest import Digest, digest_of
from quorate.errors import ConflictError, ExpiredError, NotFoundError, StateError, UsageError
from quorate.identifiers import MspId, StudyId
from quorate.merkle import root
from quorate.records.round import RoundView, leaf_of
from quorate.records.study import StudyView

STUDY = StudyId("heart")
DATASET = "ward"
INITIAL, PLAN = digest_of(b"initial"), digest_of(b"plan")
MEMBERS = tuple(MspId(name) for name in ("AlderMSP", "BirchMSP", "CedarMSP", "DeodarMSP"))
SKEW_MS = 500
EPOCH = 1_700_000_000_000
_ATTEMPTS = 3


def stamp(now: int, msp: str = "AlderMSP", role: str = "aggregator") -> dict[str, Any]:
    return {
        "tx": "0" * 64,
        "claimed_time": now,
        "msp": msp,
        "role": role,
        "certificate": digest_of(b"certificate"),
    }


@dataclass(kw_only=True)
class LedgerModel:
    """One running study. Times are what callers claim; endorsers have let them pass."""

    participants: tuple[MspId, ...] = MEMBERS
    attesters: tuple[MspId, ...] = MEMBERS
    m: int = 3
    rounds: int = 2
    max_rounds: int = 3
    minimum_commits: int = 2
    commit_timeout_ms: int = 4000
    attest_timeout_ms: int = 3000
    private: bool = False
    bound: int = 2**20
    refuses: frozenset[MspId] = frozenset()
    tensors: tuple[tuple[str, tuple[int, ...]], ...] = (("w", (4,)),)
    initial: Digest = INITIAL
    plan: Digest = PLAN

    state: str = "RUNNING"
    round_records: dict[int, dict[str, Any]] = field(default_factory=dict)
    commits: dict[tuple[int, str], dict[str, Any]] = field(default_factory=dict)
    declines: dict[tuple[int, str], dict[str, Any]] = field(default_factory=dict)
    reservations: dict[tuple[int, str], dict[str, Any]] = field(default_factory=dict)
    attestations: dict[tuple[int, int, str], dict[str, Any]] = field(default_factory=dict)
    withdrawn: set[MspId] = field(default_factory=set)
    charges: int = 0
    changes: int = 0

    # -- rounds ----------------------------------------------------------------------------------------------------

    def open(self, number: int, *, now: int) -> None:
        if number in self.round_records:
            return
        self._require_running()
        if number > self.max_rounds:
            raise StateError("no more rounds")
        base, finals = self.initial, 0
        if number > 1:
            before = self._round(number - 1)
            if before["state"] not in {"FINAL", "ABORTED"}:
                raise StateError(f"the round before is {before['state']}")
            base = before.get("model") if before["state"] == "FINAL" else before["base"]
            finals = before["finals_before"] + (before["state"] == "FINAL")
        self.changes += 1
        self.round_records[number] = {
            "schema": "quorate.round/1",
            "study": STUDY,
            "round": number,
            "state": "OPEN",
            "base": base,
            "commit_by": now + self.commit_timeout_ms,
            "attesters": list(self.attesters),
            "m": self.m,
            "finals_before": finals,
            "opened": stamp(now),
            "attempt": 0,
            "included": [],
            "left_out": [],
            "excluded": [],
            "attested_by": [],
        }

    def seal(self, number: int, *, now: int) -> None:
        found = self._round(number)
        if "sealed" in found:
            return
        self._require_running()
        self._require(found, "OPEN")
        included, left_out = self._divided(number)
        self._require_over(found, left_out, now=now)
        if len(included) < self.minimum_commits:
            raise StateError("too few commits; abort it instead")
        leaves = [bytes.fromhex(each["leaf"]) for each in included]
        found |= {"state": "SEALED", "sealed": stamp(now), "included": included, "left_out": left_out}
        found |= {"root": root(leaves).hex(), "attempt": 1}
        self._begin_attempt(found, now=now)

    def abort(self, number: int, *, now: int) -> None:
        found = self._round(number)
        if found["state"] == "ABORTED":
            return
        self._require(found, "OPEN")
        included, left_out = self._divided(number)
        if len(included) >= self.minimum_commits:
            raise StateError("enough commits; seal it instead")
        self._require_over(found, left_out, now=now)
        self._close(found, "too-few-commits", now=now)

    def finalize(self, number: int, *, now: int) -> None:
        found = self._round(number)
        if found["state"] in {"FINAL", "ABORTED"}:
            return
        self._require_running()
        self._require(found, "SEALED")
        quorum = self._quorum(found)
        if not quorum:
            raise StateError("no quorum")
        found |= {"excluded": quorum[0]["excluded"], "attested_by": [each["msp"] for each in quorum]}
        if not quorum[0]["model"]:
            self._close(found, "too-few-valid", now=now)
            return
        self.changes += 1
        found |= {"state": "FINAL", "model": quorum[0]["model"], "finalized": stamp(now)}
        if found["finals_before"] + 1 >= self.rounds:
            self.state = "COMPLETED"

    def retry(self, number: int, *, attempt: int, now: int) -> None:
        found = self._round(number)
        if "sealed" in found and (attempt < found["attempt"] or found["state"] == "DISPUTED"):
            return
        self._require_running()
        self._require(found, "SEALED")
        if attempt != found["attempt"]:
            raise StateError(f"attempt {found['attempt']} is in progress")
        if self._quorum(found):
            raise StateError("there is a quorum; finalize it instead")
        if len(self._said(found)) < len(self.attesters) and now < found["attest_by"]:
            raise StateError("not all have attested, and there is time")
        if found["attempt"] == _ATTEMPTS:
            self.changes += 1
            found["state"] = "DISPUTED"
        else:
            found["attempt"] += 1
            self._begin_attempt(found, now=now)

    def complete(self) -> None:
        if self.state == "COMPLETED":
            return
        self._require_running()
        last = self.round_records.get(self.max_rounds, {"state": "not opened"})
        if last["state"] not in {"FINAL", "ABORTED"}:
            raise StateError(f"the last round is {last['state']}")
        self.changes += 1
        self.state = "COMPLETED"

    # -- members ---------------------------------------------------------------------------------------------------

    def reserve(self, number: int, msp: MspId, *, now: int) -> dict[str, Any]:
        found = self._round(number)
        if (number, msp) in self.reservations:
            return self.reservations[number, msp]
        self._require_running()
        self._require(found, "OPEN")
        if now > found["commit_by"]:
            raise ExpiredError("commit-by has passed")
        self._require_taking_part(number, msp)
        self.changes += 1
        granted = msp not in self.refuses
        self.charges += granted
        self.reservations[number, msp] = {
            "schema": "quorate.reservation/1",
            "study": STUDY,
            "round": number,
            "msp": msp,
            "dataset": DATASET,
            "status": "GRANTED" if granted else "REFUSED",
            "charge": {"noise_multiplier": "4", "sample_rate": "1/4", "steps": 6},
            "delta": "1e-5",
            "epsilon_before_nano": "900000000",
            "epsilon_after_nano": "1100000000" if granted else "2300000000",
            "cap_nano": "2000000000",
            "reserved": stamp(now, msp, "agent"),
        }
        return self.reservations[number, msp]

    def decline(self, number: int, msp: MspId, *, reason: str, now: int) -> dict[str, Any]:
        if (number, msp) in self.declines:
            if self.declines[number, msp]["reason"] != reason:
                raise ConflictError("declined with another reason already")
            return self.declines[number, msp]
        self._require_running()
        self._require(self._round(number), "OPEN")
        if (number, msp) in self.commits:
            raise ConflictError("committed already")
        self.changes += 1
        self.declines[number, msp] = {
            "schema": "quorate.decline/1",
            "study": STUDY,
            "round": number,
            "msp": msp,
            "dataset": DATASET,
            "reason": reason,
            "declined": stamp(now, msp, "agent"),
        }
        return self.declines[number, msp]

    def commit(self, number: int, msp: MspId, *, base: str, update: str, now: int) -> dict[str, Any]:
        found, said = self._round(number), self.commits.get((number, msp))
        if said is not None:
            if (said["base"], said["update"]) != (base, update):
                raise ConflictError("committed to something else already")
            return said
        self._require_running()
        if found["state"] not in {"OPEN", "SEALED"}:
            raise StateError(f"the round is {found['state']}")
        if base != found["base"]:
            raise ConflictError("another base")
        self._require_taking_part(number, msp)
        if self.private and self.reservations.get((number, msp), {}).get("status") != "GRANTED":
            raise StateError("no granted reservation")
        self.changes += 1
        on_time = found["state"] == "OPEN" and now <= found["commit_by"]
        leaf = leaf_of(study=STUDY, round_=number, msp=msp, dataset=DATASET, base=base, update=update)
        self.commits[number, msp] = {
            "schema": "quorate.commit/1",
            "study": STUDY,
            "round": number,
            "msp": msp,
            "dataset": DATASET,
            "base": base,
            "update": update,
            "status": "ON_TIME" if on_time else "LATE",
            "leaf": leaf.hex(),
            "committed": stamp(now, msp, "agent"),
        }
        return self.commits[number, msp]

    def withdraw(self, msp: MspId) -> None:
        self.changes += msp not in self.withdrawn
        self.withdrawn.add(msp)

    def attest(
        self, number: int, msp: MspId, *, attempt: int, model: str, excluded: list[dict[str, str]], now: int
    ) -> dict[str, Any]:
        found, said = self._round(number), self.attestations.get((number, attempt, msp))
        if said is not None:
            if (said["model"], said["excluded"]) != (model, excluded):
                raise ConflictError("attested something else already")
            return said
        self._require_running()
        self._require(found, "SEALED")
        if attempt != found["attempt"]:
            raise StateError(f"attempt {found['attempt']} is in progress")
        left = len(found["included"]) - len(excluded)
        if (left >= self.minimum_commits) != bool(model):
            raise UsageError("a model exactly when enough updates are left")
        half = found["attempt_time"] + (self.attest_timeout_ms + 1) // 2
        if now < half and any(each["reason"] == "unavailable" for each in excluded):
            raise StateError(f"unavailable only from {half} on")
        self.changes += 1
        self.attestations[number, attempt, msp] = {
            "schema": "quorate.attestation/1",
            "study": STUDY,
            "round": number,
            "attempt": attempt,
            "msp": msp,
            "model": model,
            "excluded": excluded,
            "possession": digest_of(msp.encode()),
            "attested": stamp(now, msp),
        }
        return self.attestations[number, attempt, msp]

    # -- views -----------------------------------------------------------------------------------------------------

    @property
    def latest(self) -> dict[str, Any] | None:
        return self.round_records[max(self.round_records)] if self.round_records else None

    @property
    def is_settled(self) -> bool:
        return self.state != "RUNNING" or (self.latest is not None and self.latest["state"] == "DISPUTED")

    def study_view(self) -> StudyView:
        terms = {
            "schema": "quorate.terms/1",
            "title": "A study",
            "purpose": "research",
            "participants": [{"msp": msp, "dataset": DATASET, "weight": 1} for msp in self.participants],
            "plan": self.plan,
            "model": {
                "tensors": [{"name": name, "shape": list(shape)} for name, shape in self.tensors],
                "initial": self.initial,
            },
            "aggregation": {"rule": "weighted-mean", "parameters": {}},
            "scale_bits": 16,
            "bound": self.bound,
            "rounds": self.rounds,
            "max_rounds": self.max_rounds,
            "minimum_commits": self.minimum_commits,
            "commit_timeout_ms": self.commit_timeout_ms,
            "attest_timeout_ms": self.attest_timeout_ms,
            "attesters": list(self.attesters),
            "m": self.m,
            "unit": "record",
            "adjacency": "add-or-remove-one",
            "privacy": _DP_SGD if self.private else {"mechanism": "none"},
            "policy_version": 1,
        }
        study = {
            "schema": "quorate.study/1",
            "study": STUDY,
            "version": 1,
            "state": self.state,
            "proposer": "AlderMSP",
            "terms": terms,
            "terms_digest": digest_of(b"terms"),
            "proposed": stamp(EPOCH),
            "expires_time": 4_000_000_000_000,
        }
        rounds = [
            {"round": number, "state": found["state"], "base": found["base"]}
            | ({"model": found["model"]} if "model" in found else {})
            for number, found in sorted(self.round_records.items())
        ]
        gone = [
            {"schema": "quorate.withdraw/1", "study": STUDY, "version": 1, "msp": msp, "withdrawn": stamp(EPOCH, msp)}
            for msp in sorted(self.withdrawn)
        ]
        return StudyView.of(
            {
                "schema": "quorate.study_view/1",
                "study": study,
                "votes": [],
                "accepts": [],
                "withdrawals": gone,
                "rounds": rounds,
            }
        )

    def round_view(self, number: int | None = None) -> RoundView | None:
        number = max(self.round_records, default=0) if number is None else number
        if number not in self.round_records:
            return None
        return RoundView.of(
            {
                "schema": "quorate.round_view/1",
                "round": dict(self.round_records[number]),
                "reservations": _of_round(self.reservations, number),
                "commits": _of_round(self.commits, number),
                "declines": _of_round(self.declines, number),
                "attestations": _of_round(self.attestations, number),
            }
        )

    # -- rules -----------------------------------------------------------------------------------------------------

    def _round(self, number: int) -> dict[str, Any]:
        if number not in self.round_records:
            raise NotFoundError(f"no round {number}")
        return self.round_records[number]

    def _require_running(self) -> None:
        if self.state != "RUNNING":
            raise StateError(f"the study is {self.state}")

    def _require(self, found: dict[str, Any], state: str) -> None:
        if found["state"] != state:
            raise StateError(f"the round is {found['state']} and not {state}")

    def _require_taking_part(self, number: int, msp: MspId) -> None:
        if msp in self.withdrawn:
            raise StateError("withdrawn")
        if (number, msp) in self.declines:
            raise ConflictError("declined already")

    def _standing(self, number: int, msp: MspId) -> str:
        said = self.commits.get((number, msp))
        if msp in self.withdrawn:
            return "withdrawn"
        if said is not None:
            return "" if said["status"] == "ON_TIME" else "late"
        if self.reservations.get((number, msp), {}).get("status") == "REFUSED":
            return "refused"
        return "declined" if (number, msp) in self.declines else "missing"

    def _divided(self, number: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        included, left_out = [], []
        for msp in self.participants:
            reason = self._standing(number, msp)
            if reason:
                left_out.append({"msp": msp, "dataset": DATASET, "reason": reason})
            else:
                said = self.commits[number, msp]
                seat = {"msp": msp, "dataset": DATASET, "weight": 1, "update": said["update"], "leaf": said["leaf"]}
                included.append(seat)
        return included, left_out

    def _require_over(self, found: dict[str, Any], left_out: list[dict[str, Any]], *, now: int) -> None:
        waiting = any(each["reason"] == "missing" for each in left_out)
        if waiting and now < found["commit_by"] + SKEW_MS:
            raise StateError("somebody is missing, and there is time")

    def _begin_attempt(self, found: dict[str, Any], *, now: int) -> None:
        self.changes += 1
        found |= {"attempt_time": now, "attest_by": now + self.attest_timeout_ms}

    def _close(self, found: dict[str, Any], reason: str, *, now: int) -> None:
        self.changes += 1
        found |= {"state": "ABORTED", "closed": {"reason": reason, "stamp": stamp(now)}}

    def _said(self, found: dict[str, Any]) -> list[dict[str, Any]]:
        keys = [(found["round"], found["attempt"], msp) for msp in self.attesters]
        return [self.attestations[key] for key in keys if key in self.attestations]

    def _quorum(self, found: dict[str, Any]) -> list[dict[str, Any]]:
        said = self._said(found)
        for first in said:
            equal = [each for each in said if (each["model"], each["excluded"]) == (first["model"], first["excluded"])]
            if len(equal) >= self.m:
                return equal
        return []


_DP_SGD = {
    "mechanism": "dp-sgd",
    "noise_multiplier": "4",
    "sample_rate": "1/4",
    "steps_per_round": 6,
    "clipping_norm": "1",
    "expected_batch_size": 64,
    "delta": "1e-5",
}


def _of_round(found: dict[Any, dict[str, Any]], number: int) -> list[dict[str, Any]]:
    return [found[key] for key in sorted(found) if key[0] == number]
