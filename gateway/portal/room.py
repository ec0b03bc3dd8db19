"""The portal of a gateway: built from what the gateway has, served beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.audit.compliance.frameworks import FRAMEWORKS
from gateway.fabric.tls_files import read_pair
from gateway.portal.app import application
from gateway.portal.configured import Configured
from gateway.portal.login import Logins
from gateway.portal.portal import Doors, Portal
from gateway.portal.routes import ROLES
from gateway.portal.server import PortalServer
from gateway.portal.sessions import Officer, Sessions
from gateway.service.limiter import Rate

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp

    from gateway.audit.access import Desk
    from gateway.service.clock import Clock
    from gateway.service.config import GatewayConfig, PortalSection

SESSIONS: Final = "sessions.json"
_ATTEMPTS_PER_SECOND: Final = 0.2
_BURST: Final = 10
_NOBODY: Final = Officer(msp="", role="", name="", certificate="", pem="")


@dataclass(frozen=True, slots=True)
class PortalRoom:
    """A gateway's portal, listening already."""

    server: PortalServer
    app: ASGIApp

    async def run(self) -> None:
        """Serve until cancelled."""
        try:
            await self.server.run(self.app)
        finally:
            self.server.close()


def open_portal(
    config: GatewayConfig,
    section: PortalSection,
    desk: Desk,
    clock: Clock,
    *,
    trouble: Callable[[], str | None],
    divergence: Callable[[], str | None],
) -> PortalRoom:
    """Return a gateway's portal, listening already.

    Parameters
    ----------
    trouble
        Says why the trail does not follow the ledger just now.
    divergence
        Says where another member's ledger differs.

    Raises
    ------
    UsageError
        When its TLS pair cannot be used or its address not be listened on.
    """
    pair = (section.certificate, section.key)
    read_pair(*pair)
    server = PortalServer(section.listen, pair=pair)
    origin = section.origin or server.origin
    logins = Logins(
        own=config.msp,
        channel=config.channel,
        origin=origin,
        roles=ROLES,
        configuration=Configured(desk.trail),
        clock=clock,
    )
    doors = Doors(
        logins=logins,
        sessions=Sessions.kept(config.state / "portal" / SESSIONS, clock, minutes=section.session_minutes),
        attempts=Rate(_ATTEMPTS_PER_SECOND, burst=_BURST),
        minutes=section.session_minutes,
    )
    portal = Portal(
        desk=desk,
        msp=config.msp,
        channel=config.channel,
        origin=origin,
        source="following the ledger",
        viewer=_NOBODY,
        clock=clock,
        doors=doors,
        frameworks=FRAMEWORKS,
        trouble=trouble,
        divergence=divergence,
    )
    return PortalRoom(server, application(portal))
