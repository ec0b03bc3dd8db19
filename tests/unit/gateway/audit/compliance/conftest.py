import pytest

from gateway.audit.compliance.evidence import verified_evidence
from gateway.audit.compliance.frameworks import FRAMEWORKS
from gateway.audit.compliance.report import fill
from tests.unit.gateway.portal.ledger import lawful
from tests.unit.quorate.ledger.bundles import export


@pytest.fixture(scope="session")
def house():
    return lawful()


@pytest.fixture(scope="session")
def bundle(house, tmp_path_factory):
    target = tmp_path_factory.mktemp("compliance") / "evidence.qeb"
    export(house.ledger, target)
    return target


@pytest.fixture(scope="session")
def filled(house, bundle):
    """Every framework, filled from the bundle."""
    with verified_evidence(bundle, genesis=house.ledger.genesis) as evidence:
        return {name: fill(framework, evidence) for name, framework in FRAMEWORKS.items()}
