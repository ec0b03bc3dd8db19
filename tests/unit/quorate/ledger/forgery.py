"""Certificates as no library makes them, signed by a real authority all the same."""

import base64
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from quorate.blocks.der import BIT_STRING, IDENTIFIER, INTEGER, OCTET_STRING, SEQUENCE, Elements
from tests.unit.quorate.ledger.organisations import Signer

VERSION, EXTENSIONS = 0xA0, 0xA3
FALSE, TRUE = b"\x01\x01\x00", b"\x01\x01\xff"
ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
PARTS = ("version", "serial", "algorithm", "issuer", "validity", "subject", "key", "extensions")


def element(tag, *parts):
    """Encode an element."""
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    size = (len(content).bit_length() + 7) // 8
    return bytes([tag, 0x80 + size]) + len(content).to_bytes(size, "big") + content


def identifier(name):
    """Encode an object identifier."""
    first, second, *rest = map(int, name.split("."))
    body = b""
    for number in (first * 40 + second, *rest):
        digits = [number & 0x7F]
        while number := number >> 7:
            digits.append(number & 0x7F | 0x80)
        body += bytes(reversed(digits))
    return element(IDENTIFIER, body)


def of_version(number):
    """Encode a version; the first is 1."""
    return element(VERSION, element(INTEGER, bytes([number - 1])))


def extension(name, content, critical=b""):
    """Encode an extension; `critical` is the element that says so."""
    return element(SEQUENCE, identifier(name), critical, element(OCTET_STRING, content))


def subject(*names):
    """Encode a subject of (identifier, tag, text)."""
    found = (element(0x31, element(SEQUENCE, identifier(name), element(tag, text))) for name, tag, text in names)
    return element(SEQUENCE, *found)


def forge(authority, certificate, *, more=(), algorithm=None, **parts):
    """Return a certificate with some of its parts exchanged, signed again, as PEM.

    Parameters
    ----------
    authority
        Who signs it.
    more
        Extensions to add.
    algorithm
        How the signature is called after the signed part.
    parts
        Encoded, by the names in `PARTS`; an empty one is left out.
    """
    content = {**parts_of(certificate), **parts}
    if more:
        content["extensions"] = element(EXTENSIONS, element(SEQUENCE, *_extensions(content["extensions"]), *more))
    return signed(authority, element(SEQUENCE, *(content[name] for name in PARTS)), algorithm or content["algorithm"])


def signed(authority, tbs, algorithm=ECDSA_SHA256):
    """Return what an authority signs as a certificate, whatever it is, as PEM."""
    signature = authority.key.sign(tbs, ec.ECDSA(hashes.SHA256()))
    return armour(element(SEQUENCE, tbs, algorithm, element(BIT_STRING, b"\0", signature)))


def parts_of(certificate):
    """Return the encoded parts of a certificate by name."""
    body = Elements(certificate.tbs_certificate_bytes).enter()
    return {name: body.take_whole(body.next_tag) for name in PARTS}


def armour(der):
    """Return DER as PEM."""
    return b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"


@dataclass(frozen=True)
class Forger(Signer):
    """Signs with a member's key, and shows another certificate for it."""

    pem: bytes


def forger(organisation, signer, **how):
    """Return a member whose certificate is forged by its own authority."""
    return Forger(signer.msp_id, signer.issued, forge(organisation.ca, signer.issued.certificate, **how))


def _extensions(encoded):
    inner = Elements(encoded).enter(EXTENSIONS).enter()
    while inner.next_tag is not None:
        yield inner.take_whole(SEQUENCE)
