"""A charter in force, for doubles of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quorate.digest import digest_of
from quorate.records.consortium import Charter

if TYPE_CHECKING:
    from collections.abc import Sequence


def charter_of(members: Sequence[str], *, clock_skew_ms: int, activated: dict[str, Any]) -> Charter:
    """Return a charter that the first of some members proposed."""
    return Charter.of(
        {
            "schema": Charter.SCHEMA,
            "title": "A consortium",
            "members": [{"msp": msp, "fingerprint_key": digest_of(msp.encode())} for msp in members],
            "quorum": {"studies": "majority", "members": "majority", "policies": "majority"},
            "clock_skew_ms": clock_skew_ms,
            "voting_period_ms": 1000,
            "charter_digest": digest_of(b"charter"),
            "proposer": members[0],
            "activated": activated,
        }
    )
