"""The portal without a gateway, for looking at a bundle or a trail's file: on loopback, read-only, nobody logs in."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from gateway.audit.access import AccessLog, Desk
from gateway.audit.compliance.frameworks import FRAMEWORKS
from gateway.audit.trail.questions import NOTHING
from gateway.portal.portal import Portal
from gateway.portal.sessions import Officer
from quorate.digest import digest_of
from quorate.identifiers import MspId
from quorate.policy import Decision

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.audit.access.entry import Via
    from gateway.audit.access.reader import Reader
    from gateway.audit.trail import Trail
    from gateway.audit.trail.questions import Memory
    from quorate.records.consortium import MemberView
    from quorate.records.policy import Policy

NOBODY: Final = MspId("nobody")
_HELD: Final = Decision(allowed=True, policies=(), policy_digest=digest_of(b""))


class _NoRules:
    policy: Policy | None = None
    members: Mapping[MspId, MemberView] = {}


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

    def reads_all(self, reader: Reader) -> bool:  # noqa: ARG002 - the desk's signature
        """Return True, for the same reason."""
        return True


def portal_alone(trail: Trail, *, origin: str, source: str, memory: Memory = NOTHING) -> Portal:
    """Return a portal of a trail that nothing is added to."""

    def clock() -> int:
        return time.time_ns() // 1_000_000

    configuration = trail.configuration()
    viewer = Officer(msp=NOBODY, role="officer", name="whoever looks", certificate=digest_of(b""), pem="")
    return Portal(
        desk=OpenDesk(trail, AccessLog.open(None, NOBODY), _NoRules(), clock=clock, memory=memory),
        msp="a copy",
        channel="unknown" if configuration is None else configuration.channel,
        origin=origin,
        source=source,
        viewer=viewer,
        clock=clock,
        frameworks=FRAMEWORKS,
    )
