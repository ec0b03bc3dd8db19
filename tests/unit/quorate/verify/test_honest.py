import json
import subprocess
import sys
import zipfile

import pytest

from quorate.digest import digest_of
from quorate.errors import UsageError
from quorate.verify import Step, verify_bundle
from tests.unit.quorate.ledger.bundles import export
from tests.unit.quorate.ledger.consortium import Consortium, Ledger
from tests.unit.quorate.ledger.tampering import reseal, unpack


def said(report):
    return " | ".join(found.message for found in report.verified)


def test_every_step_says_what_it_found(honest, walked):
    report = verify_bundle(honest, genesis=walked.ledger.genesis)
    assert report.result == "verified"
    assert report.failed == ()
    assert {found.step for found in report.verified} == {
        Step.BOUNDS,
        Step.GENESIS,
        Step.HEADERS,
        Step.BLOCKS,
        Step.TRANSACTIONS,
        Step.VALIDITY,
        Step.REPLAY,
        Step.ARTIFACTS,
    }
    height = len(walked.ledger.chain.blocks)
    assert (
        f"this is evidence of the whole ledger as the chaincode 'quorate' has it on the channel 'quorate' up to block "
        f"{height - 1}, exported by AlderMSP"
    ) in said(report)
    assert "1 study with 2 rounds, 2 of them final" in said(report)
    assert "5 reservations and the totals of 3 privacy accounts were computed anew" in said(report)
    assert "2 models computed again" in said(report)


def test_what_this_version_does_not_check_is_listed_with_its_reason(honest, walked):
    report = verify_bundle(honest, genesis=walked.ledger.genesis)
    assert [found.step for found in report.not_checked] == [Step.BOUNDS, Step.WITNESSES, Step.REPLAY]
    assert all(found.why for found in report.not_checked)


def test_what_the_page_for_people_says_is_nobodys_evidence(honest, walked, tmp_path):
    altered = unpack(honest, tmp_path / "altered")
    (altered / "report.html").write_text("<p>Every member trained honestly.</p>", encoding="utf-8")
    report = verify_bundle(reseal(altered, walked.ledger.officer), genesis=walked.ledger.genesis)
    [found] = [found for found in report.not_checked if "report.html" in found.message]
    assert "AlderMSP wrote them" in found.why


def test_container_and_directory_are_the_same_evidence(container, honest, walked):
    assert verify_bundle(container, genesis=walked.ledger.genesis) == verify_bundle(
        honest, genesis=walked.ledger.genesis
    )


def test_the_container_is_a_zip_that_any_tool_reads(container, honest):
    with zipfile.ZipFile(container) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            assert archive.read(name) == honest.joinpath(*name.split("/")).read_bytes() or name == "manifest.sig"


def test_without_a_pin_nothing_is_verified(honest):
    with pytest.raises(UsageError, match="pinned"):
        verify_bundle(honest)


def test_a_pin_and_trust_exclude_each_other(honest, walked):
    with pytest.raises(UsageError):
        verify_bundle(honest, genesis=walked.ledger.genesis, trust_bundle_genesis=True)


def test_trusting_the_bundles_own_genesis_is_repeated_in_the_report(honest):
    report = verify_bundle(honest, trust_bundle_genesis=True)
    assert Step.GENESIS in {found.step for found in report.not_checked}
    assert Step.GENESIS not in {found.step for found in report.verified}


def test_a_bundle_that_is_not_there_is_wrong_usage(tmp_path, walked):
    with pytest.raises(UsageError, match="there is no bundle"):
        verify_bundle(tmp_path / "none.qeb", genesis=walked.ledger.genesis)


def test_the_report_as_json_has_exactly_the_documented_shape(honest, walked):
    document = json.loads(json.dumps(verify_bundle(honest, genesis=walked.ledger.genesis).as_json()))
    assert list(document) == ["schema", "result", "verified", "failed", "not_checked"]
    assert document["schema"] == "quorate.verification/1"
    assert document["result"] == "verified"


def test_without_artefacts_the_models_are_not_claimed(walked, tmp_path):
    export(walked.ledger, tmp_path / "bare.qeb")
    report = verify_bundle(tmp_path / "bare.qeb", genesis=walked.ledger.genesis)
    assert Step.ARTIFACTS in {found.step for found in report.not_checked}
    assert Step.ARTIFACTS not in {found.step for found in report.verified}


def test_a_development_ledger_is_called_one(tmp_path):
    consortium = Consortium(Ledger(("Alder", "Birch"), development=True))
    export(consortium.ledger, tmp_path / "development.qeb")
    report = verify_bundle(tmp_path / "development.qeb", genesis=consortium.ledger.genesis)
    assert any("embedded network" in found.why for found in report.not_checked)


@pytest.fixture(scope="module")
def two():
    """Two studies of one consortium, each transaction in a block of its own."""
    one = Consortium(Ledger(per_block=1))
    one.round(1)
    Consortium(one.ledger, study="two").round(1)
    return one.ledger


@pytest.mark.parametrize("study", ["one", "two"])
def test_one_study_holds_on_its_own_and_claims_no_totals(two, study, tmp_path):
    export(two, tmp_path / "study", study=study)
    report = verify_bundle(tmp_path / "study", genesis=two.genesis)
    assert "1 study with 1 round," in said(report)
    assert "totals" not in said(report)
    assert any("totals and absences" in found.message for found in report.not_checked)


def test_attesters_of_whom_one_has_copied_are_named(tmp_path):
    made = Consortium(Ledger(per_block=1))
    made.open(1)
    for member in made.members:
        made.commit(member, 1)
    made.seal(1)
    model, proof = made.aggregate(1)
    for member in made.members:
        made.attest(member, 1, model, proof("CedarMSP" if member.name == "Birch" else member.msp_id))
    made.finalize(1)
    export(made.ledger, tmp_path / "bundle")
    report = verify_bundle(tmp_path / "bundle", genesis=made.ledger.genesis)
    [found] = [found for found in report.not_checked if "had its updates" in found.message]
    assert "BirchMSP and CedarMSP in round 1 of one" in found.why


@pytest.fixture(scope="module")
def copied():
    """A second study whose attesters name the model of the first."""
    one = Consortium(Ledger(per_block=1))
    one.round(1)
    other = Consortium(one.ledger, study="two")
    other.open(1)
    for member in other.members:
        other.commit(member, 1)
    other.seal(1)
    for member in other.members:
        other.attest(member, 1, one.record(1).model, digest_of(b"possession"))
    other.finalize(1)
    assert (other.record(1).state, other.record(1).model) == ("DISPUTED", None)
    return one.ledger


@pytest.mark.parametrize("study", [None, "two"])
def test_a_model_that_is_another_rounds_leaves_a_round_to_a_vote(copied, study, tmp_path):
    export(copied, tmp_path / "bundle", study=study)
    assert verify_bundle(tmp_path / "bundle", genesis=copied.genesis).result == "verified"


def test_one_study_leaves_the_others_blocks_out(two, tmp_path):
    export(two, tmp_path / "all")
    export(two, tmp_path / "one", study="one")
    blocks = {name: len(list((tmp_path / name / "blocks").iterdir())) for name in ("all", "one")}
    assert blocks["all"] == len(two.chain.blocks)
    assert blocks["one"] < blocks["all"]


def test_verifying_imports_no_grpc_and_nothing_heavy():
    program = (
        "import sys, quorate.verify, quorate.verify.present.page, quorate.cli.audit\n"
        "heavy = {'grpc', 'torch', 'gateway', 'participants', 'network', 'obstore'} & set(sys.modules)\n"
        "sys.exit(f'imported {sorted(heavy)}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
