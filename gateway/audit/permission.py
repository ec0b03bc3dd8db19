"""Whether the consortium's policies let this identity export the trail; asked before a block is fetched.

It binds honest programs only: whatever is on the ledger, every member of the channel can read.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from quorate.blocks.certificate import certificate_digest, load_certificate, role_of
from quorate.errors import DeniedError
from quorate.identifiers import MspId
from quorate.policy import AUDIT_EXPORT, Principal, Request, World, in_force

if TYPE_CHECKING:
    from gateway.audit.seal import Sealer
    from gateway.ledger.client import Ledger
    from quorate.identifiers import StudyId
    from quorate.policy import Decision


async def require_permission(ledger: Ledger, sealer: Sealer, study: StudyId | None) -> Decision:
    """Return the decision by which the export is allowed.

    Raises
    ------
    DeniedError
        When no policy in force permits it, or one forbids it.
    NotFoundError
        When no charter is active, so that there is no policy yet.
    """
    policies = in_force(await ledger.policy.get())
    world = World([member.msp for member in (await ledger.consortium.members()).members])
    certificate = load_certificate(sealer.certificate.encode())
    principal = Principal(
        msp=MspId(sealer.msp_id), role=role_of(certificate), certificate=certificate_digest(certificate)
    )
    trail = world.audit_trail() if study is None else world.audit_trail(study)
    request = Request(principal=principal, action=AUDIT_EXPORT, resource=trail, now=time.time_ns() // 1_000_000)
    decision = policies.decide(world, request)
    if not decision.allowed:
        raise DeniedError(
            f"{sealer.msp_id} may not export the audit trail as {principal.role or 'nobody in particular'}: {decision}",
            hint="Export with the profile of your organisation's officer.",
        )
    return decision
