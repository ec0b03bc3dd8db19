"""A member's authority issues what peers take and the verifier cannot judge: that alone spoils nobody's evidence."""

import pytest

from quorate.blocks.codes import TxValidationCode as Code
from quorate.verify import Step, VerificationError, verify_bundle
from tests.unit.quorate.ledger.bundles import export
from tests.unit.quorate.ledger.chain import transaction
from tests.unit.quorate.ledger.consortium import CHAINCODE, Consortium, Ledger
from tests.unit.quorate.ledger.forgery import FALSE, Forger, extension, forger, of_version
from tests.unit.quorate.ledger.tampering import reseal
from tests.unit.quorate.ledger.witnesses import statements


@pytest.fixture
def made():
    return Consortium(Ledger(("Alder", "Birch", "Cedar"), per_block=1))


def odd_peer(made):
    return forger(made.members[1], made.members[1].peer, version=of_version(2))


def endorse(made, *endorsers):
    """Put a transaction that writes nothing and rests on these endorsements; the block says that it counted."""
    entry = transaction(
        made.members[0].roles["agent"], CHAINCODE, [b"audit:Info", b"{}"],
        writes={}, endorsers=endorsers, time_ms=made.ledger.time,
    )  # fmt: skip
    made.ledger.put(entry)


def call_oddly(made):
    """Have a member write a record, signed with a certificate that not every peer need read alike."""
    member = made.members[1]
    signer = forger(member, member.roles["officer"], more=[extension("1.2.3.4", b"\x05\0", FALSE)])
    made.ledger.call(
        member, "officer", "audit:RecordReview", signer=signer,
        review="odd", subject="ledger", state="OPEN", findings={},
    )  # fmt: skip


def open_codes(report):
    return [found.why for found in report.not_checked if "rightly counted" in found.message]


def test_what_rests_on_one_is_said_to_be_open_and_all_else_is_verified(made, tmp_path):
    endorse(made, made.members[0].peer, odd_peer(made))
    made.round(1)
    export(made.ledger, tmp_path / "b", artifacts=made.artifacts)
    report = verify_bundle(tmp_path / "b", genesis=made.ledger.genesis)
    number = next(index for index, block in enumerate(made.ledger.chain.blocks) if b"audit:Info" in block.data.data[0])
    [why] = open_codes(report)
    assert why.startswith(
        f"it rests on certificates that not every peer need read alike: block {number}, transaction 0, BirchMSP's: "
        "it is of version 2;"
    )
    assert any("models" in found.message or "model" in found.message for found in report.verified)


def vouched_for(made, path):
    """Return the report on a bundle with the statements of two of three members."""
    export(made.ledger, path)
    (path / "witnesses").mkdir()
    for name, data in statements(made.ledger, made.members[:2]).items():
        (path / name).write_bytes(data)
    return verify_bundle(reseal(path, made.ledger.officer), genesis=made.ledger.genesis)


def test_a_majority_of_members_stands_in_for_it(made, tmp_path):
    endorse(made, made.members[0].peer, odd_peer(made))
    made.round(1)
    report = vouched_for(made, tmp_path / "b")
    assert open_codes(report) == []
    [said] = [found.message for found in report.verified if "cannot be derived" in found.message]
    assert said.startswith("1 validation code more cannot be derived from the bundle")


def test_a_block_that_says_it_did_not_count_is_believed_as_well(made, tmp_path):
    entry = transaction(
        made.members[0].roles["agent"], CHAINCODE, [b"audit:Info", b"{}"],
        writes={}, endorsers=[made.members[0].peer, odd_peer(made)], time_ms=made.ledger.time,
    )  # fmt: skip
    made.ledger.chain.append([entry], codes=bytes([Code.ENDORSEMENT_POLICY_FAILURE]))
    made.round(1)
    export(made.ledger, tmp_path / "b")
    assert len(open_codes(verify_bundle(tmp_path / "b", genesis=made.ledger.genesis))) == 1


