"""The portal without a gateway, for looking at a bundle or a trail's file: on loopback, read-only, nobody logs in."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Final

from gateway.audit.access import AccessLog, Desk
from gateway.audit.trail import Trail
from gateway.portal.portal import Portal
from gateway.portal.sessions import Officer
from quorate.digest import digest_of
from quorate.errors import UsageError
from quorate.identifiers import MspId
from quorate.policy import Decision
from quorate.verify.bundle import names
from quorate.verify.bundle.headers import read_headers
from quorate.verify.bundle.reader import open_bundle

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gateway.audit.access.entry import Via
    from gateway.audit.access.reader import Reader
    from quorate.identifiers import MspId as Msp
    from quorate.records.consortium import MemberView
    from quorate.records.policy import Policy

NOBODY: Final = MspId("nobody")
_HELD: Final = Decision(allowed=True, policies=(), policy_digest=digest_of(b""))


class _NoRules:
    policy: Policy | None = None
    members: Mapping[Msp, MemberView] = {}


class OpenDesk(Desk):
    """Answers whoever holds the file: no policy can keep it from them, and there is no log."""

    async def admit(
        self,
        reader: Reader,  # noqa: ARG002 - the desk's signature
        action: str,  # noqa: ARG002
        *,
        via: Via,  # noqa: ARG002
        what: str,  # noqa: ARG002
        asked: Mapping[str, object],  # noqa: ARG002
        study: str | None = None,  # noqa: ARG002
    ) -> Decision:
        """Return that it is allowed: the reader has the bytes already."""
        return _HELD


def trail_of_bundle(path: Path) -> tuple[Trail, str]:
    """Return a trail in memory of what a bundle holds, and its channel. Nothing is verified here.

    Raises
    ------
    UsageError
        When it is no bundle, or lacks what a trail needs.
    QuorateError
        When a block of it cannot be read.
    """
    bundle = open_bundle(path)
    if not {names.MANIFEST, names.HEADERS} <= set(bundle.members):
        raise UsageError(f"{path} has no manifest or no headers")
    manifest = json.loads(bundle.read(names.MANIFEST))
    trail = Trail.open(None, chaincode=str(manifest.get("chaincode", "quorate")))
    with bundle.open(names.HEADERS) as file:
        for header, _ in read_headers(file):
            name = names.block_name(header.number)
            if name in bundle.members:
                trail.append([bundle.read(name)])
            else:
                trail.append_header(header)
    return trail, str(manifest.get("channel", ""))


def portal_alone(trail: Trail, *, channel: str, origin: str, source: str) -> Portal:
    """Return a portal of a trail that nothing is added to."""

    def clock() -> int:
        return time.time_ns() // 1_000_000

    viewer = Officer(msp=NOBODY, role="officer", name="whoever looks", certificate=digest_of(b""), pem="")
    return Portal(
        desk=OpenDesk(trail, AccessLog.open(None, NOBODY), _NoRules(), clock=clock),
        msp="a copy",
        channel=channel,
        origin=origin,
        source=source,
        viewer=viewer,
        clock=clock,
    )
