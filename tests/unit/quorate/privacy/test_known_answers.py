"""The chaincode's known answers hold for its Python twin."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

from quorate.privacy.account import compose
from quorate.privacy.conversion import epsilon
from quorate.privacy.orders import UNIT
from quorate.privacy.parameters import Mechanism

VECTORS = Path(__file__).parents[4] / "chaincode/privacy/testdata/vectors.json"
ROWS = json.loads(VECTORS.read_text())["rows"]


def account(row):
    return compose(Mechanism(**charge) for charge in row["charges"])


def test_there_are_two_hundred():
    assert len(ROWS) == 200


@pytest.mark.parametrize("row", ROWS, ids=range(len(ROWS)))
def test_same_integers(row):
    spent = account(row).spent
    assert {order: str(spent.at(int(order))) for order in row["rdp_nano"]} == row["rdp_nano"]
    assert epsilon(spent, row["delta"]) == (int(row["epsilon_nano"]), row["order"])


@pytest.mark.parametrize("row", ROWS[::5], ids=range(0, len(ROWS), 5))
def test_rounding_is_upward_and_tight(row):
    excess = epsilon(account(row).spent, row["delta"]).nano - Fraction(row["epsilon"]) * UNIT
    assert 0 <= excess <= len(row["charges"]) + 1


def test_never_below_the_optimistic_pld():
    computed = [row for row in ROWS if row["pld_optimistic"] is not None]
    assert len(computed) == 185
    for row in computed:
        assert epsilon(account(row).spent, row["delta"]).nano / UNIT >= row["pld_optimistic"], row
