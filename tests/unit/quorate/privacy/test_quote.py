import json

import pytest

from quorate.errors import UsageError
from quorate.privacy.conversion import epsilon
from quorate.privacy.orders import ORDERS, UNIT
from quorate.privacy.parameters import Mechanism
from quorate.privacy.quote import quote
from quorate.privacy.vector import charge


def mechanism(sigma, rate, steps):
    return Mechanism(noise_multiplier=sigma, sample_rate=rate, steps=steps)


def ledger_epsilon(*arguments, delta="1e-5"):
    return epsilon(charge(mechanism(*arguments)), delta).nano / UNIT


def test_the_document():
    document = quote(mechanism("1.1", "1/32", 320), delta="1e-5")
    assert document["schema"] == "quorate.quote/1"
    assert (document["epsilon_nano"], document["order"]) == (3_369_951_357, 6)
    assert list(document["rdp_nano"]) == [str(order) for order in ORDERS]
    assert all(type(amount) is int for amount in document["rdp_nano"].values())
    assert json.loads(json.dumps(document)) == document


def test_notes_say_where_it_sits_and_what_would_reach_the_next_targets():
    notes = quote(mechanism("4", "1/4", 48), delta="1e-5")["notes"]
    assert notes[0] == "The ledger charges ε = 1.9899 at δ = 1e-5, by order 10."
    assert "reasonable guarantee" in notes[2]
    assert notes[3] == (
        "ε ≤ 1 needs a noise multiplier of at least 7.3 at this sample rate or a sample rate of at most 1/8 at this "
        "noise multiplier, for as many steps."
    )
    assert notes[4].startswith("ε ≤ 2 needs a noise multiplier of at least 4 at")


def test_suggestions_are_the_least_that_is_enough():
    assert ledger_epsilon("7.3", "1/4", 48) <= 1 < ledger_epsilon("7.2", "1/4", 48)
    assert ledger_epsilon("4", "1/8", 48) <= 1 < ledger_epsilon("4", "1/7", 48)


def test_suggestions_out_of_reach_are_left_out():
    notes = quote(mechanism("0.3", "1/1", 10**9), delta="1e-5")["notes"]
    assert not any("needs" in note for note in notes)
    assert any("weak guarantee" in note for note in notes)


def test_a_loose_bound_is_explained():
    pytest.importorskip("dp_accounting", reason="needs dp-accounting (extra gateway)")
    notes = quote(mechanism("0.5", "1/1000", 100), delta="1e-5")["notes"]
    assert any("RDP is loose for few steps and little noise" in note for note in notes)


def test_parameters_are_checked():
    with pytest.raises(UsageError, match="delta"):
        quote(mechanism("4", "1/4", 48), delta="0.00001")
    with pytest.raises(UsageError, match="steps"):
        quote(mechanism("4", "1/4", 10**9 + 1), delta="1e-5")
