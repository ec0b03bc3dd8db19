"""Whether certificates that the audit can see are about to expire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509

from gateway.fabric.secret_file import read_pem
from gateway.service.checks.finding import failed, ok
from quorate.errors import QuorateError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.ledger.session import Profile
    from gateway.service.checks.finding import Finding
    from quorate.records.consortium import MemberView


def check_certificates(
    profile: Profile, members: Iterable[MemberView], *, days: int, now: datetime | None = None
) -> Iterator[Finding]:
    """Yield a finding for the profile's own certificates and for every member's announced TLS root.

    Parameters
    ----------
    days
        How soon is soon.
    """
    now = now or datetime.now(UTC)
    own = (("identity", profile.certificate), ("TLS client", profile.tls_certificate), ("own TLS root", profile.tls_ca))
    for what, path in own:
        try:
            yield _finding(what, read_pem(path), days, now)
        except QuorateError as error:
            yield failed(f"certificate: {what}", error.message, error.hint)
    for member in members:
        if member.tls_root:
            yield _finding(f"TLS root of {member.msp}", member.tls_root.encode(), days, now)


def _finding(what: str, pem: bytes, days: int, now: datetime) -> Finding:
    check = f"certificate: {what}"
    try:
        ends = min(found.not_valid_after_utc for found in x509.load_pem_x509_certificates(pem))
    except ValueError:
        return failed(check, "cannot be read", "Put the right file there.")
    if ends - now < timedelta(days=days):
        word = "has expired on" if ends < now else "expires on"
        return failed(check, f"{word} {ends:%Y-%m-%d}", "Renew it.")
    return ok(check, f"valid until {ends:%Y-%m-%d}")
