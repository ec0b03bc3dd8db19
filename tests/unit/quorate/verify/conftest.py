import pytest

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