def test_it_does_not_make_up_for_endorsements_that_are_missing(made, tmp_path):
    endorse(made, odd_peer(made))
    export(made.ledger, tmp_path / "b")
    with pytest.raises(VerificationError) as caught:
        verify_bundle(tmp_path / "b", genesis=made.ledger.genesis)
    assert "does not satisfy the policy of quorate" in caught.value.report.failed[0].message


def test_nothing_is_open_where_others_suffice(made, tmp_path):
    endorse(made, odd_peer(made), *made.ledger.endorsers)
    export(made.ledger, tmp_path / "b")
    assert open_codes(verify_bundle(tmp_path / "b", genesis=made.ledger.genesis)) == []


def test_what_its_member_called_is_replayed(made, tmp_path):
    call_oddly(made)
    made.round(1)
    export(made.ledger, tmp_path / "b")
    report = verify_bundle(tmp_path / "b", genesis=made.ledger.genesis)
    [why] = open_codes(report)
    assert "BirchMSP's: it is not written as X.509 demands" in why
    assert any("led to exactly the records" in found.message for found in report.verified if found.step is Step.REPLAY)


def test_from_a_checkpoint_it_is_taken_as_before(made, tmp_path):
    call_oddly(made)
    export(made.ledger, tmp_path / "first")
    first = verify_bundle(tmp_path / "first", genesis=made.ledger.genesis)
    made.round(1)
    export(made.ledger, tmp_path / "second")
    verify_bundle(tmp_path / "second", genesis=made.ledger.genesis, known=first.checkpoint)


def test_odd_text_around_a_certificate_leaves_open_what_rests_on_it(made, tmp_path):
    peer = made.members[1].peer
    text = peer.pem.replace(b"BEGIN CERTIFICATE-----", b"BEGIN CERTIFICATE-----\nNote: peers pass over headers\n")
    endorse(made, made.members[0].peer, Forger(peer.msp_id, peer.issued, text))
    export(made.ledger, tmp_path / "b")
    [why] = open_codes(verify_bundle(tmp_path / "b", genesis=made.ledger.genesis))
    assert "BirchMSP's: its PEM is written in an uncommon way" in why


def order_oddly(made):
    """Have the orderer's own authority give it a certificate that not every peer need take, from here on."""
    ordering = made.ledger.ordering
    made.ledger.cut()
    made.ledger.chain.orderer = forger(ordering, ordering.orderer, version=of_version(2))
    made.round(1)
    return len(made.ledger.chain.blocks)


def test_headers_that_an_odd_orderer_signed_are_said_to_be_open(made, tmp_path):
    since = len(made.ledger.chain.blocks)
    until = order_oddly(made)
    export(made.ledger, tmp_path / "b")
    report = verify_bundle(tmp_path / "b", genesis=made.ledger.genesis)
    [found] = [found for found in report.not_checked if found.step is Step.HEADERS]
    assert found.message == f"that orderers have signed {until - since} headers as was demanded"
    assert f": from block {since} on, OrderersMSP's: it is of version 2; statements of a majority" in found.why
    [said] = [found.message for found in report.verified if "in one chain" in found.message]
    assert f"orderers have signed all but the first and {until - since} more as the" in said


def test_a_majority_of_members_stands_in_for_an_odd_orderer(made, tmp_path):
    order_oddly(made)
    report = vouched_for(made, tmp_path / "b")
    assert [found for found in report.not_checked if found.step is Step.HEADERS] == []
    assert any("took the chain that they are in" in found.message for found in report.verified)


def test_an_odd_orderer_of_nobody_is_none(made, tmp_path):
    made.ledger.cut()
    member = made.members[1]
    made.ledger.chain.orderer = forger(member, member.orderer, version=of_version(2))
    made.round(1)
    export(made.ledger, tmp_path / "b")
    with pytest.raises(VerificationError, match="do not satisfy /Channel/Orderer/BlockValidation"):
        verify_bundle(tmp_path / "b", genesis=made.ledger.genesis)
