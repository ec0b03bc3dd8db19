import stat
import time
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from network.identity import OrganisationPaths, Role, issue_orderer, issue_organisation
from quorate.errors import IntegrityError, StorageError


def certificate(pair):
    return x509.load_pem_x509_certificate(pair.cert.read_bytes())


def extension(pair, kind):
    return certificate(pair).extensions.get_extension_for_class(kind)


def subject(pair, oid):
    return [attribute.value for attribute in certificate(pair).subject.get_attributes_for_oid(oid)]


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return tmp_path_factory.mktemp("identities") / "deep" / "er"


@pytest.fixture(scope="module")
def alder(directory):
    return issue_organisation(directory, "alder")


def signing_pairs(paths):
    return [paths.admin, paths.peer, *(paths.identity(role) for role in Role)]


def tls_pairs(paths):
    return [paths.peer_tls, paths.gateway_tls, paths.gateway_client, paths.agent_tls]


def all_pairs(paths):
    return [paths.ca, paths.tls_ca, *signing_pairs(paths), *tls_pairs(paths)]


def test_every_certificate_belongs_to_its_key(alder):
    for pair in all_pairs(alder):
        key = load_pem_private_key(pair.key.read_bytes(), password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        assert isinstance(key.curve, ec.SECP256R1)
        assert key.public_key() == certificate(pair).public_key()
        assert pair.key.read_text().startswith("-----BEGIN PRIVATE KEY-----\n")


def test_signing_and_tls_certificates_come_from_their_own_authorities(alder):
    for authority, pairs in ((alder.ca, signing_pairs(alder)), (alder.tls_ca, tls_pairs(alder))):
        issuer = certificate(authority)
        for pair in pairs:
            certificate(pair).verify_directly_issued_by(issuer)


def test_organisations_share_no_authority(alder, directory):
    birch = issue_organisation(directory, "birch")
    assert certificate(birch.ca).public_key() != certificate(alder.ca).public_key()
    assert certificate(birch.ca).subject != certificate(alder.ca).subject


@pytest.mark.parametrize("role", list(Role))
def test_a_client_carries_its_role_as_fabric_ca_writes_it(alder, role):
    pair = alder.identity(role)
    found = certificate(pair).extensions.get_extension_for_oid(ObjectIdentifier("1.2.3.4.5.6.7.8.1"))
    assert found.value.value == b'{"attrs":{"quorate.role":"%s"}}' % role.value.encode()
    assert not found.critical
    assert subject(pair, NameOID.ORGANIZATIONAL_UNIT_NAME) == ["client"]
    assert subject(pair, NameOID.ORGANIZATION_NAME) == ["alder"]


def test_node_units(alder, directory):
    orderer = issue_orderer(directory, "orderer")
    units = [subject(pair, NameOID.ORGANIZATIONAL_UNIT_NAME) for pair in (alder.peer, alder.admin, orderer.node)]
    assert units == [["peer"], ["admin"], ["orderer"]]


def test_only_clients_carry_attributes(alder):
    for pair in (alder.peer, alder.admin, *tls_pairs(alder)):
        with pytest.raises(x509.ExtensionNotFound):
            certificate(pair).extensions.get_extension_for_oid(ObjectIdentifier("1.2.3.4.5.6.7.8.1"))


def test_authorities_sign_end_entities_only(alder):
    for pair in (alder.ca, alder.tls_ca):
        assert extension(pair, x509.BasicConstraints).value == x509.BasicConstraints(ca=True, path_length=0)
        assert extension(pair, x509.KeyUsage).value.key_cert_sign
    for pair in (*signing_pairs(alder), *tls_pairs(alder)):
        assert extension(pair, x509.BasicConstraints).value == x509.BasicConstraints(ca=False, path_length=None)
        assert not extension(pair, x509.KeyUsage).value.key_cert_sign


def test_every_certificate_names_its_key_and_its_issuers(alder):
    for pair in all_pairs(alder):
        assert extension(pair, x509.SubjectKeyIdentifier).value.digest
    authority = extension(alder.ca, x509.SubjectKeyIdentifier).value.digest
    for pair in signing_pairs(alder):
        assert extension(pair, x509.AuthorityKeyIdentifier).value.key_identifier == authority


SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


@pytest.mark.parametrize(
    ("which", "host", "usages"),
    [("peer_tls", "peer0.alder.test", [SERVER, CLIENT]), ("gateway_tls", "gateway.alder.test", [SERVER])],
)
def test_servers_are_reached_by_their_names_and_on_this_machine(alder, which, host, usages):
    pair = getattr(alder, which)
    names = extension(pair, x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", host]
    assert names.get_values_for_type(x509.IPAddress) == [IPv4Address("127.0.0.1")]
    assert list(extension(pair, x509.ExtendedKeyUsage).value) == usages


@pytest.mark.parametrize("which", ["gateway_client", "agent_tls"])
def test_tls_clients_cannot_pose_as_servers(alder, which):
    pair = getattr(alder, which)
    assert list(extension(pair, x509.ExtendedKeyUsage).value) == [CLIENT]


def test_certificates_are_valid_now_and_hardly_before(alder):
    now = datetime.now(tz=UTC)
    for pair in all_pairs(alder):
        assert now - timedelta(minutes=10) < certificate(pair).not_valid_before_utc < now
        assert certificate(pair).not_valid_after_utc > now + timedelta(days=365)


def test_keys_are_for_their_owner_only(alder):
    for pair in all_pairs(alder):
        assert stat.S_IMODE(pair.key.stat().st_mode) == 0o600
        assert stat.S_IMODE(pair.directory.stat().st_mode) == 0o700


def test_nothing_temporary_is_left(alder):
    assert {path.name for path in alder.root.rglob("*") if path.is_file()} == {"cert.pem", "key.pem"}


def contents(paths):
    return {path: path.read_bytes() for path in paths.root.rglob("*") if path.is_file()}


def test_issuing_again_keeps_what_exists(tmp_path):
    paths = issue_organisation(tmp_path, "alder")
    before = contents(paths)
    assert issue_organisation(tmp_path, "alder") == paths
    assert contents(paths) == before


def test_issuing_again_after_an_interruption_completes_it(tmp_path):
    paths = issue_organisation(tmp_path, "alder")
    before = contents(paths)
    paths.agent_tls.cert.unlink()  # the key is written first, the certificate last
    issue_organisation(tmp_path, "alder")
    after = contents(paths)
    assert {path for path in before if before[path] != after[path]} == {paths.agent_tls.cert, paths.agent_tls.key}


def test_a_key_that_belongs_to_another_certificate_is_refused(tmp_path):
    paths = issue_organisation(tmp_path, "alder")
    paths.peer.key.write_bytes(paths.admin.key.read_bytes())
    with pytest.raises(IntegrityError, match="does not hold"):
        issue_organisation(tmp_path, "alder")


def test_a_certificate_without_its_key_is_refused(tmp_path):
    paths = issue_organisation(tmp_path, "alder")
    paths.peer.key.unlink()
    with pytest.raises(IntegrityError, match="does not hold"):
        issue_organisation(tmp_path, "alder")


def test_a_certificate_of_another_authority_is_refused(tmp_path):
    paths, other = issue_organisation(tmp_path, "alder"), issue_organisation(tmp_path / "other", "alder")
    paths.peer.cert.write_bytes(other.peer.cert.read_bytes())
    paths.peer.key.write_bytes(other.peer.key.read_bytes())
    with pytest.raises(IntegrityError, match="was not issued by"):
        issue_organisation(tmp_path, "alder")


def test_a_certificate_that_is_none_is_refused(tmp_path):
    paths = issue_organisation(tmp_path, "alder")
    paths.ca.cert.write_text("nonsense")
    with pytest.raises(IntegrityError, match="does not hold"):
        issue_organisation(tmp_path, "alder")


def test_a_directory_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        issue_organisation(tmp_path / "file", "alder")


def test_further_nodes_have_certificates_and_names_of_their_own(tmp_path):
    alder, orderer = issue_organisation(tmp_path, "alder", peers=2), issue_orderer(tmp_path, "orderer", nodes=3)
    nodes = [alder.peer_at(0), alder.peer_at(1), *(orderer.node_at(index) for index in range(3))]
    tls = [alder.peer_tls_at(0), alder.peer_tls_at(1), *(orderer.node_tls_at(index) for index in range(3))]
    assert [node.directory.name for node in nodes] == ["peer", "peer1", "node", "orderer1", "orderer2"]
    for pairs in (nodes, tls):
        assert [subject(pair, NameOID.COMMON_NAME) for pair in pairs] == [
            ["peer0.alder.test"],
            ["peer1.alder.test"],
            ["orderer0.orderer.test"],
            ["orderer1.orderer.test"],
            ["orderer2.orderer.test"],
        ]
        assert len({pair.key.read_bytes() for pair in pairs}) == 5
    assert not alder.peer_at(2).directory.exists()


def test_paths_are_absolute_whatever_the_directory_was(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert OrganisationPaths.of(tmp_path.relative_to(tmp_path), "alder").root == tmp_path / "organisations" / "alder"


def test_four_organisations_take_well_under_half_a_second(tmp_path):
    began = time.thread_time()
    for name in ("alder", "birch", "cedar", "elm"):
        issue_organisation(tmp_path, name)
    assert time.thread_time() - began < 0.5
