import pytest

from gateway.audit.access import AccessLog, Reader
from gateway.audit.trail import Trail
from quorate.digest import digest_of
from quorate.identifiers import MspId
from tests.unit.quorate.ledger.consortium import Consortium, Ledger

OFFICER = Reader(msp=MspId("AlderMSP"), role="officer", certificate=digest_of(b"an officer's certificate"))


@pytest.fixture(scope="session")
def consortium():
    made = Consortium(Ledger(("Alder", "Birch", "Cedar"), per_block=3))
    made.round(1)
    made.ledger.cut()
    return made


@pytest.fixture
def trail(consortium):
    trail = Trail.open(None)
    trail.append(block.SerializeToString() for block in consortium.ledger.chain.blocks)
    yield trail
    trail.close()


@pytest.fixture
def log(tmp_path):
    log = AccessLog.open(tmp_path / "audit" / "access.db", MspId("AlderMSP"))
    yield log
    log.close()


@pytest.fixture
def officer():
    return OFFICER


@pytest.fixture
def add(log, officer):
    """Add entries to the log, one for each question."""

    def write(*questions):
        return [
            log.add(
                officer,
                via="command",
                what=f"question/{name}",
                asked={"study": "one"},
                height=7,
                decision=None,
                time=at,
            )
            for at, name in enumerate(questions, 1000)
        ]

    return write
