"""A bundle appears whole, in its one form, or not at all."""

import pytest

from gateway.audit.build import finish
from gateway.audit.collect import Collector
from gateway.audit.seal import About
from gateway.audit.staging import staging
from quorate.errors import AlreadyExistsError, DefectError, NotFoundError, StorageError
from quorate.verify import verify_bundle
from tests.unit.quorate.ledger.bundles import export
from tests.unit.quorate.ledger.consortium import Consortium, Ledger


@pytest.fixture(scope="module")
def made():
    consortium = Consortium(Ledger(("Alder", "Birch"), development=True))
    consortium.round(1)
    return consortium


def test_the_manifest_tells_scope_height_and_marker(made, tmp_path):
    manifest = export(made.ledger, tmp_path / "bundle").manifest
    assert (manifest.scope.kind, manifest.scope.rounds, manifest.development) == ("ledger", 1, True)
    assert manifest.height == len(made.ledger.chain.blocks)
    assert manifest.genesis == made.ledger.genesis
    assert [policy.version for policy in manifest.policies] == [1]


def test_a_bundle_of_a_study_that_is_not_there_does_not_appear(made, tmp_path):
    with pytest.raises(NotFoundError, match="no study none"):
        export(made.ledger, tmp_path / "bundle.qeb", study="none")
    assert list(tmp_path.iterdir()) == []


def test_what_exists_is_never_overwritten(made, tmp_path):
    (tmp_path / "bundle.qeb").write_bytes(b"mine")
    with pytest.raises(AlreadyExistsError):
        export(made.ledger, tmp_path / "bundle.qeb")
    assert (tmp_path / "bundle.qeb").read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["bundle.qeb", "bundle"])
def test_an_export_that_breaks_leaves_nothing_behind(made, tmp_path, name):
    class Broken:
        msp_id = made.ledger.officer.msp_id
        certificate = made.ledger.officer.certificate

        def sign(self, message):
            raise StorageError(f"no key for {len(message)} bytes")

    about = About(channel="quorate", chaincode="quorate")
    with staging(tmp_path / name) as staged, Collector(staged, chaincode="quorate") as collected:
        for block in made.ledger.chain.blocks:
            collected.take(block)
        with pytest.raises(StorageError):
            finish(staged, collected, about, Broken(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_blocks_are_taken_in_their_order_only(made, tmp_path):
    with (
        staging(tmp_path / "bundle") as staged,
        Collector(staged, chaincode="quorate") as collected,
        pytest.raises(DefectError, match="block 3 came where block 0 was due"),
    ):
        collected.take(made.ledger.chain.blocks[3])


def test_a_ledger_that_breaks_its_rules_is_exported_all_the_same(tmp_path):
    """The evidence of a broken rule is what an auditor needs most."""
    consortium = Consortium(Ledger(("Alder", "Birch")))
    consortium.ledger.call(
        consortium.members[0],
        "aggregator",
        "round:Open",
        study="one",
        round=1,
        alter=lambda writes: writes.update(dict.fromkeys(writes, b"not a record")),
    )
    assert export(consortium.ledger, tmp_path / "bundle").manifest.height == len(consortium.ledger.chain.blocks)


def test_the_page_says_that_it_is_no_evidence(made, tmp_path):
    export(made.ledger, tmp_path / "bundle")
    page = (tmp_path / "bundle" / "report.html").read_text(encoding="utf-8")
    assert "This page is not evidence" in page
    assert "for development only" in page
    assert made.record(1).model in page


def test_titles_on_the_ledger_cannot_write_into_the_page(tmp_path):
    class Titled(Consortium):
        def terms(self, initial, rounds):
            return {**super().terms(initial, rounds), "title": "<script>alert(1)</script>"}

    made = Titled(Ledger(("Alder", "Birch")))
    export(made.ledger, tmp_path / "bundle")
    page = (tmp_path / "bundle" / "report.html").read_text(encoding="utf-8")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_artefacts_to_fetch_are_those_that_rounds_name(made, tmp_path):
    with staging(tmp_path / "bundle") as staged, Collector(staged, chaincode="quorate") as collected:
        for block in made.ledger.chain.blocks:
            collected.take(block)
        assert collected.artifacts().keys() == made.artifacts.keys()


def test_nothing_of_grpc_is_needed_to_verify_what_was_built(made, tmp_path):
    export(made.ledger, tmp_path / "bundle.qeb")
    assert verify_bundle(tmp_path / "bundle.qeb", genesis=made.ledger.genesis).result == "verified"
