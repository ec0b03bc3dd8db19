from __future__ import annotations

import time

import pytest

from gateway.fabric.errors import CommitError, EndorseError, GatewayError
from gateway.ledger import Ledger, Retry
from gateway.ledger.retry import Cause
from quorate import canonical
from quorate.blocks.codes import TxValidationCode
from quorate.errors import (
    LEDGER_CODES,
    ConflictError,
    ExitCode,
    ExpiredError,
    NotFoundError,
    QuorateError,
    StateError,
    UnsupportedVersionError,
    UsageError,
)
from tests.unit.gateway.ledger.scripted import (
    DECLINE,
    ScriptedContract,
    conflict,
    mismatched,
    not_taken,
    refused,
    unavailable,
    under_way,
)

FEW = Retry(conflicts=3, stale=2, lagging=4, seconds=100.0)
TOO_OLD = refused("EXPIRED: the transaction's timestamp is -2417 ms from this endorser's clock; check the clock")


async def decline(ledger: Ledger) -> object:
    return await ledger.round.decline("heart", 1, dataset="ward", reason="policy")


async def test_a_call_is_one_canonical_document_and_its_answer_a_record():
    contract = ScriptedContract([DECLINE])

    found = await Ledger(contract).round.decline("heart", 1, dataset="ward", reason="policy")

    assert found.reason == "policy"
    [(how, name, arguments)] = contract.calls
    assert (how, name) == ("submit", "round:Decline")
    document = {
        "schema": "quorate.round.decline/1",
        "study": "heart",
        "round": 1,
        "dataset": "ward",
        "reason": "policy",
    }
    assert arguments == (canonical.dumps(document),)


async def test_reading_asks_one_peer():
    contract = ScriptedContract([{"schema": "quorate.studies/1", "studies": []}])

    assert (await Ledger(contract).study.list()).studies == []
    assert [call[:2] for call in contract.calls] == [("evaluate", "study:List")]


async def test_absent_optional_fields_are_not_sent():
    contract = ScriptedContract([{"schema": "quorate.datasets/1", "datasets": []}])

    await Ledger(contract).dataset.list()

    assert contract.calls[0][2] == (b'{"schema":"quorate.dataset.list/1"}',)


async def test_a_malformed_request_is_never_sent():
    contract = ScriptedContract([DECLINE])

    with pytest.raises(UsageError, match="round"):
        await Ledger(contract).round.open("heart", 0)
    with pytest.raises(UsageError, match="reason"):
        await Ledger(contract).round.decline("heart", 1, dataset="ward", reason="because")
    assert contract.calls == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"not json", UsageError),
        (b'{"schema":"quorate.decline/1"}', UsageError),
        (DECLINE | {"surplus": 1}, UsageError),
        (DECLINE | {"schema": "quorate.commit/1"}, UsageError),
        (DECLINE | {"schema": "quorate.decline/2"}, UnsupportedVersionError),
    ],
)
async def test_an_answer_that_is_not_the_promised_record_is_an_error(answer: object, kind: type[QuorateError]):
    with pytest.raises(kind):
        await decline(Ledger(ScriptedContract([answer])))


@pytest.mark.parametrize("code", ["MVCC_READ_CONFLICT", "PHANTOM_READ_CONFLICT"])
async def test_a_conflict_is_proposed_anew(code: str):
    contract = ScriptedContract([conflict(TxValidationCode[code]), conflict(TxValidationCode[code]), DECLINE])

    await decline(Ledger(contract, retry=FEW))

    assert len(contract.calls) == 3
    assert len(set(contract.calls)) == 1


async def test_conflicts_without_end_are_an_error_after_a_bounded_number():
    contract = ScriptedContract([conflict()])

    with pytest.raises(CommitError) as caught:
        await decline(Ledger(contract, retry=FEW))

    assert len(contract.calls) == 1 + FEW.conflicts
    assert (caught.value.code, caught.value.exit_code) == ("CONFLICT", ExitCode.STATE)


async def test_new_proposals_end_with_the_time_that_was_given():
    contract, began = ScriptedContract([conflict()]), time.monotonic()

    with pytest.raises(CommitError):
        await decline(Ledger(contract, retry=Retry(conflicts=1000, seconds=2)))

    assert time.monotonic() - began < 60
    assert 2 <= len(contract.calls) < 20


async def test_endorsers_that_differ_are_asked_again():
    contract = ScriptedContract([mismatched(), DECLINE])

    await decline(Ledger(contract, retry=FEW))

    assert len(contract.calls) == 2


async def test_each_cause_has_its_own_bound():
    contract = ScriptedContract([conflict(), mismatched(), conflict(), mismatched(), conflict(), DECLINE])

    await decline(Ledger(contract, retry=FEW))

    assert len(contract.calls) == 6


async def test_an_endorser_that_knows_nothing_yet_is_asked_again():
    contract = ScriptedContract([refused("NOT_FOUND: no round 1 of study heart"), DECLINE])

    await decline(Ledger(contract, retry=FEW))

    assert len(contract.calls) == 2


