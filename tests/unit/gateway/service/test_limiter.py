from __future__ import annotations

import pytest

from gateway.service.limiter import Rate, Slots
from quorate.errors import LimitError


def test_slots_are_counted_for_each_identity_and_given_back() -> None:
    slots = Slots(2, limit="limits.calls_at_once")
    with slots.take("a"), slots.take("b"):
        with slots.take("a"), pytest.raises(LimitError), slots.take("a"):
            pytest.fail("there are two slots")
        with slots.take("a"):
            pass


def test_a_slot_is_given_back_after_an_error() -> None:
    slots = Slots(1, limit="limits.calls_at_once")
    with pytest.raises(KeyError), slots.take("a"):
        raise KeyError
    with slots.take("a"):
        pass


def test_a_bucket_fills_with_time_up_to_its_burst() -> None:
    now = [0.0]
    rate = Rate(2.0, burst=3, clock=lambda: now[0])
    for _ in range(3):
        rate.spend("a")
    with pytest.raises(LimitError):
        rate.spend("a")
    rate.spend("b")
    now[0] = 0.5
    rate.spend("a")
    with pytest.raises(LimitError):
        rate.spend("a")
    now[0] = 1000.0
    for _ in range(3):
        rate.spend("a")
    with pytest.raises(LimitError):
        rate.spend("a")
