"""A Fabric CA server for an organisation: its folders are filled as the development CA fills them, once."""

import stat
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.fabric import FileIdentity
from network import embedded_engine
from network.consortium import found_consortium
from network.home import NetworkHome
from network.identity import OrdererPaths, OrganisationPaths, Role, issue_orderer, issue_organisation
from network.identity.authority import Issued, new_authority
from network.identity.fabric_ca import Credential, FabricCa
from network.identity.fabric_ca.issue import issue
from network.identity.fabric_ca.served import SIGNING_CA, TLS_CA, Served
from network.identity.fabric_ca.server import ca_node, is_serving
from network.identity.store import put, write_private
from network.topology import Topology
from quorate.blocks.certificate import role_of, units
from quorate.errors import DeniedError, IntegrityError, UnreachableError
from tests.integration.ports import free_port, nobody_listens

OF_THE_SERVER = {"ca/tls", "ca/registrar", "tlsca/registrar"}


def certificate(pair):
    return x509.load_pem_x509_certificate(pair.cert.read_bytes())


def folders(root):
    return {str(path.parent.relative_to(root)) for path in root.rglob("cert.pem")}


def contents(root):
    return {path: path.read_bytes() for path in root.rglob("*.pem")}


@pytest.fixture(scope="module")
def cedar(serve):
    """An organisation and its server that the tests of this module change: each leaves it whole."""
    served, node = serve("cedar")
    issue([served])
    return served, node


def test_the_same_folders_are_filled_as_by_the_development_ca(alder, tmp_path):
    development = issue_organisation(tmp_path, "alder")
    assert folders(alder.paths.root) == folders(development.root) | OF_THE_SERVER
    for folder in folders(development.root) - {"ca", "tlsca"}:
        ours, its = (root / folder / "cert.pem" for root in (development.root, alder.paths.root))
        ours, its = (x509.load_pem_x509_certificate(path.read_bytes()) for path in (ours, its))
        assert its.subject.get_attributes_for_oid(NameOID.COMMON_NAME) == ours.subject.get_attributes_for_oid(
            NameOID.COMMON_NAME
        )
        assert role_of(its) == role_of(ours)


def test_the_ordering_organisation_s_too(ca_program, tmp_path):
    served = Served(
        organisation="orderer", paths=OrdererPaths.of(tmp_path / "its", "orderer"), nodes=3, port=free_port()
    )
    node = ca_node(served, program=ca_program, directory=tmp_path / "server", dies_with_parent=True)
    node.launch()
    try:
        node.wait_ready()
        issue([served])
    finally:
        node.stop()
    assert folders(served.paths.root) == folders(issue_orderer(tmp_path, "orderer", nodes=3).root) | OF_THE_SERVER
    assert units(certificate(served.paths.node_at(2))) == ("orderer",)


def test_signing_certificates_say_what_they_are(alder):
    paths = alder.paths
    assert [units(certificate(pair)) for pair in (paths.admin, paths.peer)] == [("admin",), ("peer",)]
    for role in Role:
        found = certificate(paths.identity(role))
        assert (units(found), role_of(found)) == (("client",), role.value)
        found.verify_directly_issued_by(certificate(paths.ca))


