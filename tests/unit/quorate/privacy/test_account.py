from dataclasses import replace
from itertools import permutations

import pytest

from quorate.errors import CheckFailedError, UsageError
from quorate.privacy.account import MAX_HISTOGRAM_ENTRIES, Account, compose
from quorate.privacy.orders import ORDERS
from quorate.privacy.parameters import MAX_STEPS, MAX_TOTAL_STEPS, Mechanism
from quorate.privacy.vector import MAX_NANO, NOTHING, Vector, charge


def mechanism(sigma, rate, steps):
    return Mechanism(noise_multiplier=sigma, sample_rate=rate, steps=steps)


SEVERAL = [
    mechanism("4", "1/4", 6),
    mechanism("10", "1/4", 1),
    mechanism("4", "1/4", 7),
    mechanism("4", "1/8", 6),
    mechanism("2", "1/1", 3),
]


def test_histogram_merges_and_sorts():
    assert compose(SEVERAL).histogram == (
        mechanism("10", "1/4", 1),
        mechanism("2", "1/1", 3),
        mechanism("4", "1/4", 13),
        mechanism("4", "1/8", 6),
    )


def test_the_order_of_charges_does_not_matter():
    assert len({compose(charges) for charges in permutations(SEVERAL)}) == 1


def test_an_account_passes_its_own_check():
    compose(SEVERAL).check()
    compose([]).check()
    compose([mechanism("1.1", "1/32", 1)] * 320).check()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda a: replace(a, histogram=a.histogram[::-1]), "not sorted"),
        (lambda a: replace(a, histogram=a.histogram[:1] * 2), "not sorted"),
        (lambda a: replace(a, histogram=a.histogram[1:]), "cannot sum to"),
        (lambda a: replace(a, charges=3), "cannot sum to"),
        (lambda a: replace(a, spent=Vector((*a.spent.nano[:-1], 1))), "cannot sum to"),
        (lambda a: replace(a, spent=Vector((a.spent.nano[0] + 3, *a.spent.nano[1:]))), "cannot sum to"),
        (lambda a: replace(a, histogram=(replace(a.histogram[0], steps=2), *a.histogram[1:])), "cannot sum to"),
    ],
)
def test_a_changed_account_fails_its_check(change, reason):
    with pytest.raises(CheckFailedError, match=reason):
        change(compose(SEVERAL)).check()


def test_a_charge_is_bounded_more_tightly_than_a_histogram():
    with pytest.raises(UsageError, match=rf"steps .* is outside 1 to {MAX_STEPS}"):
        charge(mechanism("4", "1/4", MAX_STEPS + 1))


def test_histogram_is_bounded():
    full = tuple(
        sorted(
            (mechanism(str(i + 1), "1/4", 1) for i in range(MAX_HISTOGRAM_ENTRIES)), key=lambda m: m.noise_multiplier
        )
    )
    account = Account(spent=NOTHING, histogram=full, charges=len(full))
    with pytest.raises(UsageError, match="already holds 1024"):
        account.add(mechanism("0.5", "1/4", 1))
    assert account.add(mechanism("7", "1/4", 1)).charges == MAX_HISTOGRAM_ENTRIES + 1
    almost = Account(spent=NOTHING, histogram=(mechanism("4", "1/4", MAX_TOTAL_STEPS),), charges=1)
    with pytest.raises(UsageError, match="exceed the range"):
        almost.add(mechanism("4", "1/4", 1))


def test_vector_json_round_trip():
    spent = compose(SEVERAL).spent
    document = spent.to_json()
    assert list(document) == [str(order) for order in ORDERS]
    assert all(isinstance(amount, str) for amount in document.values())
    assert Vector.from_json(document) == spent


@pytest.mark.parametrize("amount", [1, None, "", "-1", "01", "1.0", "\u0661", str(MAX_NANO + 1), "9" * 10_000])
def test_vector_json_refuses_other_amounts(amount):
    with pytest.raises(UsageError, match="rdp_nano"):
        Vector.from_json(NOTHING.to_json() | {"2": amount})


@pytest.mark.parametrize("change", [{"65": "0"}, {"02": "0"}, {"": "0"}])
def test_vector_json_refuses_other_orders(change):
    with pytest.raises(UsageError, match="75 orders"):
        Vector.from_json(NOTHING.to_json() | change)
    with pytest.raises(UsageError, match="75 orders"):
        Vector.from_json({"2": "0"})


def test_vectors_are_bounded():
    most = Vector((MAX_NANO,) * len(ORDERS))
    with pytest.raises(UsageError, match="outside the range"):
        most + most
    with pytest.raises(UsageError, match="3 orders instead of 75"):
        Vector((1, 2, 3))


def test_nothing_is_falsy():
    assert not NOTHING
    assert compose(SEVERAL).spent
