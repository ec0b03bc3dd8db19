import pytest

from quorate.blocks.msp import Msp
from tests.unit.quorate.ledger.configuration import msp_config
from tests.unit.quorate.ledger.organisations import Organisation


@pytest.fixture(scope="module")
def alder():
    return Organisation.new("Alder")


@pytest.fixture(scope="module")
def msp(alder):
    return Msp(msp_config(alder))