def test_tls_certificates_are_for_what_they_are_for(alder):
    paths = alder.paths
    server, client = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
    for pair, usages in (
        (paths.peer_tls, [server, client]),
        (paths.gateway_tls, [server, client]),
        (paths.gateway_client, [client]),
        (paths.agent_tls, [client]),
    ):
        found = certificate(pair)
        assert list(found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == usages
        found.verify_directly_issued_by(certificate(paths.tls_ca))


def test_keys_and_secrets_are_for_their_owner_only(alder):
    for path in alder.paths.root.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    FileIdentity(msp_id="AlderMSP", certificate=alder.paths.peer.cert, key=alder.paths.peer.key).load()


def test_issuing_again_keeps_everything_and_asks_nobody(alder):
    before = contents(alder.paths.root)
    with nobody_listens() as port:
        issue([Served(organisation="alder", paths=alder.paths, port=port)])
    assert contents(alder.paths.root) == before


def test_an_interruption_is_completed(cedar):
    served, _ = cedar
    before = contents(served.paths.root)
    lost = [served.paths.identity(Role.AGENT), served.paths.gateway_client]
    for pair in lost:
        pair.cert.unlink()  # the key is written first, the certificate last
    issue([served])
    after = contents(served.paths.root)
    assert {path for path in before if before[path] != after[path]} == {
        path for pair in lost for path in (pair.cert, pair.key)
    }


def test_what_has_expired_is_issued_anew(cedar):
    served, _ = cedar
    pair = served.paths.identity(Role.OFFICER)
    put(pair, _expired(served))
    issue([served])
    assert certificate(pair).not_valid_after_utc > datetime.now(tz=UTC)
    assert role_of(certificate(pair)) == "officer"


def _expired(served):
    ca, key = certificate(served.paths.ca), ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(tz=UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(ca.subject)
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now - timedelta(days=1))
    )
    signer = load_pem_private_key(served.paths.ca.key.read_bytes(), None)
    return Issued(certificate=builder.sign(signer, hashes.SHA256()), key=key)


async def test_what_was_revoked_is_not_issued_anew(cedar):
    served, _ = cedar
    pair = served.paths.identity(Role.STEWARD)
    async with FabricCa(served.endpoint(SIGNING_CA)) as ca:
        await ca.revoke(Credential.load(served.registrar(SIGNING_CA)), name="steward.cedar.test")
    kept, key = pair.cert.read_bytes(), pair.key.read_bytes()
    issue([served])
    assert pair.cert.read_bytes() == kept
    pair.cert.unlink()
    with pytest.raises(DeniedError):
        issue([served])
    assert not pair.cert.exists()
    write_private(pair.key, key)
    write_private(pair.cert, kept)


def test_what_another_authority_issued_is_refused(cedar):
    served, _ = cedar
    put(served.paths.peer, new_authority(common_name="stranger", organisation="cedar"))
    with pytest.raises(IntegrityError, match="was not issued by"):
        issue([served])
    served.paths.peer.cert.unlink()
    issue([served])


def test_a_server_that_was_killed_goes_on_with_its_registry(cedar):
    served, node = cedar
    node.kill()
    assert not is_serving(served)
    served.paths.identity(Role.AGENT).cert.unlink()
    with pytest.raises(UnreachableError):
        issue([served])
    node.start()
    issue([served])
    assert role_of(certificate(served.paths.identity(Role.AGENT))) == "agent"


def test_secrets_are_in_no_log(cedar):
    served, node = cedar
    log = node.log.read_text(encoding="utf-8")
    assert "registrar" in log
    for ca in (SIGNING_CA, TLS_CA):
        assert served.secret(ca).read_text(encoding="ascii") not in log


def test_a_port_that_is_taken_is_said(alder, ca_program, tmp_path):
    taken = Served(organisation="alder", paths=OrganisationPaths.of(tmp_path, "alder"), port=alder.port)
    node = ca_node(taken, program=ca_program, directory=tmp_path / "server", dies_with_parent=True)
    node.launch()
    with pytest.raises(UnreachableError, match="address already in use"):
        node.wait_ready()


async def test_a_consortium_is_founded_with_its_identities(serve, tmp_path, embedded_program):  # noqa: ARG001
    # The chaincode reads role, kind and organisation from these certificates as it does from the development CA's.
    home, topology = NetworkHome(tmp_path / "home"), Topology.for_members(["Alder", "Birch"])
    issue([serve(organisation.name, identities=home.identities)[0] for organisation in topology.organisations])
    network = embedded_engine.start(home, topology, dies_with_parent=True)
    try:
        consortium = await found_consortium(network.connection)
        assert [member.msp for member in consortium.charter.members] == ["AlderMSP", "BirchMSP"]
        async with consortium.contract("alder", Role.OFFICER) as contract:
            assert b"AlderMSP" in await contract.evaluate("consortium:Get", b'{"schema":"quorate.consortium.get/1"}')
    finally:
        network.stop()
