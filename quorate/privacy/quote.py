"""What training with given parameters would cost, where that sits, and what would cost less."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypedDict

from quorate.privacy.conversion import epsilon
from quorate.privacy.orders import ORDERS, UNIT
from quorate.privacy.pld import PldEpsilon, epsilon_pld
from quorate.privacy.spelling import epsilon_text
from quorate.privacy.vector import charge

if TYPE_CHECKING:
    from quorate.privacy.conversion import Epsilon
    from quorate.privacy.parameters import Mechanism

SCHEMA: Final = "quorate.quote/1"

_TARGETS: Final = (1, 2, 4, 8)
_TENTHS_OF_SIGMA: Final = range(3, 1001)
_RATE_DENOMINATORS: Final = range(1, 4097)
_STRONG: Final = 1
_REASONABLE: Final = 10
_LOOSE_RATIO: Final = 1.25


class Quote(TypedDict):
    """A ``quorate.quote/1`` document: the ledger's integers, a float for display, and sentences for people."""

    schema: str
    noise_multiplier: str
    sample_rate: str
    steps: int
    delta: str
    rdp_nano: dict[str, int]
    epsilon_nano: int
    epsilon_pld: float | None
    order: int
    notes: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """What is asked, and its answer."""

    mechanism: Mechanism
    delta: str
    ledger: Epsilon
    pld: PldEpsilon


def quote(mechanism: Mechanism, *, delta: str) -> Quote:
    """Return what the mechanism costs an account that has spent nothing.

    Raises
    ------
    UsageError
        When a parameter is out of range or not in its canonical text.
    """
    spent = charge(mechanism)
    ledger = epsilon(spent, delta)
    case = _Case(mechanism=mechanism, delta=delta, ledger=ledger, pld=epsilon_pld((mechanism,), delta))
    return Quote(
        schema=SCHEMA,
        noise_multiplier=mechanism.noise_multiplier,
        sample_rate=mechanism.sample_rate,
        steps=mechanism.steps,
        delta=delta,
        rdp_nano={str(order): amount for order, amount in zip(ORDERS, spent.nano, strict=True)},
        epsilon_nano=ledger.nano,
        epsilon_pld=case.pld.value,
        order=ledger.order,
        notes=_notes(case),
    )


def _notes(case: _Case) -> list[str]:
    notes = [
        f"The ledger charges ε = {epsilon_text(case.ledger.nano)} at δ = {case.delta}, by order {case.ledger.order}.",
        _beside(case),
        _strength(case.ledger.nano),
        *(_reach(case, target) for target in _neighbours(case.ledger.nano)),
    ]
    return [note for note in notes if note]


def _beside(case: _Case) -> str:
    """Say how far the ledger's bound is above the PLD value, and why when that is much."""
    if case.pld.value is None:
        return case.pld.note
    text = f"The tighter PLD value, for parameters fixed beforehand, is {case.pld.value:.4f}"
    if case.pld.value <= 0:
        return f"{text}."
    ratio = case.ledger.nano / UNIT / case.pld.value
    if ratio < _LOOSE_RATIO:
        return f"{text}; the ledger's is {ratio:.2f} times that, as is usual."
    return (
        f"{text}; the ledger's is {ratio:.2f} times that. RDP is loose for few steps and little noise: with a noise "
        f"multiplier of at least 1 and sample rate times steps of at least 10 it is about 1.09 times."
    )


def _strength(nano: int) -> str:
    if nano <= _STRONG * UNIT:
        word = "strong"
    elif nano <= _REASONABLE * UNIT:
        word = "reasonable"
    else:
        word = "weak"
    return f"By the usual reading (arXiv:2303.00654: up to 1 strong, up to 10 reasonable) this is a {word} guarantee."


def _neighbours(nano: int) -> list[int]:
    """Return the usual targets for ε next below and next above."""
    below = [target for target in _TARGETS if target * UNIT < nano]
    above = [target for target in _TARGETS if target * UNIT >= nano]
    return below[-1:] + above[:1]


def _reach(case: _Case, target: int) -> str:
    """Say which noise multiplier or which sample rate alone would bring ε to the target."""
    ways = []
    if (sigma := _least_noise(case, target)) is not None:
        ways.append(f"a noise multiplier of at least {sigma} at this sample rate")
    if (rate := _highest_rate(case, target)) is not None:
        ways.append(f"a sample rate of at most {rate} at this noise multiplier")
    return f"ε ≤ {target} needs {' or '.join(ways)}, for as many steps." if ways else ""


def _least_noise(case: _Case, target: int) -> str | None:
    """Return the least noise multiplier, in tenths, that reaches the target."""

    def less_epsilon(tenths: int) -> int:
        return -_nano(replace(case.mechanism, noise_multiplier=_tenths(tenths)), case.delta)

    i = bisect_left(_TENTHS_OF_SIGMA, -target * UNIT, key=less_epsilon)
    return _tenths(_TENTHS_OF_SIGMA[i]) if i < len(_TENTHS_OF_SIGMA) else None


def _highest_rate(case: _Case, target: int) -> str | None:
    """Return the highest sample rate of the form 1/n that reaches the target."""

    def less_epsilon(n: int) -> int:
        return -_nano(replace(case.mechanism, sample_rate=f"1/{n}"), case.delta)

    i = bisect_left(_RATE_DENOMINATORS, -target * UNIT, key=less_epsilon)
    return f"1/{_RATE_DENOMINATORS[i]}" if i < len(_RATE_DENOMINATORS) else None


def _nano(mechanism: Mechanism, delta: str) -> int:
    return epsilon(charge(mechanism), delta).nano


def _tenths(n: int) -> str:
    whole, tenth = divmod(n, 10)
    return f"{whole}.{tenth}" if tenth else str(whole)
