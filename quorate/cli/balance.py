"""One line of ``quorate privacy show``: an account as the ledger holds it, for people or for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate.privacy.parameters import Mechanism
from quorate.privacy.pld import epsilon_pld
from quorate.privacy.spelling import epsilon_text

if TYPE_CHECKING:
    from quorate.records.privacy import Account, QuoteLine


def row_of(account: Account, quote: QuoteLine | None, *, texts: bool) -> dict[str, object]:
    """Return an account's row: names and texts for a table, or every amount in nano-units as it is on the ledger."""
    histogram = tuple(
        Mechanism(noise_multiplier=charge.noise_multiplier, sample_rate=charge.sample_rate, steps=charge.steps)
        for charge in account.histogram
    )
    pld = epsilon_pld(histogram, account.delta).value
    row: dict[str, object] = {"msp": account.msp, "dataset": account.dataset}
    row |= _texts(account, quote, pld) if texts else _amounts(account, quote, pld)
    return row | {"delta": account.delta, "charges": account.charges, "fits": None if quote is None else quote.fits}


def _texts(account: Account, quote: QuoteLine | None, pld: float | None) -> dict[str, object]:
    return {
        "epsilon": epsilon_text(int(account.epsilon_nano)),
        "pld": None if pld is None else f"{pld:.4f}",
        "cap": epsilon_text(int(account.cap_nano)),
        "after": None if quote is None else epsilon_text(int(quote.epsilon_after_nano)),
    }


def _amounts(account: Account, quote: QuoteLine | None, pld: float | None) -> dict[str, object]:
    return {
        "schema": "quorate.balance/1",
        "epsilon_nano": int(account.epsilon_nano),
        "epsilon_pld": pld,
        "cap_nano": int(account.cap_nano),
        "after_nano": None if quote is None else int(quote.epsilon_after_nano),
    }
