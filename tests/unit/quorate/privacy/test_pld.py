import subprocess
import sys

import pytest

from quorate.privacy.conversion import epsilon
from quorate.privacy.orders import UNIT
from quorate.privacy.parameters import Mechanism
from quorate.privacy.pld import LARGEST_EPSILON, MOST_MECHANISMS, epsilon_pld
from quorate.privacy.vector import charge


def mechanism(sigma, rate, steps):
    return Mechanism(noise_multiplier=sigma, sample_rate=rate, steps=steps)


def needs_library():
    return pytest.importorskip("dp_accounting", reason="needs dp-accounting (extra gateway)")


# Made by dp-accounting 0.6.0 at an interval of 1e-4, as in the accountant's known answers.
@pytest.mark.parametrize(
    ("sigma", "rate", "steps", "delta", "expected"),
    [
        ("4", "1/4", 48, "1e-5", 1.8129660703853603),
        ("1.1", "1/32", 320, "1e-5", 2.996405600950859),
        ("0.7", "1/100", 1000, "1e-6", 5.447923963573112),
    ],
)
def test_agrees_with_the_reference(sigma, rate, steps, delta, expected):
    needs_library()
    value, note = epsilon_pld((mechanism(sigma, rate, steps),), delta)
    assert value == pytest.approx(expected, rel=1e-3)
    assert note == ""


def test_plain_gaussians_compose_exactly():
    needs_library()
    many = epsilon_pld((mechanism("10", "1/1", 100),), "1e-5").value
    one = epsilon_pld((mechanism("1", "1/1", 1),), "1e-5").value
    assert many == pytest.approx(one, rel=1e-6)


def test_mechanisms_compose():
    needs_library()
    parts = (mechanism("10", "1/4", 10), mechanism("4", "1/4", 24))
    together = epsilon_pld(parts, "1e-5").value
    assert max(epsilon_pld((part,), "1e-5").value for part in parts) < together
    assert together < sum(epsilon_pld((part,), "1e-5").value for part in parts)
    assert together < epsilon(charge(parts[0]) + charge(parts[1]), "1e-5").nano / UNIT


def test_nothing_spent_is_zero():
    assert epsilon_pld((), "1e-5") == (0.0, "")


@pytest.mark.parametrize(
    ("histogram", "delta", "reason"),
    [
        ((mechanism("0.3", "1/1", 9),), "1e-5", f"ε is above {LARGEST_EPSILON}"),
        ((mechanism("4", "1/4", 100_001),), "1e-5", "more than 100000 steps"),
        (
            tuple(mechanism(str(i + 100), "1/4", 1) for i in range(MOST_MECHANISMS + 1)),
            "1e-5",
            "more than 32 different",
        ),
    ],
)
def test_what_would_be_slow_is_not_computed(histogram, delta, reason):
    value, note = epsilon_pld(histogram, delta)
    assert value is None
    assert reason in note


def test_what_floats_cannot_tell_is_not_said():
    needs_library()
    value, note = epsilon_pld((mechanism("4", "1/4", 48),), "1e-99")
    assert (value, note) == (None, "No PLD value: δ is too small for floats.")


def test_without_the_library_there_is_a_note(monkeypatch):
    monkeypatch.setitem(sys.modules, "dp_accounting", None)
    monkeypatch.delitem(sys.modules, "dp_accounting.pld", raising=False)
    value, note = epsilon_pld((mechanism("4.25", "1/4", 48),), "1e-5")
    assert value is None
    assert "dp_accounting" in note
    assert "quorate[gateway]" in note
    epsilon_pld.cache_clear()


def test_the_library_is_not_imported_before_it_is_needed():
    program = "import sys, quorate.privacy.quote; print({'dp_accounting', 'scipy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=200, check=True)
    assert done.stdout.strip() == "set()"
