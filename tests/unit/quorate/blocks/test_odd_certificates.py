"""Certificates that a member's authority can issue and that programs read differently.

What Fabric makes of each was found by asking its own MSP, of 2.5 and 3.1, in channels of capability V2_0 and of V3_0.
"""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from quorate.blocks.certificate import ATTRIBUTES, certificate_digest
from quorate.blocks.der import BIT_STRING
from quorate.blocks.errors import BlockError
from quorate.blocks.identity import DoubtfulError, Kind
from quorate.blocks.msp import Directory, Msp
from quorate.blocks.outline import outline_of
from tests.unit.quorate.ledger.configuration import msp_config
from tests.unit.quorate.ledger.forgery import (
    FALSE,
    TRUE,
    armour,
    element,
    extension,
    forge,
    forger,
    identifier,
    of_version,
    parts_of,
    subject,
)
from tests.unit.quorate.ledger.organisations import Organisation

ROLE = ATTRIBUTES.dotted_string
UNIT, NAME = "2.5.4.11", "2.5.4.3"
UTF8, PRINTABLE, TELETEX, IA5, BMP = 0x0C, 0x13, 0x14, 0x16, 0x1E
PEER = (UNIT, UTF8, b"peer")
LARGE, ACCESS = "1.3.2147483648", "1.3.6.1.5.5.7.1.1"
SERVER, CLIENT = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"


@pytest.fixture
def admit(alder, msp):
    """Admit the peer's certificate with parts of it exchanged."""
    return lambda **how: msp.admit(b"", forge(alder.ca, alder.peer.issued.certificate, **how))


def uses(*names):
    return extension("2.5.29.37", element(0x30, *map(identifier, names)))


def names(*encoded, critical=b""):
    return extension("2.5.29.17", element(0x30, *encoded), critical)


def policies(*found):
    return extension("2.5.29.32", element(0x30, *(element(0x30, identifier(name)) for name in found)))


def relative_distribution_point():
    relative = element(0xA1, element(0x30, identifier(NAME), element(UTF8, b"x")))
    return extension("2.5.29.31", element(0x30, element(0x30, element(0xA0, relative))))


def validity(*moments, tag=0x17):
    return element(0x30, *(element(tag, moment) for moment in moments))


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"serial": element(2, b"\x01" * 40)},
        {"more": [uses(CLIENT, SERVER)]},
        {"more": [names(element(0x82, b"peer_0.alder.test"), element(0x87, b"\x7f\0\0\x01"))]},
        {"more": [names(element(0x86, b"spiffe://alder.test/peer"), element(0x81, b"peer@alder.test"))]},
        {"more": [policies("1.2.3", "1.2.4")]},
        {"more": [extension(ROLE, b'{"attrs":{}}'), extension("1.3.6.1.4.1.311.21.10", b"\x30\x00")]},
        {"more": [names(element(0xA0, identifier("1.3.6.1.4.1.311.20.2.3"), element(0xA0, element(UTF8, b"upn"))))]},
        {"subject": subject((UNIT, PRINTABLE, b"peer"))},
    ],
)
def test_what_authorities_commonly_write_is_beyond_doubt(admit, how):
    assert admit(**how).kind is Kind.PEER


@pytest.mark.parametrize(
    ("how", "doubt"),
    [
        ({"version": of_version(2), "extensions": b""}, "it is of version 2"),
        ({"version": of_version(2)}, "it is of version 2"),
        ({"version": b"", "extensions": b""}, "it is of version 1"),
        ({"serial": element(2, b"\0")}, "its serial number is not positive"),
        ({"more": [extension("1.2.3.4", b"\x05\0", FALSE)]}, "it is not written as X.509 demands"),
        ({"more": [extension("2.5.29.18", element(0x30, element(0x82, b"a")))]}, "it has the extension 2.5.29.18"),
        ({"more": [extension("1.3.6.1.4.1.11129.2.4.2", b"\x04\x01x")]}, "it is not written as X.509 demands"),
        ({"more": [names(element(0xA3))]}, "it is not written as X.509 demands"),
        ({"more": [names(element(0x82, b"a b"))]}, "its extension 2.5.29.17 says something uncommon"),
        (
            {"validity": validity(b"00000101000000Z", b"99991231235959Z", tag=0x18)},
            "it is not written as X.509 demands",
        ),
        ({"subject": subject((UNIT, BMP, b"\0p\0e\0e\0r"))}, "its subject is written in an uncommon way"),
        ({"subject": subject(PEER, (NAME, PRINTABLE, b"a*&b"))}, "it is not written as X.509 demands"),
    ],
)
def test_what_fabric_takes_and_we_cannot_read_for_sure_is_in_doubt(admit, how, doubt):
    with pytest.raises(DoubtfulError) as caught:
        admit(**how)
    assert caught.value.identity.doubt == doubt
    assert caught.value.identity.msp_id == "AlderMSP"


