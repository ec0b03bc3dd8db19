"""Gateways that decide by themselves bring every study to an end, whatever happens to members, clocks and messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.aggregator import decide as steps
from gateway.aggregator.decide import STAGGER_MS, Decision, decide
from quorate.digest import digest_of
from quorate.errors import QuorateError
from tests.unit.gateway.aggregator.ledger_model import EPOCH, MEMBERS, SKEW_MS, LedgerModel

if TYPE_CHECKING:
    from quorate.identifiers import MspId

GOOD = "good"
TICK_MS = 100


@dataclass
class Gateway:
    """One member's gateway: its clock's error, and what it does when it should attest."""

    msp: MspId
    offset: int = 0
    alive: bool = True
    finds: str = GOOD
    waits_for: tuple[int, Decision] | None = None

    def decision(self, ledger: LedgerModel, now: int) -> Decision:
        """Decide as the loop does: anew after every change, otherwise when the time that was decided has come."""
        known = self.waits_for
        if known is None or known[0] != ledger.changes or (known[1].step is None and _is_due(known[1], now)):
            view = ledger.round_view()
            known = (
                ledger.changes,
                decide(ledger.study_view(), view, me=self.msp, members=MEMBERS, now=now, skew_ms=SKEW_MS),
            )
        self.waits_for = known
        return known[1]


def _is_due(decision: Decision, now: int) -> bool:
    return decision.at is not None and decision.at <= now


class Consortium:
    """Gateways on one ledger. A step that the ledger refuses to somebody who saw its newest state is a mistake."""

    def __init__(self, ledger: LedgerModel) -> None:
        self.ledger = ledger
        self.now = EPOCH
        self.gateways = [Gateway(msp) for msp in MEMBERS]
        self.taken: list[tuple[MspId, steps.Step, int]] = []

    def tick(self, milliseconds: int = TICK_MS, *, lost: frozenset[MspId] = frozenset()) -> None:
        """Let time pass, then let every live gateway act once; what those in `lost` send does not arrive."""
        self.now += milliseconds
        for gateway in self.gateways:
            if gateway.alive and gateway.msp not in lost:
                self._act(gateway)

    def _act(self, gateway: Gateway) -> None:
        now = self.now + gateway.offset
        decision = gateway.decision(self.ledger, now)
        if decision.step is None or not _is_due(decision, now):
            return
        gateway.waits_for = None
        before = self.ledger.changes
        try:
            self._take(gateway, decision.step, now)
        except QuorateError as error:
            raise AssertionError(f"{gateway.msp} took {decision.step} at {now - EPOCH}: {error}") from error
        if self.ledger.changes > before:
            self.taken.append((gateway.msp, decision.step, self.now))

    def _take(self, gateway: Gateway, step: steps.Step, now: int) -> None:
        match step:
            case steps.Open(number):
                self.ledger.open(number, now=now)
            case steps.Seal(number):
                self.ledger.seal(number, now=now)
            case steps.Abort(number):
                self.ledger.abort(number, now=now)
            case steps.Finalize(number):
                self.ledger.finalize(number, now=now)
            case steps.Retry(number, attempt):
                self.ledger.retry(number, attempt=attempt, now=now)
            case steps.Complete():
                self.ledger.complete()
            case steps.Attest(number, attempt):
                self._attest(gateway, number, attempt, now)

    def _attest(self, gateway: Gateway, number: int, attempt: int, now: int) -> None:
        if gateway.finds == "nothing":  # its disk is full, or its base is missing
            return
        model = "" if gateway.finds == "too few" else digest_of(f"{gateway.finds} {number}".encode())
        included = self.ledger.round_records[number]["included"]
        excluded = [
            {"msp": each["msp"], "dataset": each["dataset"], "reason": "invalid"}
            for each in included[: len(included) - self.ledger.minimum_commits + 1]
            if not model
        ]
        self.ledger.attest(number, gateway.msp, attempt=attempt, model=model, excluded=excluded, now=now)


def commit(ledger: LedgerModel, msp: MspId, *, now: int) -> None:
    number = max(ledger.round_records)
    base = ledger.round_records[number]["base"]
    ledger.commit(number, msp, base=base, update=digest_of(f"{msp} {number}".encode()), now=now)


class Settling(RuleBasedStateMachine):
    """Members speak or stay silent, gateways die and come back, clocks are wrong within the skew, messages are lost."""

    members = st.sampled_from(MEMBERS)

    @initialize(
        m=st.integers(3, 4),
        minimum=st.integers(1, 4),
        offsets=st.lists(st.integers(-SKEW_MS // 2, SKEW_MS // 2), min_size=4, max_size=4),
        attesters=st.sampled_from([MEMBERS, MEMBERS[:3]]),
    )
    def begin(self, m: int, minimum: int, offsets: list[int], attesters: tuple[MspId, ...]):
        ledger = LedgerModel(m=min(m, len(attesters)), minimum_commits=minimum, attesters=attesters)
        self.consortium = Consortium(ledger)
        for gateway, offset in zip(self.consortium.gateways, offsets, strict=True):
            gateway.offset = offset
        self.ledger = ledger

    @property
    def is_open(self) -> bool:
        latest = self.ledger.latest
        return self.ledger.state == "RUNNING" and latest is not None and latest["state"] == "OPEN"

    @rule(milliseconds=st.sampled_from([0, 1, 50, 400, 1600, 5000]), lost=st.frozensets(members, max_size=3))
    def time_passes(self, milliseconds: int, lost: frozenset[MspId]):
        self.consortium.tick(milliseconds, lost=lost)

    @precondition(lambda self: self.is_open)
    @rule(msp=members)
    def a_member_commits(self, msp: MspId):
        number = max(self.ledger.round_records)
        if msp not in self.ledger.withdrawn and (number, msp) not in self.ledger.declines:
            commit(self.ledger, msp, now=self.consortium.now)

    @precondition(lambda self: self.is_open)
    @rule(msp=members)
    def a_member_declines(self, msp: MspId):
        number = max(self.ledger.round_records)
        if (number, msp) not in self.ledger.commits:
            self.ledger.decline(number, msp, reason="operator", now=self.consortium.now)

    @rule(msp=members)
    def a_member_withdraws(self, msp: MspId):
        if self.ledger.state == "RUNNING":
            self.ledger.withdraw(msp)

    @rule(index=st.integers(0, 3), alive=st.booleans())
    def a_gateway_dies_or_comes_back(self, index: int, alive: bool):  # noqa: FBT001
        self.consortium.gateways[index].alive = alive

    @rule(index=st.integers(0, 3), finds=st.sampled_from([GOOD, GOOD, "wrong", "other", "too few", "nothing"]))
    def a_gateway_finds_something(self, index: int, finds: str):
        self.consortium.gateways[index].finds = finds

    @invariant()
    def no_round_was_sealed_early(self):
        if not hasattr(self, "ledger"):
            return
        for found in self.ledger.round_records.values():
            missing = any(each["reason"] == "missing" for each in found["left_out"])
            if missing and "sealed" in found:
                assert found["sealed"]["claimed_time"] >= found["commit_by"] + SKEW_MS

    @invariant()
    def nothing_is_final_without_a_quorum(self):
        if not hasattr(self, "ledger"):
            return
        for number, found in self.ledger.round_records.items():
            if found["state"] == "FINAL":
                said = [
                    each["model"]
                    for (of, attempt, _), each in self.ledger.attestations.items()
                    if (of, attempt) == (number, found["attempt"])
                ]
                assert said.count(found["model"]) >= self.ledger.m

    def teardown(self):
        if not hasattr(self, "ledger"):
            return
        if not any(gateway.alive for gateway in self.consortium.gateways):
            self.consortium.gateways[-1].alive = True
        # Three rounds, each with its time to commit and three attempts of at most twice their time, and the turns.
        longest = 3 * (4000 + SKEW_MS + 3 * 2 * 3000) + 60 * 4 * STAGGER_MS
        for _ in range(longest // TICK_MS):
            if self.ledger.is_settled:
                return
            self.consortium.tick()
        raise AssertionError(f"the study is {self.ledger.state}, its last round {self.ledger.latest}")


TestSettling = Settling.TestCase
TestSettling.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def running(**terms: object) -> Consortium:
    consortium = Consortium(LedgerModel(**terms))
    consortium.tick(0)
    return consortium


def test_when_all_are_well_each_step_is_taken_once_and_by_one():
    consortium = running()
    for _ in range(2):
        for msp in MEMBERS:
            commit(consortium.ledger, msp, now=consortium.now)
        for _ in range(3):
            consortium.tick()

    assert consortium.ledger.state == "COMPLETED"
    others = [step for _, step, _ in consortium.taken if not isinstance(step, steps.Attest)]
    assert len(others) == len(set(others)) == 6  # open, seal, finalize, twice


def test_the_next_in_line_acts_when_those_before_are_dead():
    alone = MEMBERS[2]
    for dead in ([], [0], [0, 1], [0, 1, 3]):
        consortium = Consortium(LedgerModel())
        for index in dead:
            consortium.gateways[index].alive = False
        started = consortium.now
        for _ in range(20):
            if not consortium.taken:
                consortium.tick()
        assert consortium.now - started <= len(dead) * STAGGER_MS + TICK_MS
    assert consortium.taken[0][0] == alone


def test_a_study_goes_on_with_a_single_gateway_until_it_needs_a_quorum():
    consortium = running(m=3)
    for gateway in consortium.gateways[1:]:
        gateway.alive = False
    for msp in MEMBERS:
        commit(consortium.ledger, msp, now=consortium.now)
    for _ in range(200):
        consortium.tick()

    assert consortium.ledger.latest["state"] == "DISPUTED"


def test_attesters_that_can_never_recompute_end_in_a_dispute_and_not_in_silence():
    consortium = running()
    for gateway in consortium.gateways:
        gateway.finds = "nothing"
    for msp in MEMBERS:
        commit(consortium.ledger, msp, now=consortium.now)
    for _ in range(250):
        consortium.tick()

    assert consortium.ledger.latest["state"] == "DISPUTED"


def test_a_quorum_for_too_few_valid_updates_aborts_the_round_and_the_next_is_opened():
    consortium = running()
    for gateway in consortium.gateways[:3]:
        gateway.finds = "too few"
    for msp in MEMBERS:
        commit(consortium.ledger, msp, now=consortium.now)
    for _ in range(10):
        consortium.tick()

    assert consortium.ledger.round_records[1]["closed"]["reason"] == "too-few-valid"
    assert consortium.ledger.latest["round"] == 2
    assert consortium.ledger.latest["base"] == consortium.ledger.initial
