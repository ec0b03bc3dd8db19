"""What ``quorate privacy show`` asks the ledger: every account, and what a study would still bring it to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.ledger.session import Profile, open_session
from quorate.identifiers import parse_study_id

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.ledger.session import Session
    from quorate.records.privacy import Account, QuoteLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """One data set's account, and what a study would cost it where one was asked about."""

    account: Account
    quote: QuoteLine | None


async def balances(profile: Path, *, msp: str | None, study: str | None) -> list[Balance]:
    """Return the account of every data set that has a cap, or of one member's, or of those that a study trains on."""
    name = None if study is None else parse_study_id(study)
    async with open_session(Profile.load(profile)) as session:
        quotes = {} if name is None else await _quotes(session, name)
        found = await session.ledger.dataset.list(msp)
        capped = [(each.msp, each.dataset) for each in found.datasets if each.protection == "dp"]
        wanted = [each for each in capped if name is None or each in quotes]
        accounts = await asyncio.gather(*(session.ledger.privacy.account(*each) for each in wanted))
    return [Balance(account=account, quote=quotes.get(place)) for place, account in zip(wanted, accounts, strict=True)]


async def _quotes(session: Session, study: str) -> dict[tuple[str, str], QuoteLine]:
    found = await session.ledger.privacy.quote(study=study)
    return {(line.msp, line.dataset): line for line in found.quotes}