@pytest.mark.parametrize(
    ("how", "doubt"),
    [
        ({"serial": element(2, b"\xff")}, "its serial number is not positive"),
        ({"more": [extension("1.2.3.4", b"\x05\0", TRUE)]}, "its extension 1.2.3.4 is critical"),
        ({"more": [extension(ROLE, b"{}", TRUE)]}, f"its extension {ROLE} is critical"),
        ({"more": [extension(ROLE, b"{}")] * 2}, "it is not written as X.509 demands"),
        ({"more": [uses(CLIENT)]}, "its extension 2.5.29.37 says something uncommon"),
        ({"more": [names(element(0x86, b"http://a..b/"))]}, "its extension 2.5.29.17 says something uncommon"),
        ({"more": [policies("1.2.3", "1.2.3")]}, "its extension 2.5.29.32 says something uncommon"),
        ({"more": [uses(SERVER, LARGE)]}, "its extension 2.5.29.37 says something uncommon"),
        ({"more": [extension(LARGE, b"x")]}, "the name of an extension is too large a number"),
        (
            {"more": [extension(ACCESS, element(0x30, element(0x30, identifier(LARGE), element(0x86, b"http://a"))))]},
            f"its extension {ACCESS} says something uncommon",
        ),
        ({"more": [relative_distribution_point()]}, "its extension 2.5.29.31 says something uncommon"),
        ({"subject": subject(PEER, (NAME, 0x1A, b"12"))}, "its subject is written in an uncommon way"),
        ({"subject": subject(PEER, (NAME, BIT_STRING, b"\0x"))}, "it is not written as X.509 demands"),
        ({"subject": subject(PEER, (NAME, IA5, b"\xc3\xa9"))}, "its subject is written in an uncommon way"),
        ({"subject": subject(PEER, (LARGE, UTF8, b"x"))}, "its subject is written in an uncommon way"),
        (
            {"validity": validity(b"99991231235959Z", b"99991231235959Z", tag=0x18)},
            "its time does not begin within that of its authority",
        ),
        (
            {"validity": validity(b"200101000000Z", b"491231235959Z")},
            "its time does not begin within that of its authority",
        ),
    ],
)
def test_what_fabric_refuses_and_we_might_take_is_in_doubt(admit, how, doubt):
    with pytest.raises(DoubtfulError) as caught:
        admit(**how)
    assert caught.value.identity.doubt == doubt


def spki(key):
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"version": of_version(4)}, "version that nobody knows"),
        ({"key": spki(ec.generate_private_key(ec.SECP256K1()))}, "neither ECDSA on a curve of NIST nor Ed25519"),
        ({"key": spki(rsa.generate_private_key(65537, 2048))}, "neither ECDSA on a curve of NIST nor Ed25519"),
        ({"key": spki(ed25519.Ed25519PrivateKey.generate())}, "do not let members have Ed25519 keys"),
        ({"subject": subject(PEER, (UNIT, UTF8, b"client"))}, "exactly one of"),
        ({"issuer": subject((NAME, UTF8, b"ca.birch.test"))}, "does not chain"),
        ({"algorithm": element(0x30, identifier("1.2.840.10045.4.3.3"))}, "does not chain"),
    ],
)
def test_what_nobody_takes_is_refused(admit, how, why):
    with pytest.raises(BlockError, match=why) as caught:
        admit(**how)
    assert not isinstance(caught.value, DoubtfulError)


def test_an_odd_certificate_that_no_authority_issued_is_nobodys_for_sure(alder, msp):
    stranger = Organisation.new("Alder")
    forged = forge(stranger.ca, alder.peer.issued.certificate, version=of_version(2))
    with pytest.raises(BlockError, match="does not chain") as caught:
        msp.admit(b"", forged)
    assert not isinstance(caught.value, DoubtfulError)


def test_ed25519_is_for_channels_that_allow_it(alder):
    forged = forge(alder.ca, alder.peer.issued.certificate, key=spki(ed25519.Ed25519PrivateKey.generate()))
    assert Msp(msp_config(alder), ed25519=True).admit(b"", forged).kind is Kind.PEER


