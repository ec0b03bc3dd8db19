import pytest

from gateway.audit.compliance.evidence import verified_evidence
from gateway.audit.compliance.frameworks import FRAMEWORKS
from gateway.audit.compliance.report import fill
from quorate.digest import digest_of
from tests.unit.gateway.portal.ledger import DATA, House
from tests.unit.quorate.ledger.bundles import export


@pytest.fixture(scope="session")
def house():
    """A consortium that has voted, trained, disputed, reviewed, anchored, and run out of a budget, by the rules."""
    house = House(cap="1.39")
    house.round(1)
    house.adopt()
    house.round(2, silent=("Cedar",))
    house.review("cedar-silent", "round/one/2", "OPEN")
    house.review("first-model", "round/one/1", "OPEN")
    house.review("first-model", "round/one/1", "ASSIGNED", reviewer="ab" * 32)
    note = digest_of(b"a note")
    house.review(
        "charter", "ledger", "CONCLUDED", reviewer="cd" * 32, meaning="approval", outcome="accepted", note=note
    )
    house.call("audit:AnchorAccessLog", role="aggregator", entries=3, head=digest_of(b"a head"))
    house.admit()
    house.dispute(3)
    second = House(house.ledger, study="two")
    second.open(1)
    for by in (0, 1):
        second.call("privacy:Reserve", by=by, role="agent", study="two", round=1, dataset=DATA)
    return house


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
