from __future__ import annotations

import base64
import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from gateway.service.callers import Roots
from gateway.service.known_roots import read_names, write_names
from quorate.errors import DeniedError, UsageError
from quorate.identifiers import MspId

if TYPE_CHECKING:
    from pathlib import Path

    from network.identity import OrganisationPaths

ALDER, BIRCH, CEDAR = MspId("AlderMSP"), MspId("BirchMSP"), MspId("CedarMSP")
ALICE = MspId("AaaMSP")  # before everyone else in any order by name


@dataclass(frozen=True)
class Made:
    """A certificate made in memory, and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


def make(
    name: str, issuer: Made | None = None, *, ca: bool = True, key: ec.EllipticCurvePrivateKey | None = None
) -> Made:
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(issuer.key if issuer else key, SHA256())
    )
    return Made(certificate, key)


def presented(leaf: Made, *between: Made) -> dict[str, list[bytes]]:
    return {"x509_pem_cert": [leaf.pem], "x509_pem_cert_chain": [b"".join(made.pem for made in (leaf, *between))]}


OWN, BIRCHS = make("alder"), make("birch")


@pytest.fixture
def roots() -> Roots:
    made = Roots(ALDER, OWN.pem)
    assert made.announce({BIRCH: BIRCHS.pem.decode()}) == {}
    return made


def test_the_root_that_signed_the_certificate_says_whose_it_is(roots: Roots) -> None:
    # Both claim to be birch; only the signature counts.
    alders = roots.identify(presented(make("birch", OWN, ca=False)))
    birchs = roots.identify(presented(make("birch", BIRCHS, ca=False)))
    assert (alders.msps, alders.own) == ({ALDER}, True)
    assert (birchs.msps, birchs.own) == ({BIRCH}, False)
    assert alders.certificate != birchs.certificate


def test_a_member_is_one_account_however_many_certificates_it_issues(roots: Roots) -> None:
    accounts = {roots.identify(presented(make(f"b{n}", BIRCHS, ca=False))).account for n in range(3)}
    assert accounts == {BIRCH}
    assert len({roots.identify(presented(make(f"a{n}", OWN, ca=False))).account for n in range(3)}) == 3


def test_a_root_of_the_same_name_is_not_the_same_root(roots: Roots) -> None:
    with pytest.raises(DeniedError, match="no member's TLS root"):
        roots.identify(presented(make("agent", make("alder"), ca=False)))


def test_without_a_certificate_there_is_no_caller(roots: Roots) -> None:
    with pytest.raises(DeniedError, match="certificate is needed"):
        roots.identify({})
    with pytest.raises(DeniedError, match="not readable"):
        roots.identify({"x509_pem_cert": [b"nonsense"]})


def test_an_intermediate_authority_leads_to_its_root(roots: Roots) -> None:
    between = make("intermediate", BIRCHS)
    assert roots.identify(presented(make("agent", between, ca=False), between)).msps == {BIRCH}
    with pytest.raises(DeniedError):
        roots.identify(presented(make("agent", between, ca=False)))


def test_a_plain_certificate_does_not_lead_to_the_root_that_signed_it(roots: Roots) -> None:
    # Whoever has an ordinary certificate of the own organisation must not be able to issue more of them.
    ordinary = make("ordinary", OWN, ca=False)
    with pytest.raises(DeniedError):
        roots.identify(presented(make("agent", ordinary, ca=False), ordinary))


def test_announcing_the_own_root_gives_nobody_anything_here(roots: Roots) -> None:
    roots.announce({BIRCH: OWN.pem.decode(), ALDER: BIRCHS.pem.decode()})
    caller = roots.identify(presented(make("agent", OWN, ca=False)))
    assert (caller.msps, caller.own) == ({ALDER}, True)
    with pytest.raises(DeniedError):
        roots.identify(presented(make("agent", BIRCHS, ca=False)))


def test_a_root_that_two_members_announce_stands_for_both(roots: Roots) -> None:
    roots.announce({BIRCH: BIRCHS.pem.decode(), CEDAR: BIRCHS.pem.decode()})
    assert roots.identify(presented(make("agent", BIRCHS, ca=False))).msps == {BIRCH, CEDAR}


@pytest.mark.parametrize("name", ["birch", "BIRCH", " birch ", "Birch"])
def test_a_root_that_bears_anothers_name_does_not_get_in_its_way(roots: Roots, name: str) -> None:
    # TLS would try it first, and turn the other's members away for a signature that does not fit.
    assert list(roots.announce({BIRCH: BIRCHS.pem.decode(), ALICE: make(name).pem.decode()})) == [ALICE]
    assert roots.identify(presented(make("agent", BIRCHS, ca=False))).msps == {BIRCH}


def test_nor_does_one_that_bears_the_own_name(roots: Roots) -> None:
    for name in ("alder", "ALDER"):
        assert list(roots.announce({BIRCH: BIRCHS.pem.decode(), ALICE: make(name).pem.decode()})) == [ALICE]


def test_a_root_of_many_names_takes_none_of_anothers(roots: Roots) -> None:
    alices = make("alice").pem.decode()
    assert roots.announce({BIRCH: BIRCHS.pem.decode(), ALICE: alices}) == {}
    both = alices + make("birch").pem.decode()
    assert list(roots.announce({BIRCH: BIRCHS.pem.decode(), ALICE: both})) == [ALICE]


def test_a_renewed_root_keeps_its_name_whoever_waits_for_it(roots: Roots) -> None:
    waiting = make("birch").pem.decode()
    roots.announce({BIRCH: BIRCHS.pem.decode(), ALICE: waiting})
    renewed = make("birch")
    assert list(roots.announce({BIRCH: renewed.pem.decode(), ALICE: waiting})) == [ALICE]
    assert roots.identify(presented(make("agent", renewed, ca=False))).msps == {BIRCH}


def test_who_had_a_name_has_it_after_a_restart_too(roots: Roots, tmp_path: Path) -> None:
    now = {ALICE: make("birch").pem.decode(), BIRCH: BIRCHS.pem.decode()}
    write_names(tmp_path / "roots.json", roots.names)
    restarted = Roots(ALDER, OWN.pem, read_names(tmp_path / "roots.json"))
    restarted.announce({})  # as before the ledger was read
    assert list(restarted.announce(now)) == [ALICE]
    assert restarted.names == roots.names
    # A gateway that begins has nothing to go by: any order will do, as long as one of the two can come in.
    assert list(Roots(ALDER, OWN.pem, read_names(tmp_path / "nothing")).announce(now)) == [BIRCH]


@pytest.mark.parametrize("text", ["", "{}", '{"schema":"quorate.roots/1","members":{"BirchMSP":["birch"]}}'])
def test_names_that_were_damaged_are_not_taken(tmp_path: Path, text: str) -> None:
    (tmp_path / "roots.json").write_text(text)
    with pytest.raises(UsageError):
        read_names(tmp_path / "roots.json")


def test_what_is_no_longer_announced_is_no_longer_known(roots: Roots) -> None:
    agent = presented(make("agent", BIRCHS, ca=False))
    assert roots.identify(agent).msps == {BIRCH}
    roots.announce({})
    with pytest.raises(DeniedError):
        roots.identify(agent)
    assert roots.bundle().strip() == OWN.pem.strip()


def test_an_unreadable_root_is_named_and_left_out(roots: Roots) -> None:
    assert list(roots.announce({BIRCH: BIRCHS.pem.decode(), CEDAR: "nonsense"})) == [CEDAR]
    assert roots.root_of(BIRCH) == BIRCHS.pem
    assert roots.root_of(CEDAR) is None
    with pytest.raises(UsageError):
        Roots(ALDER, b"nonsense")


def test_a_root_that_only_the_ledger_can_read_is_left_out(roots: Roots) -> None:
    der = make("cedar").certificate.public_bytes(Encoding.DER)
    second = der.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020101"), 1)  # X.509 version 2
    unknown = der.replace(bytes.fromhex("06072a8648ce3d0201"), bytes.fromhex("06072a8648ce3d0299"), 1)  # no such key
    for altered in (second, unknown):
        pem = f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(altered).decode()}-----END CERTIFICATE-----\n"
        assert roots.announce({BIRCH: BIRCHS.pem.decode(), CEDAR: pem}) == {CEDAR: "the TLS root is not readable PEM"}
        assert roots.root_of(CEDAR) is None


def test_the_development_authority_fits(identities: dict[str, OrganisationPaths]) -> None:
    made = Roots(ALDER, identities["alder"].tls_ca.cert.read_bytes())
    leaf = identities["alder"].agent_tls.cert.read_bytes()
    assert made.identify({"x509_pem_cert": [leaf], "x509_pem_cert_chain": [leaf]}).own
