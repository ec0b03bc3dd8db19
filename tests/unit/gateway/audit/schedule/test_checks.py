"""What the scheduled audit makes of the trail's answers."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from gateway.audit.schedule import trail
from gateway.service.checks.finding import Outcome

POLICIES = Path(__file__).parents[5] / "chaincode" / "authz" / "default.cedar"
OK, FAILED, NOT_CHECKED = Outcome.OK, Outcome.FAILED, Outcome.NOT_CHECKED


def test_the_default_policies_are_the_chaincodes():
    assert f"sha256:{sha256(POLICIES.read_bytes()).hexdigest()}" == trail.DEFAULT_POLICIES


def test_policies_are_the_expected_ones():
    row = {"state": "IN_FORCE", "version": 2, "digest": "sha256:" + "a" * 64}
    assert trail.check_policies([row], expected=row["digest"]).outcome is OK
    found = trail.check_policies([row], expected=trail.DEFAULT_POLICIES)
    assert (found.outcome, found.message) == (FAILED, f"version 2, {row['digest']}, not the default")
    assert trail.check_policies([], expected="x").outcome is NOT_CHECKED


def test_the_default_that_a_consortium_began_with_stays_the_expected_one():
    [earlier] = trail.EARLIER_DEFAULTS
    row = {"state": "IN_FORCE", "version": 1, "digest": earlier}
    assert trail.check_policies([row], expected=trail.DEFAULT_POLICIES).outcome is OK
    assert trail.check_policies([row], expected="sha256:" + "a" * 64).outcome is FAILED


def finding(kind, **about):
    return {"kind": kind, "what": "something", "organisations": ["AlderMSP"], "block": 7, "transaction": "ab"} | about


@pytest.mark.parametrize(
    ("reviewed", "outcome"),
    [
        ((), FAILED),
        (("round/one/2",), FAILED),
        (("round/one/1",), OK),
        (("study/one",), OK),
        (("block/7",), OK),
        (("transaction/ab",), OK),
        (("transaction/None",), FAILED),
    ],
)
def test_a_divergence_is_a_finding_until_it_is_reviewed(reviewed, outcome):
    rows = [finding("models", study="one", round=1)]
    assert trail.check_agreement({"attested": 1}, rows, reviewed).outcome is outcome


def test_clocks_are_told_by_organisation():
    rows = [finding("clock", what="claims a time 9 ms after"), finding("clock", what="the last")]
    found = trail.check_clocks(rows)
    assert (found.outcome, found.message) == (FAILED, "AlderMSP 2 times; the last: the last")
    assert trail.check_clocks([finding("models")]).outcome is OK


def test_events_need_attention_until_they_are_reviewed():
    row = {"words": "A round is disputed", "block": 9, "transaction": "cd" * 32, "study": "one", "round": 3}
    found = trail.check_attention([row], frozenset(), more=True)
    assert found.outcome is FAILED
    assert found.message.startswith("1 or more without a concluded review: A round is disputed (1)")
    assert "round/one/3" in found.hint
    assert trail.check_attention([row], {"round/one/3"}, more=False).outcome is OK
    assert trail.check_attention([], frozenset(), more=False).message == "none"
    seen = {"source": "witness", "words": "A member's ledger differs", "block": 9, "transaction": None}
    assert trail.check_attention([seen], frozenset(), more=False).message == "none"  # `check_agreement` tells it


def test_own_reviews_are_concluded():
    rows = [
        {"msp": "AlderMSP", "review": "a", "state": "CONCLUDED", "subject": "block/1"},
        {"msp": "BirchMSP", "review": "b", "state": "OPEN", "subject": "block/2"},
    ]
    assert trail.check_reviews(rows, own="AlderMSP").outcome is OK
    assert trail.check_reviews(rows, own="BirchMSP").message == "not concluded: b"
    assert trail.reviewed_subjects(rows) == {"block/1"}


@pytest.mark.parametrize(("spent", "outcome"), [(899, OK), (900, OK), (901, FAILED)])
def test_budgets_near_their_cap(spent, outcome):
    row = {"msp": "A", "dataset": "d", "study": None, "epsilon": "x", "cap": "y", "cap_nano": "1000"}
    single = row | {"study": "one", "epsilon_nano": "1000"}
    found = trail.check_budgets([row | {"epsilon_nano": str(spent)}, single], share=0.9)
    assert found.outcome is outcome


def test_accounts_that_are_not_what_their_history_makes():
    rows = [{"msp": "A", "dataset": "d", "equal": True}, {"msp": "B", "dataset": "d", "equal": False}]
    assert trail.check_recount(rows).message == "not equal: B/d"
    assert trail.check_recount(rows[:1]).outcome is OK


def test_a_trail_that_does_not_follow_is_a_finding():
    assert trail.check_following({"trouble": "", "height": 7}).message == "follows the ledger, at height 7"
    found = trail.check_following({"trouble": "the peer has gone", "height": 7})
    assert (found.outcome, found.message) == (FAILED, "at height 7: the peer has gone")


def test_the_access_log_is_whole_and_anchored_in_time():
    now = round(datetime(2026, 11, 23, tzinfo=UTC).timestamp() * 1000)
    head = {"entries": 5, "anchored": 3, "problem": "", "unanchored_since": now - 60_000}
    hour = round(timedelta(hours=1).total_seconds() * 1000)
    assert trail.check_access_log(head, oldest_ms=hour, now=now).outcome is OK
    found = trail.check_access_log(head, oldest_ms=30_000, now=now)
    assert found.message == "5 entries in one chain, 3 anchored; the oldest without an anchor is 1 min old"
    assert trail.check_access_log(head | {"problem": "entry 2 …"}, oldest_ms=hour, now=now).outcome is FAILED
    assert trail.check_access_log(head | {"unanchored_since": None}, oldest_ms=0, now=now).outcome is OK
