"""Who is calling: the organisation under whose TLS root the caller's certificate was signed, never what it says."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.service.known_roots import bearing_anothers, name_of, names_of
from quorate.blocks.certificate import is_authority, is_issued_by
from quorate.digest import digest_of
from quorate.errors import DeniedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gateway.service.known_roots import Names
    from quorate.identifiers import MspId

_LEAF: Final = "x509_pem_cert"
_CHAIN: Final = "x509_pem_cert_chain"
_MAX_CHAIN: Final = 5
_REMEMBERED: Final = 1024
_UNREADABLE: Final = (
    ValueError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An authenticated caller.

    Attributes
    ----------
    msps
        The organisations that announced a root of this certificate. Nearly always one. Where a member announces
        another's root as its own, the caller may do what either may: that gives the liar's rights away, and takes
        nobody's.
    own
        Whether it is this gateway's own organisation, which its configuration alone decides.
    certificate
        Digest of the certificate.
    """

    msps: frozenset[MspId]
    own: bool
    certificate: str

    @property
    def account(self) -> str:
        """What limits are counted by: an own client's certificate, and for another member all that it ever issues."""
        return self.certificate if self.own else " ".join(sorted(self.msps))


class Roots:
    """The TLS roots of the own organisation and of the other members, changed live as members announce.

    Parameters
    ----------
    own
        This gateway's organisation.
    own_pem
        Its TLS root. A certificate under it is the own organisation's, whoever else announces the same root.
    names
        The names that members' roots bore when this gateway last ran.

    Raises
    ------
    UsageError
        When the own root is not readable.
    """

    def __init__(self, own: MspId, own_pem: bytes, names: Names | None = None) -> None:
        self._own = own
        self._names = names or {}
        self._own_pem = own_pem
        self._own_anchors = _load(own_pem)
        self._announced: dict[MspId, bytes] = {}
        self._anchors: dict[MspId, list[x509.Certificate]] = {}
        self._known: OrderedDict[tuple[bytes, ...], Caller] = OrderedDict()

    def announce(self, roots: Mapping[MspId, str]) -> dict[MspId, str]:
        """Take the members' present roots; return which members stay outside, and why.

        TLS finds an issuer by its name alone, so a root that bears the name of another one would lock that other's
        members out. Of two such roots the one stays whose member bore the name before, the own organisation's always.
        """
        loaded: dict[MspId, list[x509.Certificate]] = {}
        outside: dict[MspId, str] = {}
        for msp in sorted(set(roots) - {self._own}):
            try:
                loaded[msp] = _load(roots[msp].encode())
            except UsageError as error:
                outside[msp] = error.message
        for msp in bearing_anothers(loaded, self._own_anchors, self._names):
            outside[msp] = "its TLS root bears the name of another member's"
            del loaded[msp]
        self._anchors, self._announced = loaded, {msp: roots[msp].encode() for msp in loaded}
        self._names = {**self._names, **{msp: names_of(anchors) for msp, anchors in loaded.items()}}
        self._known.clear()
        return outside

    @property
    def names(self) -> Names:
        """The names that each member's roots bear, or bore when they were let in last."""
        return self._names

    def bundle(self) -> bytes:
        """Return every root as PEM, for the TLS handshake."""
        return b"\n".join((self._own_pem, *self._announced.values()))

    def root_of(self, msp: MspId) -> bytes | None:
        """Return the root that a member announced; None when it has not."""
        return self._own_pem if msp == self._own else self._announced.get(msp)

    def identify(self, authentication: Mapping[str, Iterable[bytes]]) -> Caller:
        """Return who a connection belongs to, from gRPC's authentication context.

        Raises
        ------
        DeniedError
            When there is no certificate, or none of the present roots has signed it (any more).
        """
        chain = tuple(_chain(authentication))
        if not chain:
            raise DeniedError("a client certificate is needed")
        caller = self._known.get(chain)
        if caller is None:
            caller = self._known[chain] = self._identify(chain)
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return caller

    def _identify(self, chain: tuple[bytes, ...]) -> Caller:
        try:
            certificates = [x509.load_pem_x509_certificate(pem) for pem in chain]
        except _UNREADABLE as error:
            raise DeniedError("the client certificate is not readable", cause=error) from error
        leaf, between = certificates[0], certificates[1:]
        fingerprint = digest_of(leaf.public_bytes(Encoding.DER))
        if _leads_to(leaf, between, self._own_anchors):
            return Caller(msps=frozenset({self._own}), own=True, certificate=fingerprint)
        msps = frozenset(msp for msp, anchors in self._anchors.items() if _leads_to(leaf, between, anchors))
        if not msps:
            raise DeniedError("no member's TLS root has signed the client certificate")
        return Caller(msps=msps, own=False, certificate=fingerprint)


def _load(pem: bytes) -> list[x509.Certificate]:
    # Go's parser, by which the ledger took the root, reads more than this one: version 2, and keys of any kind.
    try:
        found = x509.load_pem_x509_certificates(pem)
        for certificate in found:
            name_of(certificate), certificate.public_key(), certificate.extensions
    except _UNREADABLE as error:
        raise UsageError("the TLS root is not readable PEM", cause=error) from error
    return found


def _chain(authentication: Mapping[str, Iterable[bytes]]) -> list[bytes]:
    leaf = [bytes(pem) for pem in authentication.get(_LEAF, ())][:1]
    presented = b"\n".join(bytes(pem) for pem in authentication.get(_CHAIN, ()))
    end = b"-----END CERTIFICATE-----"
    others = [part.strip() + b"\n" + end + b"\n" for part in presented.split(end)[:_MAX_CHAIN] if part.strip()]
    return leaf + [pem for pem in others if leaf and pem.strip() != leaf[0].strip()]


def _leads_to(leaf: x509.Certificate, between: Sequence[x509.Certificate], anchors: Sequence[x509.Certificate]) -> bool:
    # The handshake has verified some chain; this finds out to whose root, and so repeats only what tells roots apart.
    reached = [leaf]
    for _ in range(len(between) + 1):
        if any(is_issued_by(certificate, anchor) for certificate in reached for anchor in anchors):
            return True
        reached = [upper for upper in between if is_authority(upper) and any(is_issued_by(c, upper) for c in reached)]
    return False
