"""Ledgers that real Fabric made, abuse and upgrades among them: verified here without Fabric.

How they are recorded: `tests/evidence/record.py`.
"""

import random
import re

import pytest

from quorate.blocks import protos
from quorate.blocks.codes import TxValidationCode
from quorate.verify import Step, VerificationError, verify_bundle
from tests.evidence.abuse import SPELLINGS, TOO_LARGE
from tests.evidence.recorded import recorded

LEDGERS = recorded()


@pytest.fixture(scope="module", params=LEDGERS.values(), ids=LEDGERS.keys())
def ledger(request):
    return request.param


def said(report):
    return " | ".join(found.message for found in report.verified)


def failures(ledger, blocks, target):
    ledger.export(target, blocks=blocks)
    with pytest.raises(VerificationError) as caught:
        verify_bundle(target, genesis=ledger.genesis)
    return caught.value.report.failed


def recommit(blocks, number, codes):
    """Write other codes into a block, and commit hashes that nobody can tell from a peer's."""
    blocks[number].metadata.metadata[2] = bytes(codes)
    for block in blocks[number:]:
        fake = protos.Metadata(value=random.Random(block.header.number).randbytes(32))  # noqa: S311 - any will do
        block.metadata.metadata[4] = fake.SerializeToString()


def test_every_kind_of_real_fabric_is_there():
    assert {"native-3.1-raft", "native-3.1-smartbft", "native-2.5-raft"} <= LEDGERS.keys()


def test_every_code_and_commit_hash_is_derived(ledger, tmp_path):
    ledger.export(tmp_path / "bundle")
    report = verify_bundle(tmp_path / "bundle", genesis=ledger.genesis)
    blocks = ledger.blocks()
    entries = sum(len(block.data.data) for block in blocks[1:])
    assert f"{entries} validation codes derived again" in said(report)
    assert f"the commit hashes of {len(blocks) - 1} blocks follow" in said(report)
    assert "2 updates of the configuration, each signed" in said(report)
    assert "1 study with 2 rounds, 2 of them final" in said(report)
    [revoked] = [found.message for found in report.verified if "good no longer" in found.message]
    assert revoked.startswith(
        "1 certificate signed what counted and was good no longer from a later block on: steward of"
    )
    assert re.search(r"after block [0-9]+: a certificate of AlderMSP in the chain is revoked$", revoked)
    assert Step.VALIDITY not in {found.step for found in report.not_checked}


def test_its_codes_are_of_many_kinds(ledger):
    found = {TxValidationCode.of(code) for block in ledger.blocks()[1:] for code in block.metadata.metadata[2]}
    assert {
        TxValidationCode.VALID,
        TxValidationCode.MVCC_READ_CONFLICT,
        TxValidationCode.PHANTOM_READ_CONFLICT,
        TxValidationCode.ENDORSEMENT_POLICY_FAILURE,
        TxValidationCode.BAD_PROPOSAL_TXID,
    } <= found
    # SmartBFT takes no request twice.
    assert (TxValidationCode.DUPLICATE_TXID in found) is (ledger.document["consensus"] == "raft")


def test_what_members_spell_otherwise_is_worth_what_peers_say(ledger):
    """Peers of both versions count a transaction whose envelope or signature goes on; one odd number spoils another."""
    if ledger.document["consensus"] != "raft":
        pytest.skip("recorded without such transactions")
    found = {
        (more, TxValidationCode.of(code))
        for block in ledger.blocks()[1:]
        for entry, code in zip(block.data.data, block.metadata.metadata[2], strict=True)
        for part, more in SPELLINGS
        if more
        in {"envelope": entry[-len(more) :], "signature": protos.Envelope.FromString(entry).signature}.get(part, entry)
    }
    assert found == {
        (more, TxValidationCode.BAD_RWSET if more == TOO_LARGE else TxValidationCode.VALID) for _, more in SPELLINGS
    }


def test_one_study_of_it_verifies(ledger, tmp_path):
    ledger.export(tmp_path / "study", study="one")
    report = verify_bundle(tmp_path / "study", genesis=ledger.genesis)
    assert "1 study with 2 rounds, 2 of them final" in said(report)


def test_every_altered_code_is_found_whatever_the_commit_hashes_say(ledger, tmp_path):
    """A dishonest exporter holds its own key and nobody else's: codes and commit hashes are all that it can make up."""
    choose = random.Random(7)  # noqa: S311 - no secret, but repeatable
    places = [(block.header.number, index) for block in ledger.blocks()[1:] for index in range(len(block.data.data))]
    for number, index in choose.sample(places, k=25):
        blocks = ledger.blocks()
        codes = bytearray(blocks[number].metadata.metadata[2])
        codes[index] = choose.choice([code for code in (0, 4, 10, 11, 12, 77, 254) if code != codes[index]])
        recommit(blocks, number, codes)
        found = failures(ledger, blocks, tmp_path / f"{number}-{index}")
        assert found[0].place == f"block {number}, transaction {index}", found
        assert found[0].step in {Step.VALIDITY, Step.TRANSACTIONS}


def test_a_forged_commit_hash_is_found(ledger, tmp_path):
    blocks = ledger.blocks()
    recommit(blocks, 30, blocks[30].metadata.metadata[2])
    assert failures(ledger, blocks, tmp_path / "forged")[0].place == "blocks/30.block"


def test_a_block_of_another_ledger_is_found(ledger, tmp_path):
    blocks = ledger.blocks()
    blocks[20].data.data[0] = blocks[21].data.data[0]
    with pytest.raises(Exception, match="data hash"):
        ledger.export(tmp_path / "bundle", blocks=blocks)
