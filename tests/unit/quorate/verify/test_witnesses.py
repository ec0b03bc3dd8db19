"""Other members' statements: what they rule out, what they stand in for, and what no statement can spoil or fake."""

import pytest

from quorate.errors import UsageError
from quorate.verify import Step, VerificationError, verify_bundle
from quorate.verify.bundle.witness import Witnessed
from tests.unit.quorate.ledger.bundles import export
from tests.unit.quorate.ledger.consortium import Consortium, Ledger
from tests.unit.quorate.ledger.organisations import Organisation
from tests.unit.quorate.ledger.tampering import reseal
from tests.unit.quorate.ledger.witnesses import statement, statements


@pytest.fixture(scope="module")
def made():
    consortium = Consortium(Ledger(("Alder", "Birch", "Cedar"), per_block=1))
    consortium.round(1)
    Consortium(consortium.ledger, study="two").round(1)
    consortium.ledger.cut()
    return consortium


def bundle(made, path, files, **extent):
    export(made.ledger, path, **extent)
    (path / "witnesses").mkdir()
    for name, data in files.items():
        (path / name).write_bytes(data)
    return reseal(path, made.ledger.officer)


def verified(made, path):
    return [
        found.message
        for found in verify_bundle(path, genesis=made.ledger.genesis).verified
        if found.step is Step.WITNESSES
    ]


def failure(made, path):
    with pytest.raises(VerificationError) as caught:
        verify_bundle(path, genesis=made.ledger.genesis)
    [found] = [found for found in caught.value.report.failed if found.step is Step.WITNESSES]
    return found


def test_a_majority_rules_out_a_fork(made, tmp_path):
    path = bundle(made, tmp_path / "b", statements(made.ledger, made.members[:2]))
    [said] = verified(made, path)
    last = len(made.ledger.chain.blocks) - 1
    assert said.startswith(f"no fork: 2 of 3 members saw block {last} as it is here: AlderMSP at 2026-")


def test_a_time_that_no_calendar_has_stops_nobody(made, tmp_path):
    files = statements(made.ledger, made.members[:2], alter=lambda seen: seen.update(observed_time=2**53 - 1))
    [said] = verified(made, bundle(made, tmp_path / "b", files))
    assert f"AlderMSP at {2**53 - 1} ms" in said


@pytest.mark.parametrize("who", [[], [0], [1]])
def test_fewer_are_not_enough(made, tmp_path, who):
    path = bundle(made, tmp_path / "b", statements(made.ledger, [made.members[index] for index in who]))
    assert verified(made, path) == []
    report = verify_bundle(path, genesis=made.ledger.genesis)
    [found] = [found for found in report.not_checked if found.step is Step.WITNESSES]
    assert f"statements of {len(who)} of 3 members name the last block" in found.why


def test_two_members_need_the_other_one(tmp_path):
    made = Consortium(Ledger(("Alder", "Birch")))
    assert verified(made, bundle(made, tmp_path / "one", statements(made.ledger, made.members[:1]))) == []
    assert len(verified(made, bundle(made, tmp_path / "two", statements(made.ledger, made.members)))) == 1


def test_statements_about_older_blocks_do_not_reach_the_last(made, tmp_path):
    assert verified(made, bundle(made, tmp_path / "b", statements(made.ledger, made.members, blocks=[1, 5]))) == []


def test_newer_blocks_that_a_witness_knew_of_are_said(made, tmp_path):
    files = statements(made.ledger, made.members, height=len(made.ledger.chain.blocks) + 3)
    [said] = verified(made, bundle(made, tmp_path / "b", files))
    assert said.endswith("; 3 newer blocks were there by then")


