from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from network.fabric.msp import write_msp
from network.identity import issue_organisation
from network.identity.authority import new_authority
from network.identity.fabric_ca.revocation import MAX_CRL_BYTES, keep_crl
from network.identity.store import find
from quorate.errors import ConflictError, IntegrityError

NOW = datetime.now(tz=UTC).replace(microsecond=0)


@pytest.fixture
def alder(tmp_path):
    return issue_organisation(tmp_path, "alder")


@pytest.fixture
def ca(alder):
    certificate = x509.load_pem_x509_certificate(alder.ca.cert.read_bytes())
    return find(alder.ca, certificate)


def crl(authority, *serials, at=NOW):
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(at)
        .next_update(at + timedelta(days=1))
    )
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(authority.key, hashes.SHA256()).public_bytes(Encoding.PEM)


def test_a_list_lies_where_msp_folders_take_it_from(alder, ca, tmp_path):
    kept = crl(ca, 7)
    assert keep_crl(alder, kept) == alder.crls / "ca.pem"
    assert [path.read_bytes() for path in alder.crls.glob("*.pem")] == [kept]
    assert [path.read_bytes() for path in write_msp(tmp_path / "msp", alder).glob("crls/*")] == [kept]


def test_a_newer_list_takes_the_place_of_an_older_one_and_not_the_reverse(alder, ca):
    older, newer = crl(ca, 7, at=NOW - timedelta(hours=1)), crl(ca, 7, 8)
    keep_crl(alder, older)
    path = keep_crl(alder, newer)
    with pytest.raises(ConflictError, match="A newer revocation list"):
        keep_crl(alder, older)
    assert path.read_bytes() == newer


def test_a_list_of_another_authority_is_refused(alder):
    pretender = new_authority(common_name="ca.alder.test", organisation="alder")
    other = new_authority(common_name="ca.birch.test", organisation="birch")
    for authority in (pretender, other):
        with pytest.raises(IntegrityError):
            keep_crl(alder, crl(authority, 7))
    assert not alder.crls.exists()


def test_what_is_no_list_is_refused(alder, ca):
    whole = crl(ca, 7)
    for wrong in (b"", b"nonsense", whole[:-60], whole + bytes(MAX_CRL_BYTES), alder.ca.cert.read_bytes()):
        with pytest.raises(IntegrityError):
            keep_crl(alder, wrong)
