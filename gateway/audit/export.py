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
from quorate.identifiers import parse_study_id

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.ledger.session import Session


async def export_bundle(
    session: Session, target: Path, *, study: str | None = None, artifacts: bool = False
) -> Exported:
    """Export every block that there is now, or one study, to a bundle at `target`.

    Parameters
    ----------
    session
        Open as the organisation's officer.
    target
        What must not exist yet; a container when its name ends in ``.qeb``, else a directory.
    study
        The one study in scope; the whole ledger when None.
    artifacts
        Whether updates and models that the gateway still holds go in too.

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
    name = None if study is None else parse_study_id(study)
    about = About(channel=profile.channel, chaincode=profile.chaincode, study=name)
    await require_permission(session.ledger, sealer, name)
    with staging(target) as staged, Collector(staged, chaincode=profile.chaincode, study=study) as collected:
        async for block in session.network.blocks():
            collected.take(block)
        absent = (
            await fetch_artifacts(ArtifactClient(session.channel), collected.artifacts(), staged) if artifacts else ()
        )
        return await asyncio.to_thread(finish, staged, collected, about, sealer, target, absent=absent)
