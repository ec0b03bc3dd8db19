from __future__ import annotations

import pytest

from gateway.service.limiter import Rate, Slots
from gateway.service.status import BusyError


def test_slots_are_counted_for_each_identity_and_given_back() -> None:
    slots = Slots(2)
    with slots.take("a"), slots.take("b"):
        with slots.take("a"), pytest.raises(BusyError), slots.take("a"):
            pytest.fail("there are two slots")
        with slots.take("a"):
            pass


def test_a_slot_is_given_back_after_an_error() -> None:
    slots = Slots(1)
    with pytest.raises(KeyError), slots.take("a"):
        raise KeyError
    with slots.take("a"):
        pass


def test_a_bucket_fills_with_time_up_to_its_burst() -> None:
    now = [0.0]
    rate = Rate(2.0, burst=3, clock=lambda: now[0])
    for _ in range(3):
        rate.spend("a")
    with pytest.raises(BusyError):
        rate.spend("a")
    rate.spend("b")
    now[0] = 0.5
    rate.spend("a")
    with pytest.raises(BusyError):
        rate.spend("a")
    now[0] = 1000.0
    for _ in range(3):
        rate.spend("a")
    with pytest.raises(BusyError):
        rate.spend("a")
