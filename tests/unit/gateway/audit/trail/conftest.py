import pytest

from gateway.audit.trail import Trail
from tests.unit.quorate.ledger.consortium import Consortium, Ledger


@pytest.fixture(scope="session")
def chain():
    """The blocks of a founded consortium with one study and two rounds, the second without Cedar's update."""
    made = Consortium(Ledger(("Alder", "Birch", "Cedar"), per_block=3))
    made.round(1)
    made.round(2, silent=("Cedar",))
    made.ledger.cut()
    return [block.SerializeToString() for block in made.ledger.chain.blocks]


@pytest.fixture
def trail(chain):
    trail = Trail.open(None)
    trail.append(chain)
    yield trail
    trail.close()
