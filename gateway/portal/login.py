"""Logging in: challenges that need no memory, each good for one answer from the browser that it was shown to."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from typing import TYPE_CHECKING, Final

from cryptography.x509.oid import NameOID

from gateway.audit.access.reader import identify
from gateway.portal.challenge import Challenge
from gateway.portal.sessions import Officer
from quorate.blocks import protos
from quorate.blocks.certificate import certificate_digest, first_certificate, role_of
from quorate.blocks.errors import BlockError
from quorate.errors import DeniedError, ExpiredError
from quorate.records.common import make

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.portal.challenge import Answer
    from quorate.blocks.config import ChannelConfig
    from quorate.identifiers import MspId

LASTS_MS: Final = 5 * 60_000


class Logins:
    """Makes challenges and judges answers.

    Parameters
    ----------
    own
        The organisation whose people may log in.
    origin
        The portal's address as people type it.
    roles
        Whoever has none of these may see no page, and is told so here.
    configuration
        Returns the channel's configuration in force; None before there is one.
    clock
        Unix milliseconds.
    """

    def __init__(
        self,
        *,
        own: MspId,
        channel: str,
        origin: str,
        roles: frozenset[str],
        configuration: Callable[[], ChannelConfig | None],
        clock: Callable[[], int],
    ) -> None:
        self._own = own
        self._channel = channel
        self._origin = origin
        self._roles = roles
        self._configuration = configuration
        self._clock = clock
        self._secret = secrets.token_bytes(32)
        self._used: dict[str, int] = {}
        self._lock = threading.Lock()

    def begin(self) -> str:
        """Return a ticket: the cookie of the browser that a challenge is shown to."""
        body = f"{secrets.token_hex(32)}.{self._clock() + LASTS_MS}"
        return f"{body}.{self._seal(body)}"

    def challenge(self, ticket: str) -> Challenge:
        """Return the challenge of a ticket.

        Raises
        ------
        ExpiredError
            When its time is over, it was used, or it is none of this process.
        """
        body, _, seal = ticket.rpartition(".")
        if not hmac.compare_digest(self._seal(body).encode(), seal.encode()):
            raise ExpiredError("this login page is not one of this portal's", hint="Open the login page again.")
        expires = int(body.partition(".")[2])
        nonce = hashlib.sha256(ticket.encode()).hexdigest()
        with self._lock:
            used = nonce in self._used
        if used or expires <= self._clock():
            raise ExpiredError("this challenge was used, or its time is over", hint="Open the login page again.")
        return make(Challenge, channel=self._channel, msp=self._own, origin=self._origin, nonce=nonce, expires=expires)

    def admit(self, ticket: str, answer: Answer) -> Officer:
        """Return who answered the challenge of a ticket; no second answer to it is taken.

        Raises
        ------
        ExpiredError
            When the challenge no longer holds.
        DeniedError
            When the answer is to another challenge, its signature or certificate is not accepted, or the role sees no
            page.
        StateError
            When the channel's configuration is not known yet.
        """
        challenge = self.challenge(ticket)
        if not hmac.compare_digest(answer.nonce, challenge.nonce):
            raise DeniedError("the answer is to another challenge", hint="Sign the one that this page shows.")
        officer = self.accepted(
            answer.msp, answer.certificate, message=challenge.signed_bytes, signature=bytes.fromhex(answer.signature)
        )
        self._use(challenge)
        return officer

    def accepted(self, msp: str, pem: str, *, message: bytes, signature: bytes) -> Officer:
        """Return whose signature it is; errors as `admit`."""
        serialized = protos.SerializedIdentity(mspid=msp, id_bytes=pem.encode()).SerializeToString()
        reader = identify(self._configuration(), serialized, own=self._own, message=message, signature=signature)
        if reader.role not in self._roles:
            raise DeniedError(
                f"the role {reader.role or '(none)'} sees no page of this portal",
                hint=f"Log in as {' or '.join(sorted(self._roles))}.",
            )
        return self._officer(msp, pem)

    def knows(self, msp: str, pem: str) -> bool:
        """Tell whether the channel still takes a certificate for the own organisation's, and its time is not over."""
        configuration = self._configuration()
        serialized = protos.SerializedIdentity(mspid=msp, id_bytes=pem.encode()).SerializeToString()
        if configuration is None or msp != self._own:
            return False
        try:
            identity = configuration.directory.identity(serialized)
        except BlockError:
            return False
        return self._clock() < identity.certificate.not_valid_after_utc.timestamp() * 1000

    def _officer(self, msp: str, pem: str) -> Officer:
        certificate = first_certificate(pem.encode())
        role, names = role_of(certificate), certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return Officer(
            msp=msp,
            role=role,
            name=str(names[0].value)[:120] if names else role,
            certificate=certificate_digest(certificate),
            pem=pem,
        )

    def _use(self, challenge: Challenge) -> None:
        now = self._clock()
        with self._lock:
            if challenge.nonce in self._used:
                raise ExpiredError("this challenge was used already", hint="Open the login page again.")
            self._used = {nonce: ends for nonce, ends in self._used.items() if ends > now}
            self._used[challenge.nonce] = challenge.expires

    def _seal(self, body: str) -> str:
        return hmac.new(self._secret, body.encode(), hashlib.sha256).hexdigest()
