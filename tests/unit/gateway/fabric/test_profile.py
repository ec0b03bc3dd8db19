"""Connection profiles and wallets that other clients wrote, and connecting with what is in them."""

import base64
import json
import stat

import pytest
import yaml

from gateway.fabric import connect
from gateway.fabric.profile import MAX_PROFILE_BYTES, ConnectionProfile, FileSystemWallet
from quorate.errors import NotFoundError, StorageError, UsageError
from tests.unit.gateway.fabric.authority import Authority

PEER = "peer0.org1.example.com"


def write_key(path, pem):
    path.write_bytes(pem)
    path.chmod(0o600)


@pytest.fixture
def files(tmp_path, served, client_certificate):
    """What stands beside a profile of fabric-sdk-py; paths in it are relative to this folder."""
    (tmp_path / "crypto").mkdir()
    (tmp_path / "crypto/tlsca.pem").write_bytes(served.tls.roots)
    (tmp_path / "crypto/client.pem").write_bytes(served.tls.certificate)
    write_key(tmp_path / "crypto/client.key", served.tls.key)
    (tmp_path / "crypto/cert.pem").write_bytes(client_certificate.certificate_pem)
    write_key(tmp_path / "crypto/key_sk", client_certificate.key_pem)
    return tmp_path


@pytest.fixture
def document(served):
    """As fabric-sdk-py's own example has it, with one peer."""
    return {
        "name": "sample-network",
        "version": "0.1",
        "client": {"organization": "org1.example.com", "credentialStore": {"path": "/tmp/hfc-kvs"}},  # noqa: S108
        "organizations": {
            "org1.example.com": {
                "mspid": "Org1MSP",
                "peers": [PEER],
                "certificateAuthorities": ["ca-org1"],
                "users": {"Admin": {"cert": "crypto/cert.pem", "private_key": "crypto/key_sk"}},
            },
            "orderer.example.com": {"mspid": "OrdererMSP", "orderers": ["orderer.example.com"]},
        },
        "orderers": {
            "orderer.example.com": {
                "url": "localhost:7050",
                "grpcOptions": {"grpc.ssl_target_name_override": "orderer.example.com"},
                "tlsCACerts": {"path": "crypto/tlsca.pem"},
            }
        },
        "peers": {
            PEER: {
                "url": f"localhost:{served.port}",
                "eventUrl": "localhost:7053",
                "grpcOptions": {"grpc.ssl_target_name_override": "localhost", "grpc.http2.keepalive_time": 15},
                "tlsCACerts": {"path": "crypto/tlsca.pem"},
                "clientCert": {"path": "crypto/client.pem"},
                "clientKey": {"path": "crypto/client.key"},
            }
        },
        "certificateAuthorities": {
            "ca-org1": {
                "url": "https://localhost:7054",
                "grpcOptions": {"verify": True},
                "tlsCACerts": {"path": "crypto/tlsca.pem"},
                "registrar": [{"enrollId": "admin", "enrollSecret": "adminpw"}],
            }
        },
    }


@pytest.fixture
def load(files):
    def use(document, mode=0o644):
        path = files / "network.json"
        path.write_text(json.dumps(document))
        path.chmod(mode)
        return ConnectionProfile.load(path, base=files)

    return use


async def evaluated(endpoint, who):
    async with connect(endpoint, *who) as gateway:
        return await gateway.network("quorate").contract("quorate").evaluate("echo", "hello")


async def test_a_profile_of_fabric_sdk_py_leads_to_the_peer(load, document):
    profile = load(document)
    organisation = profile.organisation()
    assert (organisation.name, organisation.msp_id, organisation.peers) == ("org1.example.com", "Org1MSP", (PEER,))
    assert organisation.users == ("Admin",)
    assert await evaluated(profile.peer(PEER), profile.user("Org1MSP", "Admin")) == b"echo|hello"


async def test_an_identity_of_its_wallet_goes_on_without_enrolling_again(load, document, files, client_certificate):
    folder = files / "wallet" / "user1"
    folder.mkdir(parents=True)
    (folder / "enrollmentCert.pem").write_bytes(client_certificate.certificate_pem)
    write_key(folder / "private_sk", client_certificate.key_pem)
    wallet = FileSystemWallet(files / "wallet")
    assert wallet.names() == ("user1",)
    who = wallet.load("user1", msp_id="Org1MSP")
    assert who[0].msp_id == "Org1MSP"
    assert await evaluated(load(document).peer(PEER), who) == b"echo|hello"


