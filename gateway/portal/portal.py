"""What the pages share: the desk, sessions, logins, and where the portal is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from gateway.service.limiter import Slots

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.audit.access import Desk
    from gateway.audit.compliance.control import Framework
    from gateway.portal.login import Logins
    from gateway.portal.sessions import Officer, Sessions
    from gateway.service.limiter import Rate

_STREAMS: Final = 8


def _slots() -> Slots:
    return Slots(_STREAMS, limit="the portal", who="this certificate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """How people come in.

    Attributes
    ----------
    attempts
        Bounds the attempts of one address.
    streams
        Bounds the live pages of one certificate.
    """

    logins: Logins
    sessions: Sessions
    attempts: Rate
    minutes: float
    streams: Slots = field(default_factory=_slots)


@dataclass(frozen=True, slots=True, kw_only=True)
class Portal:
    """One portal.

    Attributes
    ----------
    origin
        Its address as people type it.
    doors
        None where nobody logs in: then it is on loopback, reads a copy, and `viewer` is whoever looks.
    source
        What is looked at, for the head of the page: a gateway's ledger, or a bundle.
    frameworks
        The control mapping, by name.
    trouble
        Says why the trail does not follow the ledger just now; None while it does.
    divergence
        Says where another member's ledger differs from the own; None while none does.
    """

    desk: Desk
    msp: str
    channel: str
    origin: str
    source: str
    viewer: Officer
    clock: Callable[[], int]
    doors: Doors | None = None
    frameworks: Mapping[str, Framework] | None = None
    trouble: Callable[[], str | None] = lambda: None
    divergence: Callable[[], str | None] = lambda: None

    @property
    def secure(self) -> bool:
        """Whether browsers reach it over TLS."""
        return self.origin.startswith("https://")

    @property
    def host(self) -> str:
        """What browsers send as host; others are refused, so that no other name leads here."""
        return urlsplit(self.origin).netloc

    @property
    def session_cookie(self) -> str:
        """The name of the session's cookie; a browser takes the first only over TLS, from this very host."""
        return "__Host-quorate" if self.secure else "quorate"

    @property
    def ticket_cookie(self) -> str:
        """The name of the cookie that a challenge belongs to."""
        return f"{self.session_cookie}-login"

    @property
    def theme_cookie(self) -> str:
        """The name of the cookie that keeps dark or light."""
        return f"{self.session_cookie}-theme"
