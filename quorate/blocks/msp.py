"""An organisation's MSP as the channel's configuration states it: whose certificates are its own, and what they are."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from quorate.blocks import protos
from quorate.blocks.certificate import (
    REMEMBERED,
    der_of,
    first_certificate,
    is_authority,
    is_issued_by,
    units,
)
from quorate.blocks.decode import decode
from quorate.blocks.errors import BlockError
from quorate.blocks.identity import DoubtfulError, Identity, Kind
from quorate.blocks.oddity import oddity_of, oddity_of_chain
from quorate.blocks.outline import MemberKey, Outline, outline_of
from quorate.blocks.revocation import Revocations

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAX_CHAIN = 8


class Msp:
    """One organisation's authorities and rules.

    Expiry is not asked: Fabric does not ask it of old blocks either.

    Parameters
    ----------
    config
        A ``msp.FabricMSPConfig``.
    ed25519
        Whether members may have such keys: only a channel of capability V3_0 lets them.

    Raises
    ------
    BlockError
        When the configuration cannot be read.
    """

    def __init__(self, config: protos.AnyMessage, *, ed25519: bool = False) -> None:
        self.id: str = config.name
        self._authorities = [first_certificate(pem) for pem in (*config.root_certs, *config.intermediate_certs)]
        self._roots = {der_of(first_certificate(pem)) for pem in config.root_certs}
        self._inner: set[bytes] = set()
        self._admins = {der_of(first_certificate(pem)) for pem in config.admins}
        self._revocations = Revocations(self.id, config.revocation_list, self._authorities)
        self._ed25519 = ed25519
        self._required_units = [
            (ou.organizational_unit_identifier, ou.certificate) for ou in config.organizational_unit_identifiers
        ]
        self._kinds = _kinds(config.fabric_node_ous)
        if not self._roots:
            raise BlockError(f"MSP {self.id} has no root certificate")
        # Who has authorities below may not issue members: peers take only the leaves of the tree for issuers.
        self._inner = {
            der_of(issuer)
            for pem in config.intermediate_certs
            for issuer in self._chain(first_certificate(pem), below=1)
        }

    def admit(self, serialized: bytes, pem: bytes) -> Identity:
        """Return the identity of a certificate.

        Raises
        ------
        BlockError
            When its chain does not end at one of the MSP's roots, it is an authority itself, it is revoked, or it is
            not exactly one of the kinds that the MSP tells apart; `DoubtfulError` when peers may say otherwise.
        """
        outline = outline_of(pem)
        signers = self._signers(outline)
        if not signers:
            raise BlockError(f"a certificate does not chain to a root of {self.id}")
        found = Identity(
            serialized=serialized,
            pem=pem,
            msp_id=self.id,
            outline=outline,
            key=self._key(outline),
            who=(self.id, outline.fingerprint(signers[0].public_key())),
        )
        if doubt := oddity_of(outline):
            raise DoubtfulError(replace(found, doubt=doubt))
        certificate = first_certificate(pem)
        chain = self._chain_of_member(certificate)
        if doubt := oddity_of_chain(certificate, chain, len(signers)):
            raise DoubtfulError(replace(found, doubt=doubt))
        names = units(certificate)
        self._require_units(names, chain)
        kind = self._kind(names, chain)
        return replace(
            found,
            kind=kind,
            units=names,
            issuers=hashlib.sha256(b"".join(der_of(issuer) for issuer in chain)).digest(),
            is_admin=kind is Kind.ADMIN or der_of(certificate) in self._admins,
        )

    def _signers(self, outline: Outline) -> list[x509.Certificate]:
        """Return the authorities that may have issued a certificate, by name and signature alone."""
        return [
            found
            for found in self._authorities
            if found.subject.public_bytes() == outline.issuer and outline.is_signed_by(found.public_key())
        ]

    def _key(self, outline: Outline) -> MemberKey:
        key = outline.public_key()
        if isinstance(key, Ed25519PublicKey) and not self._ed25519:
            raise BlockError("the channel's capabilities do not let members have Ed25519 keys")
        return key

    def _chain_of_member(self, certificate: x509.Certificate) -> list[x509.Certificate]:
        if is_authority(certificate):
            raise BlockError(f"an authority of {self.id} stands where a member is expected")
        chain = self._chain(certificate, below=0)
        if der_of(chain[0]) in self._inner:
            raise BlockError(f"a member of {self.id} was issued by an authority that has others below it")
        return chain

    def _chain(self, certificate: x509.Certificate, *, below: int) -> list[x509.Certificate]:
        chain: list[x509.Certificate] = []
        current = certificate
        while len(chain) < _MAX_CHAIN:
            issuer = self._issuer(current, below=below + len(chain))
            self._revocations.require_good(current, issuer)
            chain.append(issuer)
            if der_of(issuer) in self._roots:
                return chain
            current = issuer
        raise BlockError(f"a certificate's chain is longer than {_MAX_CHAIN}")

    def _issuer(self, certificate: x509.Certificate, *, below: int) -> x509.Certificate:
        for authority in self._authorities:
            if (
                authority.subject == certificate.issuer
                and _may_issue(authority, below)
                and is_issued_by(certificate, authority)
            ):
                return authority
        raise BlockError(f"a certificate does not chain to a root of {self.id}")

    def _require_units(self, names: Sequence[str], chain: Sequence[x509.Certificate]) -> None:
        if self._required_units and not any(
            unit in names and _certified(pem, chain[0]) for unit, pem in self._required_units
        ):
            raise BlockError(f"a certificate has none of the units that {self.id} requires")

    def _kind(self, names: Sequence[str], chain: Sequence[x509.Certificate]) -> Kind | None:
        if not self._kinds:
            return None
        found = []
        for name in names:
            for kind, (unit, pem) in self._kinds.items():
                if name == unit:
                    if not _certified(pem, chain[0]):
                        raise BlockError(f"a certificate of {self.id} is a {unit} of another authority")
                    found.append(kind)
        if len(found) != 1:
            raise BlockError(f"a certificate of {self.id} is not exactly one of client, peer, orderer and admin")
        return found[0]


class Directory:
    """All organisations of a channel; remembers whom it has admitted."""

    def __init__(self, msps: Sequence[Msp]) -> None:
        self._msps = {msp.id: msp for msp in msps}
        self._admitted: dict[bytes, Identity] = {}

    def identity(self, serialized: bytes) -> Identity:
        """Return the member that a ``SerializedIdentity`` names.

        Raises
        ------
        BlockError
            When its organisation is not in the channel, does not know the certificate as its own, or programs differ
            on whether it does (`DoubtfulError`).
        """
        known = self._admitted.get(serialized)
        if known is None:
            message = decode(protos.SerializedIdentity, serialized, "an identity")
            msp = self._msps.get(message.mspid)
            if msp is None:
                raise BlockError(f"the channel has no organisation {message.mspid[:80]!r}")
            if len(self._admitted) >= REMEMBERED:
                self._admitted.clear()
            known = self._admitted[serialized] = msp.admit(serialized, message.id_bytes)
        return known

    def perhaps(self, serialized: bytes) -> Identity:
        """Return the member that a ``SerializedIdentity`` names, or may name: then its `doubt` says why.

        Raises
        ------
        BlockError
            When it certainly names none.
        """
        try:
            return self.identity(serialized)
        except DoubtfulError as error:
            return error.identity


def _kinds(config: protos.AnyMessage) -> dict[Kind, tuple[str, bytes]]:
    if not config.enable:
        return {}
    identifiers = {
        Kind.CLIENT: config.client_ou_identifier,
        Kind.PEER: config.peer_ou_identifier,
        Kind.ADMIN: config.admin_ou_identifier,
        Kind.ORDERER: config.orderer_ou_identifier,
    }
    return {
        kind: (ou.organizational_unit_identifier, ou.certificate)
        for kind, ou in identifiers.items()
        if ou.organizational_unit_identifier
    }


def _may_issue(authority: x509.Certificate, below: int) -> bool:
    """Tell whether this may be an authority with `below` authorities between it and the member."""
    try:
        constraints = authority.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = authority.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    length = constraints.path_length
    return constraints.ca and usage.key_cert_sign and (length is None or below <= length)


def _certified(pem: bytes, issuer: x509.Certificate) -> bool:
    """Tell whether a unit's certifier, when it names one, is the certificate's issuer."""
    return not pem or der_of(first_certificate(pem)) == der_of(issuer)