async def test_users_whose_certificate_and_key_stand_in_the_profile(load, document, client_certificate):
    """fabric-sdk-py wraps PEM in base64 once more."""
    document["organizations"]["org1.example.com"]["users"]["Admin"] = {
        "cert": {"pem": base64.b64encode(client_certificate.certificate_pem).decode()},
        "private_key": {"pem": base64.b64encode(client_certificate.key_pem).decode()},
    }
    with pytest.raises(UsageError, match=r"stands in .*network\.json, which others") as caught:
        load(document).user("org1.example.com", "Admin")
    assert "chmod 600" in caught.value.hint
    profile = load(document, mode=0o600)
    assert await evaluated(profile.peer(PEER), profile.user("org1.example.com", "Admin")) == b"echo|hello"
    assert "PRIVATE" not in repr(profile)
    assert base64.b64encode(client_certificate.key_pem).decode()[:40] not in repr(profile.document)


async def test_a_profile_of_fabrics_own_sdks(files, document, served, client_certificate):
    """YAML, grpcs, certificates in the text, the administrator beside the organisation."""
    organisation = document["organizations"]["org1.example.com"]
    del organisation["users"]
    organisation["signedCert"] = {"pem": client_certificate.certificate_pem.decode()}
    organisation["adminPrivateKey"] = {"path": "crypto/key_sk"}
    peer = document["peers"][PEER]
    peer["url"] = f"grpcs://localhost:{served.port}"
    peer["grpcOptions"] = {"ssl-target-name-override": "localhost", "hostnameOverride": "ignored"}
    peer["tlsCACerts"] = {"pem": [served.tls.roots.decode().strip()]}
    document["certificateAuthorities"]["ca-org1"] |= {"caName": "ca.org1", "registrar": {"enrollId": "boss"}}
    path = files / "connection.yaml"
    path.write_text(yaml.safe_dump(document))
    profile = ConnectionProfile.load(path, base=files)
    assert profile.organisation("Org1MSP").users == ("Admin",)
    assert await evaluated(profile.peer(PEER), profile.user("", "Admin")) == b"echo|hello"
    authority = profile.certificate_authority("ca-org1")
    assert (authority.name, authority.registrars) == ("ca.org1", ("boss",))


def test_orderers_and_certificate_authorities(load, document, served):
    profile = load(document)
    assert profile.organisations == ("org1.example.com", "orderer.example.com")
    orderer = profile.orderer("orderer.example.com")
    assert (orderer.address, orderer.tls.server_name) == ("localhost:7050", "orderer.example.com")
    assert (orderer.tls.roots, orderer.tls.certificate) == (served.tls.roots, b"")
    authority = profile.certificate_authority("ca-org1")
    assert (authority.url, authority.name, authority.registrars) == ("https://localhost:7054", "", ("admin",))
    assert authority.tls_roots == served.tls.roots
    assert "adminpw" not in repr(profile.document)


def test_another_client_certificate_than_the_profiles(load, document, served):
    endpoint = load(document).peer(PEER, tls=served.tls)
    assert (endpoint.tls.certificate, endpoint.tls.key) == (served.tls.certificate, served.tls.key)
    assert endpoint.tls.server_name == "localhost"


def test_relative_paths_begin_where_the_program_runs(files, document, monkeypatch):
    (files / "network.json").write_text(json.dumps(document))
    monkeypatch.chdir(files)
    assert ConnectionProfile.load(files / "network.json").user("Org1MSP", "Admin")[0].msp_id == "Org1MSP"
    monkeypatch.chdir("/")
    with pytest.raises(StorageError, match=r"cannot read /crypto/cert\.pem"):
        ConnectionProfile.load(files / "network.json").user("Org1MSP", "Admin")


@pytest.mark.parametrize(
    ("ask", "known"),
    [
        (lambda profile: profile.organisation("Org2MSP"), "org1.example.com"),
        (lambda profile: profile.peer("peer9"), PEER),
        (lambda profile: profile.orderer("orderer9"), "orderer.example.com"),
        (lambda profile: profile.certificate_authority("ca9"), "ca-org1"),
        (lambda profile: profile.user("Org1MSP", "User9"), "wallet"),
    ],
)
def test_names_that_are_not_there(load, document, ask, known):
    with pytest.raises(NotFoundError) as caught:
        ask(load(document))
    assert known in caught.value.hint


def test_keys_that_others_may_read_are_refused(load, document, files):
    (files / "crypto/key_sk").chmod(0o644)
    with pytest.raises(UsageError, match="mode 0644") as caught:
        load(document).user("Org1MSP", "Admin")
    assert "chmod 600" in caught.value.hint


