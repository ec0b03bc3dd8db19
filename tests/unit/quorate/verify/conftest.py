import pytest

from quorate.verify import VerificationError, verify_bundle
from tests.unit.quorate.ledger.bundles import export
from tests.unit.quorate.ledger.consortium import Consortium, Ledger


@pytest.fixture(scope="session")
def walked():
    """A consortium of three, two final rounds, the second without one member."""
    consortium = Consortium(Ledger(("Alder", "Birch", "Cedar")))
    consortium.round(1)
    consortium.round(2, silent=("Cedar",))
    consortium.ledger.cut()
    return consortium


@pytest.fixture(scope="session")
def honest(walked, tmp_path_factory):
    """Its bundle as a directory, artefacts included."""
    target = tmp_path_factory.mktemp("honest") / "bundle"
    export(walked.ledger, target, artifacts=walked.artifacts)
    return target


@pytest.fixture(scope="session")
def container(walked, tmp_path_factory):
    """The same as one file."""
    target = tmp_path_factory.mktemp("honest") / "bundle.qeb"
    export(walked.ledger, target, artifacts=walked.artifacts)
    return target


@pytest.fixture
def verify(house, tmp_path):
    """Export what there is of a module's `house`, or a part of it, and verify that."""

    def check(**how):
        export(house.ledger, tmp_path / "bundle", **how)
        return verify_bundle(tmp_path / "bundle", genesis=house.ledger.genesis)

    return check


@pytest.fixture
def fail(verify):
    """Do the same, and return what is wrong first."""

    def check():
        with pytest.raises(VerificationError) as caught:
            verify()
        return caught.value.report.failed[0].message

    return check
