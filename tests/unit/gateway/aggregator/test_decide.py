from __future__ import annotations

import pytest

from gateway.aggregator import decide as steps
from gateway.aggregator.decide import STAGGER_MS, Decision, decide
from quorate.digest import digest_of
from quorate.identifiers import MspId, RoundNumber
from tests.unit.gateway.aggregator.ledger_model import EPOCH, INITIAL, MEMBERS, SKEW_MS, LedgerModel

ALDER, BIRCH, CEDAR, DEODAR = MEMBERS
ONE = RoundNumber(1)
GOOD, BAD = digest_of(b"good"), digest_of(b"bad")


def decided(ledger: LedgerModel, me: MspId, *, now: int = EPOCH, members: tuple[MspId, ...] = MEMBERS) -> Decision:
    return decide(ledger.study_view(), ledger.round_view(), me=me, members=members, now=now, skew_ms=SKEW_MS)


def opened(**terms: object) -> LedgerModel:
    ledger = LedgerModel(**terms)
    ledger.open(1, now=EPOCH)
    return ledger


def commit(ledger: LedgerModel, *members: MspId, now: int = EPOCH) -> None:
    for msp in members:
        ledger.commit(1, msp, base=INITIAL, update=digest_of(msp.encode()), now=now)


def sealed(**terms: object) -> LedgerModel:
    ledger = opened(**terms)
    commit(ledger, *ledger.participants)
    ledger.seal(1, now=EPOCH)
    return ledger


def attest(ledger: LedgerModel, model: str, *members: MspId, attempt: int = 1) -> None:
    for msp in members:
        ledger.attest(1, msp, attempt=attempt, model=model, excluded=[], now=EPOCH)


def steps_at(ledger: LedgerModel, now: int) -> dict[MspId, tuple[steps.Step | None, int | None]]:
    """Return everyone's decision, times counted from `now`."""
    found = {me: decided(ledger, me, now=now) for me in MEMBERS}
    return {me: (each.step, None if each.at is None else each.at - now) for me, each in found.items()}


@pytest.mark.parametrize("state", ["PROPOSED", "APPROVED", "READY", "SUSPENDED", "COMPLETED", "REJECTED", "ABORTED"])
def test_only_a_running_study_has_steps(state: str):
    assert decided(LedgerModel(state=state), ALDER) == Decision(step=None, at=None)


def test_a_running_study_begins_with_its_first_round():
    assert {me: step for me, (step, _) in steps_at(LedgerModel(), EPOCH).items()} == dict.fromkeys(
        MEMBERS, steps.Open(ONE)
    )


def test_gateways_stand_in_a_line_that_turns_with_round_and_attempt():
    waits = {me: wait for me, (_, wait) in steps_at(LedgerModel(), EPOCH).items()}
    assert sorted(waits.values()) == [0, STAGGER_MS, 2 * STAGGER_MS, 3 * STAGGER_MS]

    ledger = sealed(m=4)
    attest(ledger, GOOD, ALDER, BIRCH)
    attest(ledger, BAD, CEDAR, DEODAR)
    first = next(me for me, (_, wait) in steps_at(ledger, EPOCH).items() if wait == 0)
    ledger.retry(1, attempt=1, now=EPOCH)
    attest(ledger, GOOD, ALDER, BIRCH, attempt=2)
    attest(ledger, BAD, CEDAR, DEODAR, attempt=2)
    second = next(me for me, (_, wait) in steps_at(ledger, EPOCH).items() if wait == 0)

    assert first != second


def test_participants_that_attest_nothing_stand_behind_the_attesters():
    ledger = LedgerModel(attesters=(ALDER, BIRCH, CEDAR))

    assert sorted(wait for _, wait in steps_at(ledger, EPOCH).values()) == [0, 400, 800, 1200]


def test_a_gateway_outside_the_study_does_nothing():
    assert decided(LedgerModel(), MspId("ElmMSP")) == Decision(step=None, at=None)


def test_an_open_round_waits_for_its_deadline_and_the_skew():
    ledger = opened()
    commit(ledger, ALDER, BIRCH, CEDAR)
    until = EPOCH + ledger.commit_timeout_ms + SKEW_MS

    assert decided(ledger, DEODAR, now=until - 1) == Decision(step=None, at=until)
    assert decided(ledger, DEODAR, now=until).step == steps.Seal(ONE)