def other(field, value):
    return lambda seen: seen.update({field: value})


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"alter": other("header", "sha256:" + 64 * "0")}, "BirchMSP saw block"),
        ({"alter": other("commit_hash", 64 * "0")}, "BirchMSP's peer came to the commit hash 0000"),
        ({"channel": "another"}, "about the channel 'another'"),
        ({"msp": "CedarMSP"}, "the statement is CedarMSP's"),
        ({"blocks": []}, "out of order, none, or above"),
        ({"blocks": [5, 4]}, "out of order"),
        ({"height": 1}, "above its height"),
    ],
)
def test_statements_that_do_not_fit(made, tmp_path, how, message):
    files = {"witnesses/BirchMSP.json": statement(made.ledger, made.members[1], **how)}
    found = failure(made, bundle(made, tmp_path / "b", files))
    assert found.place == "witnesses/BirchMSP.json"
    assert message in found.message


@pytest.mark.parametrize(
    ("signer", "message"),
    [
        (lambda made: made.members[1].roles["agent"], "signed by no gateway of BirchMSP"),
        (lambda made: made.members[0].roles["aggregator"], "does not chain to a root of BirchMSP"),
        (lambda _: Organisation.new("Birch").roles["aggregator"], "does not chain to a root of BirchMSP"),
    ],
)
def test_statements_signed_by_others(made, tmp_path, signer, message):
    files = {"witnesses/BirchMSP.json": statement(made.ledger, made.members[1], signer=signer(made))}
    assert message in failure(made, bundle(made, tmp_path / "b", files)).message


def test_a_statement_that_was_altered(made, tmp_path):
    data = statement(made.ledger, made.members[1])
    for spot in range(0, len(data), 23):
        altered = bytearray(data)
        altered[spot] ^= 1
        path = bundle(made, tmp_path / str(spot), {"witnesses/BirchMSP.json": bytes(altered)})
        assert failure(made, path).place == "witnesses/BirchMSP.json"


@pytest.mark.parametrize("size", [70, 71])
def test_bits_behind_the_end_of_a_signature_say_nothing_and_are_none(made, size):
    """Base64 leaves room in its last digit unless three divide the size."""
    found = Witnessed.read(statement(made.ledger, made.members[1]))
    plain = Witnessed.signed(found.statement, bytes(size))
    assert plain.raw_signature == bytes(size)
    assert plain.signature.rstrip("=")[-1] == "A"
    altered = plain.model_copy(update={"signature": plain.signature.replace("A=", "B=")})
    with pytest.raises(UsageError, match="say nothing"):
        _ = altered.raw_signature


def test_of_part_of_a_ledger_a_majority_stands_in_for_what_cannot_be_derived(made, tmp_path):
    export(made.ledger, tmp_path / "plain", study="one")
    plain = verify_bundle(tmp_path / "plain", genesis=made.ledger.genesis)
    assert any("rightly counted or did not" in found.message for found in plain.not_checked)
    everything = range(len(made.ledger.chain.blocks))
    files = statements(made.ledger, made.members[:2], blocks=everything)
    report = verify_bundle(bundle(made, tmp_path / "b", files, study="one"), genesis=made.ledger.genesis)
    assert any("a majority of members stand in" in found.message for found in report.verified)
    assert not any("rightly counted or did not" in found.message for found in report.not_checked)


def test_of_part_of_a_ledger_another_code_is_found(tmp_path):
    ledger = Consortium(Ledger(("Alder", "Birch", "Cedar"), per_block=2)).ledger
    ledger.cut()
    everything = range(len(ledger.chain.blocks))
    files = statements(ledger, ledger.members[1:], blocks=everything)
    block = next(block for block in reversed(ledger.chain.blocks) if len(block.data.data) > 1)
    block.metadata.metadata[2] = bytes([0, 11])
    ledger.chain.recommit()
    export(ledger, tmp_path / "b", study="one")
    (tmp_path / "b" / "witnesses").mkdir()
    for name, data in files.items():
        (tmp_path / "b" / name).write_bytes(data)
    with pytest.raises(VerificationError) as caught:
        verify_bundle(reseal(tmp_path / "b", ledger.officer), genesis=ledger.genesis)
    message = f"BirchMSP's peer decided otherwise on block {block.header.number}"
    assert any(message in found.message for found in caught.value.report.failed)
