"""Exports the ledger as evidence: blocks come through the own gateway, and only a finished bundle appears."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gateway.artifacts.transfer import ArtifactClient
from gateway.audit.build import Exported, finish
from gateway.audit.collect import Collector
from gateway.audit.fetch import fetch_artifacts
from gateway.audit.permission import require_permission
from gateway.audit.seal import About
from gateway.audit.sign import ProfileSealer
from gateway.audit.staging import staging
from gateway.audit.timestamp import add_timestamp
from gateway.audit.witnesses import blocks_to_vouch_for, gather_statements
from quorate.identifiers import parse_study_id
from quorate.verify.bundle.scope import WHOLE, Extent

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.ledger.session import Session


async def export_bundle(
    session: Session,
    target: Path,
    *,
    extent: Extent = WHOLE,
    artifacts: bool = False,
    witnesses: bool = False,
    timestamp: str | None = None,
) -> Exported:
    """Export every block that there is now, or what is asked for, to a bundle at `target`.

    Parameters
    ----------
    session
        Open as the organisation's officer.
    target
        What must not exist yet; a container when its name ends in ``.qeb``, else a directory.
    extent
        What is in scope.
    artifacts
        Whether updates and models that the gateway still holds go in too.
    witnesses
        Whether statements of the members' gateways go in: what they have seen of this ledger, and when.
    timestamp
        Where a time-stamping authority (RFC 3161) is asked about the last header.

    Raises
    ------
    UsageError
        When the study's name is none.
    AlreadyExistsError
        When there is something at the target.
    DeniedError
        When the policies in force do not let this identity export.
    QuorateError
        What the gateway answered, or the disk.
    """
    profile = session.profile
    sealer = ProfileSealer.of(profile)
    name = None if extent.study is None else parse_study_id(extent.study)
    about = About(channel=profile.channel, chaincode=profile.chaincode, extent=extent)
    await require_permission(session.ledger, sealer, name)
    with staging(target) as staged, Collector(staged, chaincode=profile.chaincode, extent=extent) as collected:
        async for block in session.network.blocks():
            collected.take(block)
        absent = (
            await fetch_artifacts(ArtifactClient(session.channel), collected.artifacts(), staged) if artifacts else ()
        )
        if timestamp is not None and collected.last is not None:
            await asyncio.to_thread(add_timestamp, timestamp, collected.last, staged)
        silent: tuple[str, ...] = ()
        if witnesses:
            collected.close()
            blocks = blocks_to_vouch_for(staged.measure(), collected.height, whole=extent.kind == "ledger")
            silent = await gather_statements(session.channel, blocks, staged)
        return await asyncio.to_thread(finish, staged, collected, about, sealer, target, absent=absent, silent=silent)