def test_a_late_gateway_does_not_wait_for_its_turn_once_more():
    ledger = opened()
    commit(ledger, ALDER, BIRCH)
    late = EPOCH + ledger.commit_timeout_ms + SKEW_MS + 60_000

    assert {wait for _, wait in steps_at(ledger, late).values()} == {0}


@pytest.mark.parametrize("how", ["commit", "late", "decline", "refused", "withdrawn"])
def test_a_round_is_sealed_early_only_when_every_participant_has_spoken(how: str):
    ledger = opened(private=how == "refused", refuses=frozenset({DEODAR}))
    if how == "refused":
        for msp in MEMBERS:
            ledger.reserve(1, msp, now=EPOCH)
    commit(ledger, ALDER, BIRCH, CEDAR)
    if how != "refused":
        assert decided(ledger, ALDER).step is None

    match how:
        case "commit":
            commit(ledger, DEODAR)
        case "late":
            commit(ledger, DEODAR, now=EPOCH + ledger.commit_timeout_ms + 1)
        case "decline":
            ledger.decline(1, DEODAR, reason="policy", now=EPOCH)
        case "withdrawn":
            ledger.withdraw(DEODAR)

    assert decided(ledger, ALDER).step == steps.Seal(ONE)
    ledger.seal(1, now=EPOCH)


def test_a_round_that_cannot_reach_its_minimum_is_aborted_as_soon_as_that_is_certain():
    ledger = opened(minimum_commits=3)
    commit(ledger, ALDER, BIRCH)
    for msp in (CEDAR, DEODAR):
        ledger.decline(1, msp, reason="operator", now=EPOCH)

    assert decided(ledger, ALDER).step == steps.Abort(ONE)
    ledger.abort(1, now=EPOCH)


def test_late_commits_and_those_of_members_that_withdrew_do_not_count_towards_the_minimum():
    ledger = opened(minimum_commits=2)
    commit(ledger, ALDER, BIRCH)
    ledger.withdraw(BIRCH)
    late = EPOCH + ledger.commit_timeout_ms + 1
    commit(ledger, CEDAR, DEODAR, now=late)

    assert decided(ledger, ALDER, now=late).step == steps.Abort(ONE)
    ledger.abort(1, now=late)


def test_every_attester_attests_at_once_and_others_wait():
    ledger = sealed(attesters=(ALDER, BIRCH, CEDAR))

    assert steps_at(ledger, EPOCH) == {
        **dict.fromkeys((ALDER, BIRCH, CEDAR), (steps.Attest(ONE, 1), 0)),
        DEODAR: (None, ledger.attest_timeout_ms),
    }


def test_a_quorum_is_finalized_also_by_those_that_have_not_attested():
    ledger = sealed()
    attest(ledger, GOOD, ALDER, BIRCH, CEDAR)

    assert {step for step, _ in steps_at(ledger, EPOCH).values()} == {steps.Finalize(ONE)}


def test_one_wrong_attestation_of_four_does_not_hinder_the_quorum():
    ledger = sealed()
    attest(ledger, BAD, ALDER)
    attest(ledger, GOOD, BIRCH, CEDAR, DEODAR)

    assert decided(ledger, ALDER).step == steps.Finalize(ONE)
    ledger.finalize(1, now=EPOCH)
    assert ledger.latest["model"] == GOOD


def test_two_wrong_attestations_of_four_lead_over_retries_to_a_dispute():
    ledger = sealed()
    for attempt in (1, 2, 3):
        attest(ledger, GOOD, ALDER, BIRCH, attempt=attempt)
        attest(ledger, BAD, CEDAR, DEODAR, attempt=attempt)
        assert {step for step, _ in steps_at(ledger, EPOCH).values()} == {steps.Retry(ONE, attempt)}
        ledger.retry(1, attempt=attempt, now=EPOCH)

    assert ledger.latest["state"] == "DISPUTED"
    assert "model" not in ledger.latest
    assert steps_at(ledger, EPOCH) == dict.fromkeys(MEMBERS, (None, None))


