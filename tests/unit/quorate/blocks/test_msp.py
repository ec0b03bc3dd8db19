import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from quorate.blocks import protos
from quorate.blocks.certificate import ATTRIBUTES, first_certificate, load_certificate, role_of
from quorate.blocks.errors import BlockError
from quorate.blocks.identity import Kind
from quorate.blocks.msp import Directory, Msp
from tests.unit.quorate.ledger.configuration import msp_config
from tests.unit.quorate.ledger.organisations import Organisation

DAY = timedelta(days=1)


def issue(ca, *, units=("peer",), authority=False, path_length=None, key=None, ends=DAY, signs=None, attributes=None):
    """Issue a certificate with whatever is wrong about it."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    names = [x509.NameAttribute(NameOID.COMMON_NAME, "x")]
    names += [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units]
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(names))
        .issuer_name(ca.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ca.certificate.not_valid_before_utc)
        .not_valid_after(ca.certificate.not_valid_before_utc + ends)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=path_length), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=authority if signs is None else signs,
                crl_sign=authority,
                **usage,
            ),
            critical=True,
        )
    )
    if attributes is not None:
        builder = builder.add_extension(x509.UnrecognizedExtension(ATTRIBUTES, attributes), critical=False)
    certificate = builder.sign(ca.key, hashes.SHA256())
    return type(ca)(certificate=certificate, key=key)


def pem(issued):
    return issued.certificate.public_bytes(Encoding.PEM)


@pytest.mark.parametrize("kind", list(Kind))
def test_members_are_told_apart_by_their_unit(alder, msp, kind):
    signer = alder.member(kind.value)
    found = msp.admit(signer.serialized, signer.pem)
    assert (found.kind, found.msp_id, found.is_admin) == (kind, "AlderMSP", kind is Kind.ADMIN)


def test_an_expired_certificate_still_signed_what_it_signed(alder, msp):
    assert msp.admit(b"", pem(issue(alder.ca, ends=timedelta(seconds=2)))).kind is Kind.PEER


@pytest.mark.parametrize("units", [(), ("peer", "client"), ("guest",)])
def test_a_member_is_exactly_one_kind(alder, msp, units):
    with pytest.raises(BlockError, match="exactly one"):
        msp.admit(b"", pem(issue(alder.ca, units=units)))


def test_an_authority_is_no_member(alder, msp):
    with pytest.raises(BlockError, match="authority"):
        msp.admit(b"", alder.ca_pem)


def test_a_namesake_of_the_root_issues_nothing(msp):
    with pytest.raises(BlockError, match="does not chain"):
        msp.admit(b"", pem(issue(Organisation.new("Alder").ca)))


def test_a_member_issues_nothing(alder, msp):
    member = issue(alder.ca)
    with pytest.raises(BlockError, match="does not chain"):
        msp.admit(b"", pem(issue(member)))


def with_intermediate(alder, intermediate):
    config = msp_config(alder)
    config.intermediate_certs.append(pem(intermediate))
    for kind in ("client", "peer", "admin", "orderer"):
        getattr(config.fabric_node_ous, f"{kind}_ou_identifier").certificate = b""
    return Msp(config)


def test_a_chain_may_go_over_an_intermediate():
    root = issue_root()
    intermediate = issue(root, authority=True)
    alder = Organisation("Alder", root)
    found = with_intermediate(alder, intermediate).admit(b"", pem(issue(intermediate)))
    assert found.kind is Kind.PEER


@pytest.mark.parametrize("wrong", [{"authority": False}, {"authority": True, "signs": False}])
def test_an_intermediate_that_may_not_issue_does_not(wrong):
    root = issue_root()
    intermediate = issue(root, **wrong)
    with pytest.raises(BlockError, match="does not chain"):
        with_intermediate(Organisation("Alder", root), intermediate).admit(b"", pem(issue(intermediate)))


def test_a_root_that_allows_no_intermediate_is_heeded(alder):
    intermediate = issue(alder.ca, authority=True)
    with pytest.raises(BlockError, match="does not chain"):
        with_intermediate(alder, intermediate).admit(b"", pem(issue(intermediate)))


def issue_root():
    key = ec.generate_private_key(ec.SECP256R1())
    template = Organisation.new("Root").ca
    named = type(template)(certificate=template.certificate, key=key)
    name = template.certificate.subject
    now = datetime.now(tz=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(template.certificate.extensions.get_extension_for_class(x509.KeyUsage).value, critical=True)
        .sign(key, hashes.SHA256())
    )
    return type(named)(certificate=certificate, key=key)


def revocation(ca, serial, *, named=True, encoding=Encoding.PEM):
    now = datetime.now(tz=UTC)
    entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build()
    builder = x509.CertificateRevocationListBuilder().issuer_name(ca.certificate.subject)
    builder = builder.last_update(now).next_update(now + timedelta(days=1)).add_revoked_certificate(entry)
    if named:
        key = ca.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        identifier = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key)
        builder = builder.add_extension(identifier, critical=False)
    return builder.sign(ca.key, hashes.SHA256()).public_bytes(encoding)


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_a_revoked_certificate_is_refused(alder, encoding):
    member = issue(alder.ca)
    revoked = revocation(alder.ca, member.certificate.serial_number, encoding=encoding)
    msp = Msp(msp_config(alder, revocation_list=[revoked]))
    with pytest.raises(BlockError, match="a certificate of AlderMSP in the chain is revoked"):
        msp.admit(b"", pem(member))
    assert msp.admit(b"", alder.peer.pem).kind is Kind.PEER


def test_a_revocation_that_the_authority_did_not_sign_revokes_nothing(alder):
    member = issue(alder.ca)
    forged = revocation(Organisation.new("Alder").ca, member.certificate.serial_number)
    assert Msp(msp_config(alder, revocation_list=[forged])).admit(b"", pem(member)).kind is Kind.PEER


def test_where_a_list_does_not_say_whose_it_is_peers_take_nobody(alder):
    nobodys = revocation(alder.ca, 7, named=False)
    with pytest.raises(BlockError, match="a revocation list of AlderMSP does not say whose it is"):
        Msp(msp_config(alder, revocation_list=[nobodys])).admit(b"", alder.peer.pem)


@pytest.mark.parametrize("data", [b"", b"no list", b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"])
def test_what_is_no_list_is_refused(alder, data):
    with pytest.raises(BlockError, match="a revocation list cannot be read"):
        Msp(msp_config(alder, revocation_list=[data]))


def test_of_several_certificates_in_an_authoritys_file_peers_take_the_first(alder):
    config = msp_config(alder)
    config.root_certs[0] = b"Our root:\n" + alder.ca_pem + Organisation.new("Other").ca_pem
    assert Msp(config).admit(b"", alder.peer.pem).kind is Kind.PEER


def test_a_directory_knows_its_organisations_only(alder):
    directory = Directory([Msp(msp_config(alder))])
    assert directory.identity(alder.peer.serialized) is directory.identity(alder.peer.serialized)
    with pytest.raises(BlockError, match="no organisation 'ElmMSP'"):
        directory.identity(protos.SerializedIdentity(mspid="ElmMSP", id_bytes=alder.peer.pem).SerializeToString())
    with pytest.raises(BlockError):
        directory.identity(b"\xff\xff")


def test_the_role_is_an_attribute_of_the_certificate(alder):
    assert role_of(alder.roles["officer"].issued.certificate) == "officer"
    assert role_of(alder.peer.issued.certificate) == ""


@pytest.mark.parametrize("attributes", [b"[" * 40_000, b"{", b"\xff"])
def test_attributes_that_cannot_be_read_are_refused(alder, attributes):
    with pytest.raises(BlockError, match="not JSON"):
        role_of(issue(alder.ca, attributes=attributes).certificate)


@pytest.mark.parametrize(
    "text", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_what_is_no_certificate_is_refused(text):
    with pytest.raises(BlockError):
        load_certificate(text)


@pytest.mark.parametrize("load", [load_certificate, first_certificate])
def test_a_certificate_of_a_version_that_nobody_knows_is_refused(alder, load):
    der = alder.peer.issued.certificate.public_bytes(Encoding.DER)
    altered = der.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020104"), 1)
    text = b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(altered) + b"-----END CERTIFICATE-----\n"
    with pytest.raises(BlockError, match="not readable"):
        load(text)


def test_two_certificates_are_not_one(alder):
    with pytest.raises(BlockError, match="2 certificates"):
        load_certificate(alder.ca_pem * 2)