async def test_a_state_is_doubted_only_by_who_has_just_seen_another():
    early = refused("INVALID_STATE: round 1 of study heart is OPEN; this step expects SEALED")
    believing, doubting = ScriptedContract([early, DECLINE]), ScriptedContract([early, DECLINE])

    with pytest.raises(StateError):
        await decline(Ledger(believing, retry=FEW))
    await decline(Ledger(doubting, retry=FEW).settling())

    assert (len(believing.calls), len(doubting.calls)) == (1, 2)


@pytest.mark.parametrize("failure", [under_way(), not_taken()], ids=["under way", "not taken"])
async def test_what_may_commit_yet_is_never_proposed_anew(failure: GatewayError):
    contract = ScriptedContract([failure, DECLINE])

    with pytest.raises(type(failure)):
        await decline(Ledger(contract, retry=FEW).settling())
    assert len(contract.calls) == 1


async def test_a_proposal_that_came_too_late_to_an_endorser_is_made_anew():
    contract = ScriptedContract([TOO_OLD, TOO_OLD, DECLINE])

    await decline(Ledger(contract, retry=FEW))

    assert len(contract.calls) == 3


async def test_a_clock_that_is_wrong_is_soon_told():
    contract = ScriptedContract([TOO_OLD])

    with pytest.raises(ExpiredError, match="check the clock"):
        await decline(Ledger(contract, retry=FEW).settling())

    assert len(contract.calls) == 1 + FEW.old


async def test_doubt_ends_too():
    contract = ScriptedContract([refused("INVALID_STATE: the round is FINAL")])

    with pytest.raises(StateError, match="the round is FINAL"):
        await decline(Ledger(contract, retry=FEW).settling())

    assert len(contract.calls) == 1 + FEW.lagging


async def test_settling_leaves_the_ledger_it_came_from_as_it_was():
    contract = ScriptedContract([refused("INVALID_STATE: no")])
    ledger = Ledger(contract, retry=FEW)
    ledger.settling()

    with pytest.raises(StateError):
        await decline(ledger)
    assert len(contract.calls) == 1


async def test_an_unknown_name_is_believed_when_it_is_only_read():
    contract = ScriptedContract([refused("NOT_FOUND: no study heart")])

    with pytest.raises(NotFoundError, match="no study heart"):
        await Ledger(contract, retry=FEW).study.get("heart")
    assert len(contract.calls) == 1

    with pytest.raises(NotFoundError):
        await Ledger(contract, retry=FEW).settling().study.get("heart")
    assert len(contract.calls) == 2 + FEW.lagging


NEVER = [
    refused("DENIED: no policy permits it"),
    refused("CONFLICT: it has committed to something else"),
    refused("INVALID_ARGUMENT: round: too small"),
    refused("ALREADY_EXISTS: the name is taken"),
    refused("EXPIRED: the time has passed"),
    refused("something without a code"),
    conflict(TxValidationCode.ENDORSEMENT_POLICY_FAILURE),
    conflict(TxValidationCode.DUPLICATE_TXID),
    unavailable(),
]


@pytest.mark.parametrize("failure", NEVER, ids=str)
async def test_nothing_else_is_ever_proposed_anew(failure: GatewayError):
    contract = ScriptedContract([failure, DECLINE])

    with pytest.raises(QuorateError):
        await decline(Ledger(contract, retry=FEW).settling())

    assert len(contract.calls) == 1


@pytest.mark.parametrize("code", sorted(LEDGER_CODES - {"BUDGET_EXCEEDED"}))
async def test_errors_carry_the_chaincodes_own_code_and_words(code: str):
    contract = ScriptedContract([refused(f"{code}: these words")])

    with pytest.raises(QuorateError, match=r"^these words$") as caught:
        await decline(Ledger(contract, retry=Retry(stale=0)))

    assert caught.value.code == code
    assert not isinstance(caught.value, GatewayError)
    assert isinstance(caught.value.__cause__, EndorseError)


async def test_codes_that_only_a_client_gives_are_not_believed():
    contract = ScriptedContract([refused("NO_SPACE: free some space on your disk")])

    with pytest.raises(EndorseError):
        await decline(Ledger(contract))


async def test_an_unreachable_gateway_keeps_its_error():
    with pytest.raises(GatewayError) as caught:
        await decline(Ledger(ScriptedContract([unavailable()])))

    assert (caught.value.code, caught.value.exit_code) == ("UNREACHABLE", ExitCode.UNREACHABLE)


def test_pauses_grow_and_are_bounded():
    for cause, number in ((Cause.CONFLICT, 12), (Cause.MISMATCH, 9), (Cause.STALE, 6)):
        pauses = list(Retry().pauses(cause))
        assert len(pauses) == number
        assert all(0 < pause <= 1.0 for pause in pauses)
        assert pauses[0] <= 0.02
        assert pauses[5] > pauses[0]
    assert len(list(Retry(settling=True).pauses(Cause.STALE))) == 9


async def test_a_conflict_that_is_the_chaincodes_own_is_told_apart_from_one_of_the_ledger():
    with pytest.raises(ConflictError, match="committed to"):
        await decline(Ledger(ScriptedContract([refused("CONFLICT: it has committed to another update")])))
