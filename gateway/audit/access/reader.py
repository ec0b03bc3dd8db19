"""Who reads: a certificate of the own organisation, as the channel's configuration knows it today."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from quorate.blocks.certificate import certificate_digest, role_of
from quorate.blocks.errors import BlockError
from quorate.blocks.signature import verify_exact_signature
from quorate.errors import DeniedError, StateError

if TYPE_CHECKING:
    from quorate.blocks.config import ChannelConfig
    from quorate.blocks.identity import Identity
    from quorate.digest import Digest
    from quorate.identifiers import MspId


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Somebody whose certificate was checked.

    Attributes
    ----------
    role
        The certificate's ``quorate.role``; empty when it has none.
    certificate
        Its digest.
    """

    msp: MspId
    role: str
    certificate: Digest


def identify(
    config: ChannelConfig | None,
    serialized: bytes,
    *,
    own: MspId,
    message: bytes,
    signature: bytes,
    now: datetime | None = None,
) -> Reader:
    """Return who signed a message.

    Parameters
    ----------
    config
        The channel's configuration in force.
    serialized
        ``msp.SerializedIdentity``.
    own
        The organisation whose readers these may be.

    Raises
    ------
    DeniedError
        When the certificate is none of the own organisation's, has expired or is revoked, or did not sign the message.
    StateError
        When the configuration is not known yet.
    """
    if config is None:
        raise StateError("the channel's configuration is not known yet", hint="Try again once the trail is filled.")
    try:
        identity = config.directory.identity(serialized)
        verify_exact_signature(identity.key, signature, message)
        role = role_of(identity.certificate)
    except BlockError as error:
        raise DeniedError(f"the identity is not accepted: {error.message}", cause=error) from error
    if identity.msp_id != own:
        raise DeniedError(
            f"{identity.msp_id[:64]} may not read here",
            hint="Ask your own organisation's gateway: it has the same ledger.",
        )
    _require_valid(identity, now or datetime.fromtimestamp(time.time(), UTC))
    return Reader(msp=own, role=role, certificate=certificate_digest(identity.certificate))


def _require_valid(identity: Identity, now: datetime) -> None:
    begins, ends = identity.certificate.not_valid_before_utc, identity.certificate.not_valid_after_utc
    if not begins <= now <= ends:
        raise DeniedError(f"the certificate is valid from {begins:%Y-%m-%d %H:%M} to {ends:%Y-%m-%d %H:%M} UTC only")