def test_different_exclusions_are_no_quorum():
    ledger = sealed()
    attest(ledger, GOOD, ALDER, BIRCH)
    left_out = [{"msp": ALDER, "dataset": "ward", "reason": "invalid"}]
    for msp in (CEDAR, DEODAR):
        ledger.attest(1, msp, attempt=1, model=GOOD, excluded=left_out, now=EPOCH)

    assert decided(ledger, ALDER).step == steps.Retry(ONE, 1)


def test_attestations_of_an_earlier_attempt_or_of_strangers_do_not_count():
    ledger = sealed(attesters=(ALDER, BIRCH, CEDAR), m=2)
    attest(ledger, GOOD, ALDER, DEODAR)

    assert decided(ledger, ALDER) == Decision(step=None, at=EPOCH + ledger.attest_timeout_ms)

    attest(ledger, BAD, BIRCH)
    ledger.attest(1, CEDAR, attempt=1, model=digest_of(b"third"), excluded=[], now=EPOCH)
    ledger.retry(1, attempt=1, now=EPOCH)
    assert decided(ledger, ALDER).step == steps.Attest(ONE, 2)


def test_an_attester_that_was_removed_counts_neither_for_a_quorum_nor_as_one_to_wait_for():
    ledger, left = sealed(m=3), (ALDER, BIRCH, CEDAR)
    attest(ledger, GOOD, ALDER, BIRCH, DEODAR)
    assert decided(ledger, ALDER).step == steps.Finalize(ONE)
    assert decided(ledger, ALDER, members=left).step is None
    assert decided(ledger, CEDAR, members=left).step == steps.Attest(ONE, 1)
    late = ledger.round_view().round.attest_by
    assert decided(ledger, ALDER, now=late, members=left).step == steps.Retry(ONE, 1)

    attest(ledger, BAD, CEDAR)
    assert decided(ledger, ALDER, members=left).step == steps.Retry(ONE, 1)


def test_a_gateway_whose_organisation_was_removed_takes_no_steps():
    assert decided(sealed(), DEODAR, members=(ALDER, BIRCH, CEDAR)) == Decision(step=None, at=None)
    assert decided(LedgerModel(), DEODAR, members=(ALDER, BIRCH, CEDAR)) == Decision(step=None, at=None)


def test_an_attempt_without_quorum_ends_with_its_time():
    ledger = sealed()
    attest(ledger, GOOD, ALDER, BIRCH)
    until = EPOCH + ledger.attest_timeout_ms

    assert decided(ledger, ALDER, now=until - 1) == Decision(step=None, at=until)
    assert decided(ledger, ALDER, now=until).step == steps.Retry(ONE, 1)


def test_an_attester_that_comes_late_attests_before_it_ends_the_attempt():
    ledger = sealed()
    attest(ledger, GOOD, ALDER, BIRCH)
    ends = steps.gives_up_at(ledger.round_view().round)

    assert ends == EPOCH + 2 * ledger.attest_timeout_ms
    assert decided(ledger, CEDAR, now=ends - 1).step == steps.Attest(ONE, 1)
    assert decided(ledger, CEDAR, now=ends).step == steps.Retry(ONE, 1)


def test_after_a_round_comes_the_next_until_the_rounds_are_used_up():
    ledger = opened(max_rounds=2)
    for msp in MEMBERS:
        ledger.decline(1, msp, reason="data", now=EPOCH)
    ledger.abort(1, now=EPOCH)
    assert decided(ledger, ALDER).step == steps.Open(RoundNumber(2))

    ledger.open(2, now=EPOCH)
    for msp in MEMBERS:
        ledger.decline(2, msp, reason="data", now=EPOCH)
    ledger.abort(2, now=EPOCH)
    assert decided(ledger, ALDER).step == steps.Complete()
    ledger.complete()
    assert decided(ledger, ALDER) == Decision(step=None, at=None)


def test_a_study_that_was_not_read_since_its_last_round_became_final_is_completed_and_not_continued():
    ledger = sealed(rounds=1)
    attest(ledger, GOOD, *MEMBERS)
    before = ledger.study_view()
    ledger.finalize(1, now=EPOCH)

    found = decide(before, ledger.round_view(), me=ALDER, members=MEMBERS, now=EPOCH, skew_ms=SKEW_MS)

    assert found.step == steps.Complete()
