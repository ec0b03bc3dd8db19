"""What was verified before is not asked again, and nobody can change it behind the verifier's back."""

import pytest

from quorate.errors import UsageError
from quorate.verify import Checkpoint, VerificationError, verify_bundle
from quorate.verify.bundle.headers import encode_header
from tests.unit.quorate.ledger.bundles import export
from tests.unit.quorate.ledger.consortium import Consortium, Ledger
from tests.unit.quorate.ledger.tampering import reseal


@pytest.fixture
def made():
    consortium = Consortium(Ledger(("Alder", "Birch"), per_block=1), rounds=3)
    consortium.round(1)
    return consortium


@pytest.fixture
def known(made, tmp_path):
    export(made.ledger, tmp_path / "before")
    return verify_bundle(tmp_path / "before", genesis=made.ledger.genesis).checkpoint


def failure(bundle, known):
    with pytest.raises(VerificationError) as caught:
        verify_bundle(bundle, known=known)
    return caught.value.report.failed[0]


def test_the_next_verification_begins_where_the_last_one_ended(made, known, tmp_path):
    assert known.height == len(made.ledger.chain.blocks)
    made.round(2)
    export(made.ledger, tmp_path / "after")
    report = verify_bundle(tmp_path / "after", known=known)
    said = " | ".join(found.message for found in report.verified)
    assert f"up to block {known.height - 1} that was verified before" in said
    assert f"{known.height - 1} more are those that were derived before" in said
    assert "1 study with 2 rounds, 2 of them final" in said
    [found] = [found for found in report.not_checked if "signatures up to block" in found.message]
    assert "what was open then is open still" in found.why
    again = verify_bundle(tmp_path / "after", genesis=made.ledger.genesis)
    assert report.checkpoint == again.checkpoint
    assert report.checkpoint.height == len(made.ledger.chain.blocks)


def test_a_ledger_that_has_become_shorter(made, known, tmp_path):
    export(made.ledger, tmp_path / "shorter", blocks=made.ledger.chain.blocks[:-1])
    assert f"and {known.height - 1} was verified before" in failure(tmp_path / "shorter", known).message


def test_another_chain_up_to_there(known, tmp_path):
    other = Consortium(Ledger(("Alder", "Birch"), per_block=1), rounds=3)
    other.round(1)
    export(other.ledger, tmp_path / "other")
    assert "the pinned one is" in failure(tmp_path / "other", known).message


def test_another_header_at_the_same_height(made, known, tmp_path):
    export(made.ledger, tmp_path / "again")
    changed = known.model_copy(update={"header": "sha256:" + 64 * "0"})
    assert "and that of the one verified before is" in failure(tmp_path / "again", changed).message


def test_other_codes_before_it(made, known, tmp_path):
    block = made.ledger.chain.blocks[5]
    block.metadata.metadata[2] = bytes([11])
    made.ledger.chain.recommit()
    made.round(2)
    export(made.ledger, tmp_path / "altered")
    with pytest.raises(VerificationError) as caught:
        verify_bundle(tmp_path / "altered", known=known)
    assert any(f"{known.commit_hash} was verified before" in found.message for found in caught.value.report.failed)


def test_signatures_behind_it_are_verified(made, known, tmp_path):
    made.round(2)
    block = made.ledger.chain.blocks[-1]
    block.metadata.metadata[0] = made.ledger.chain.blocks[-2].metadata.metadata[0]
    export(made.ledger, tmp_path / "unsigned")
    assert failure(tmp_path / "unsigned", known).place == f"headers.bin, block {len(made.ledger.chain.blocks) - 1}"


def test_a_header_before_it_may_not_change_either(made, known, tmp_path):
    export(made.ledger, tmp_path / "changed")
    blocks = made.ledger.chain.blocks
    blocks[3].header.data_hash = bytes(32)
    (tmp_path / "changed" / "headers.bin").write_bytes(b"".join(map(encode_header, blocks)))
    assert "it follows" in failure(reseal(tmp_path / "changed", made.ledger.officer), known).message


def test_of_part_of_a_ledger_nothing_is_remembered(made, known, tmp_path):
    export(made.ledger, tmp_path / "study", study="one")
    assert verify_bundle(tmp_path / "study", genesis=made.ledger.genesis).checkpoint is None
    with pytest.raises(UsageError, match="whole ledger only"):
        verify_bundle(tmp_path / "study", known=known)


def test_a_file_keeps_it(known, tmp_path):
    path = tmp_path / "known.json"
    assert Checkpoint.load(path) is None
    known.save(path)
    assert Checkpoint.load(path) == known
    path.write_bytes(b"{}")
    with pytest.raises(UsageError, match=r"known\.json is no checkpoint"):
        Checkpoint.load(path)