def test_a_key_in_an_uncommon_form_is_in_doubt(alder, admit):
    key = alder.peer.issued.key.public_key()
    kind = element(0x30, identifier("1.2.840.10045.2.1"), identifier("1.2.840.10045.3.1.7"))
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    compressed = key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    for encoded in (element(3, b"\0", compressed), element(3, b"\0", point) + b"\x05\0"):
        with pytest.raises(DoubtfulError) as caught:
            admit(key=element(0x30, kind, encoded))
        assert caught.value.identity.key == key


@pytest.mark.parametrize(
    "around",
    [
        (b"BEGIN CERTIFICATE-----", b"BEGIN CERTIFICATE-----\nNote: peers pass over headers\n"),
        (b"-----BEGIN", b"-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n-----BEGIN"),
        (b"CERTIFICATE", b"ANYTHING"),
    ],
)
def test_a_certificate_in_an_uncommon_text_is_in_doubt(alder, msp, around):
    with pytest.raises(DoubtfulError) as caught:
        msp.admit(b"", alder.peer.pem.replace(*around))
    assert caught.value.identity.doubt == "its PEM is written in an uncommon way"
    assert caught.value.identity.certificate == alder.peer.issued.certificate


def test_two_authorities_of_one_name_and_key_leave_a_doubt(alder):
    config = msp_config(alder)
    config.root_certs.append(forge(alder.ca, alder.ca.certificate, serial=element(2, b"\x07")))
    with pytest.raises(DoubtfulError, match="more than one authority may have issued it"):
        Msp(config).admit(b"", alder.peer.pem)


def test_an_authority_that_restricts_what_it_issues_leaves_a_doubt(alder):
    limits = extension("2.5.29.30", element(0x30, element(0xA0, element(0x30, element(0x82, b"alder.test")))))
    config = msp_config(alder)
    config.root_certs[0] = forge(alder.ca, alder.ca.certificate, more=[limits])
    for kind in ("client", "peer", "admin", "orderer"):
        getattr(config.fabric_node_ous, f"{kind}_ou_identifier").certificate = b""
    with pytest.raises(DoubtfulError, match=r"an authority above it: it has the extension 2\.5\.29\.30"):
        Msp(config).admit(b"", alder.peer.pem)


def test_a_directory_hands_out_the_doubtful_only_on_demand(alder, msp):
    odd = forger(alder, alder.peer, version=of_version(2), extensions=b"")
    directory = Directory([msp])
    with pytest.raises(DoubtfulError):
        directory.identity(odd.serialized)
    assert directory.perhaps(odd.serialized).doubt == "it is of version 2"
    assert directory.perhaps(alder.peer.serialized) is directory.identity(alder.peer.serialized)


def test_an_outline_says_what_the_library_says(alder):
    for signer in (*alder.roles.values(), alder.peer):
        certificate, outline = signer.issued.certificate, outline_of(signer.pem)
        assert outline.digest == certificate_digest(certificate)
        assert outline.tbs == certificate.tbs_certificate_bytes
        assert outline.public_key() == certificate.public_key()
        assert outline.signature == certificate.signature
    assert {role: outline_of(signer.pem).role for role, signer in alder.roles.items()} == {
        role: role for role in alder.roles
    }
    assert outline_of(alder.peer.pem).role == ""


def test_only_version_3_has_a_role(alder):
    officer = alder.roles["officer"]
    assert outline_of(forger(alder, officer, version=of_version(2)).pem).role == ""
    odd = forger(alder, officer, more=[extension("1.2.3.4", b"", FALSE)])
    assert outline_of(odd.pem).role == "officer"


def test_every_cut_of_a_certificate_is_refused(alder):
    der = alder.peer.issued.certificate.public_bytes(Encoding.DER)
    for length in range(len(der)):
        with pytest.raises(BlockError):
            outline_of(armour(der[:length]))
    with pytest.raises(BlockError):
        outline_of(armour(der + b"\0"))


@pytest.mark.parametrize("length", [b"\x80", b"\x81\x05", b"\x82\x00\x90", b"\x85\x00\x00\x00\x00\x01", b"\xff"])
def test_lengths_that_are_not_der_are_refused(length):
    with pytest.raises(BlockError):
        outline_of(armour(b"\x30" + length + b"\0" * 200))


def test_the_parts_of_a_certificate_are_put_together_as_they_were(alder):
    certificate = alder.peer.issued.certificate
    assert element(0x30, *parts_of(certificate).values()) == certificate.tbs_certificate_bytes