def test_a_key_of_another_certificate(load, document, files):
    write_key(files / "crypto/key_sk", Authority().issue("other").key_pem)
    with pytest.raises(UsageError, match="does not belong to the certificate"):
        load(document).user("Org1MSP", "Admin")


@pytest.mark.parametrize("url", ["grpc://localhost:7051", "http://localhost:7051", "localhost", "grpcs://"])
def test_addresses_that_lead_nowhere_safe(load, document, url):
    document["peers"][PEER]["url"] = url
    with pytest.raises(UsageError):
        load(document).peer(PEER)


def test_a_peer_without_a_root_is_not_reached_in_the_clear(load, document):
    del document["peers"][PEER]["tlsCACerts"]
    with pytest.raises(UsageError, match="not TLS"):
        load(document).peer(PEER)


def test_a_certificate_authority_without_tls(load, document):
    document["certificateAuthorities"]["ca-org1"]["url"] = "http://localhost:7054"
    with pytest.raises(UsageError, match="not reached by https"):
        load(document).certificate_authority("ca-org1")


@pytest.mark.parametrize(
    ("material", "why"),
    [
        ({}, "neither a path nor PEM"),
        ({"path": "a", "pem": "b"}, "given once"),
        ({"pem": "%%%"}, "neither PEM nor base64"),
        ({"pem": base64.b64encode(b"text").decode()}, "not of PEM"),
    ],
)
def test_certificates_that_are_none(load, document, material, why):
    document["peers"][PEER]["tlsCACerts"] = material
    with pytest.raises(UsageError, match=why):
        load(document).peer(PEER)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("network.json", "{", "is not JSON"),
        ("network.json", "[" * 100_000, "is not JSON"),
        ("network.json", "[]", "no connection profile"),
        ("network.json", "{}", "organizations: Field required"),
        ("network.json", '{"organizations": {"a": {}}}', "organizations.a.mspid"),
        ("network.yaml", "a: [", "is not YAML"),
        ("network.yaml", "!!python/object/apply:os.system ['true']", "is not YAML"),
        ("network.json", " " * (MAX_PROFILE_BYTES + 1), "larger than"),
    ],
)
def test_what_is_no_profile(tmp_path, name, text, why):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(UsageError, match=why):
        ConnectionProfile.load(path)


def test_an_error_does_not_quote_the_profile(tmp_path):
    path = tmp_path / "network.json"
    path.write_text('{"organizations": {"a": {"mspid": 5, "users": {"x": {"cert": "c", "private_key": ["SECRET"]}}}}}')
    with pytest.raises(UsageError) as caught:
        ConnectionProfile.load(path)
    assert "SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_profile_that_is_not_there(tmp_path):
    with pytest.raises(StorageError, match="cannot read"):
        ConnectionProfile.load(tmp_path / "network.json")


def test_wallets(tmp_path, client_certificate):
    wallet = FileSystemWallet(tmp_path / "absent")
    with pytest.raises(StorageError, match="cannot read the wallet"):
        wallet.names()
    folder = tmp_path / "wallet" / "user1"
    folder.mkdir(parents=True)
    (tmp_path / "wallet" / "user2").mkdir()
    (folder / "enrollmentCert.pem").write_bytes(client_certificate.certificate_pem)
    (folder / "private_sk").write_bytes(client_certificate.key_pem)
    (folder / "private_sk").chmod(0o644)
    wallet = FileSystemWallet(tmp_path / "wallet")
    assert wallet.names() == ("user1",)
    with pytest.raises(NotFoundError) as absent:
        wallet.load("user2", msp_id="Org1MSP")
    assert absent.value.hint == "It has: user1."
    with pytest.raises(UsageError, match="mode 0644") as caught:
        wallet.load("user1", msp_id="Org1MSP")
    assert "chmod 600" in caught.value.hint
    assert stat.S_IMODE((folder / "private_sk").stat().st_mode) == 0o644
    with pytest.raises(UsageError, match="not an MSP"):
        wallet.load("user1", msp_id="?")


@pytest.mark.parametrize("name", ["", "..", "../user1", "a/b", "/etc", "-x", "a\x00b"])
def test_names_that_would_leave_the_wallet(tmp_path, name):
    with pytest.raises(UsageError, match="no name in a wallet"):
        FileSystemWallet(tmp_path).load(name, msp_id="Org1MSP")
