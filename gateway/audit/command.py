"""What ``quorate audit export`` does, for the command that parses its options."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from gateway.audit.access.client import log_export
from gateway.audit.export import export_bundle
from gateway.ledger.session import Profile, open_session

if TYPE_CHECKING:
    from pathlib import Path

    from quorate.verify.bundle.scope import Extent


async def export(
    bundle: Path, profile: Path, *, extent: Extent, artifacts: bool, witnesses: bool, timestamp: str | None
) -> dict[str, object]:
    """Export a bundle and return what it holds, for printing."""
    async with open_session(Profile.load(profile)) as session:
        asked = {name: value for name, value in asdict(extent).items() if value is not None}
        logged = await log_export(session, asked)
        exported = await export_bundle(
            session, bundle, extent=extent, artifacts=artifacts, witnesses=witnesses, timestamp=timestamp
        )
    manifest = exported.manifest
    return {
        "schema": "quorate.exported/1",
        "bundle": str(exported.path),
        "genesis": manifest.genesis,
        "height": manifest.height,
        "scope": manifest.scope.kind,
        "rounds": manifest.scope.rounds,
        "files": len(manifest.files),
        "development": manifest.development,
        "logged": logged,
        "artifacts_absent": list(exported.absent),
        "witnesses_silent": list(exported.silent),
    }
