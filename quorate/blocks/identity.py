"""Whose certificate signed: a member of an organisation, for sure or perhaps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from quorate.blocks.certificate import first_certificate
from quorate.blocks.errors import BlockError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from quorate.blocks.outline import MemberKey, Outline


class Kind(Enum):
    """What a member is, by Fabric's node OUs."""

    CLIENT = "client"
    PEER = "peer"
    ADMIN = "admin"
    ORDERER = "orderer"


@dataclass(frozen=True, eq=False, kw_only=True)
class Identity:
    """A certificate that was found to belong to an organisation."""

    serialized: bytes
    pem: bytes
    msp_id: str
    outline: Outline
    key: MemberKey
    who: tuple[str, bytes]
    """What tells members apart: one certificate can be serialized in many ways and is one member all the same."""
    kind: Kind | None = None
    units: tuple[str, ...] = ()
    issuers: bytes = b""
    """Fabric's identifier of the chain above the certificate."""
    is_admin: bool = False
    doubt: str = ""
    """Why peers may not take it for a member's, though one of the organisation's authorities has issued it."""

    @property
    def certificate(self) -> Certificate:
        """The certificate; BlockError when the library does not read it, which is so of none without doubt."""
        return first_certificate(self.pem)


class DoubtfulError(BlockError):
    """An authority of the organisation issued a certificate on which programs differ.

    Parameters
    ----------
    identity
        Whose it is, if it is anybody's.
    """

    def __init__(self, identity: Identity) -> None:
        super().__init__(f"a certificate of {identity.msp_id} is not read alike by all: {identity.doubt}")
        self.identity = identity
