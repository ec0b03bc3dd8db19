"""Runs the scheduled audit through the own gateway, and has the gateway record that it ran."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.audit.access.client import AuditClient
from gateway.audit.schedule import trail
from gateway.audit.schedule.certificates import check_certificates
from gateway.fabric.secret_file import read_pem, read_private_pem
from gateway.ledger.session import Profile, open_session
from gateway.service.checks.endorsement import check_endorsement
from gateway.service.checks.finding import Outcome, ok
from gateway.service.checks.members import check_members

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.ledger.session import Session
    from gateway.service.checks.finding import Finding

_MOST_EVENTS: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the audit takes for normal.

    Attributes
    ----------
    policies
        Digest of the policy set that should be in force.
    days
        Within how many days an expiry is a finding.
    budget_share
        Above which share of its cap a data set is.
    anchor_minutes
        How old an entry of the access log may be without an anchor.
    """

    policies: str = trail.DEFAULT_POLICIES
    days: int = 30
    budget_share: float = 0.9
    anchor_minutes: float = 180.0


async def check(profile: Path, expected: Expected) -> list[Finding]:
    """Return what every check found; that they ran is in the gateway's access log then.

    Raises
    ------
    QuorateError
        When the gateway cannot be reached, or does not let this identity read.
    """
    async with open_session(Profile.load(profile)) as session:
        client = AuditClient(session)
        found = [*await _of_trail(client, session, expected), *await _of_network(session, expected)]
        failures = [finding.check for finding in found if finding.outcome is Outcome.FAILED]
        told = await client.ask("checked", {"checks": len(found), "failed": failures[:50]}, via="check")
    return [*found, ok("record", f"entry {told.head['entry']} of the access log says that this ran")]


async def _of_trail(client: AuditClient, session: Session, expected: Expected) -> list[Finding]:
    async def rows(name: str) -> list[dict[str, object]]:
        return (await client.ask(f"question/{name}", {}, via="check")).rows

    reviews = await rows("reviews")
    reviewed = trail.reviewed_subjects(reviews)
    agreement = await client.ask("question/agreement", {}, via="check")
    events = await client.ask("events", {"severity": 2}, via="check", limit=_MOST_EVENTS)
    log = await client.ask("access-log", {}, via="check")
    return [
        trail.check_following(log.head),
        trail.check_policies(await rows("policies"), expected=expected.policies),
        trail.check_agreement(agreement.head, agreement.rows, reviewed),
        trail.check_clocks(agreement.rows),
        trail.check_attention(events.rows, reviewed, more=events.head["older"] is not None),
        trail.check_reviews(reviews, own=session.profile.msp_id),
        trail.check_budgets(await rows("spending"), share=expected.budget_share),
        trail.check_recount(await rows("recount")),
        trail.check_access_log(
            log.head, oldest_ms=round(expected.anchor_minutes * 60_000), now=time.time_ns() // 1_000_000
        ),
    ]


async def _of_network(session: Session, expected: Expected) -> list[Finding]:
    profile = session.profile
    consortium = await session.ledger.consortium.members()
    pair = read_pem(profile.tls_certificate), read_private_pem(profile.tls_key)
    return [
        *check_certificates(profile, consortium.members, days=expected.days),
        *await check_members(consortium.members, consortium.charter, certificate=pair[0], key=pair[1]),
        *await check_endorsement(session.network, profile.chaincode),
    ]
