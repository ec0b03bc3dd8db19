import stat

import pytest
import yaml

from network.fabric.msp import write_msp
from network.identity import issue_orderer, issue_organisation
from quorate.errors import StorageError


@pytest.fixture
def alder(tmp_path):
    return issue_organisation(tmp_path / "identities", "alder")


def files(directory):
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


def test_what_the_channel_knows_of_an_organisation_holds_no_key(alder, tmp_path):
    msp = write_msp(tmp_path / "msp", alder)
    assert files(msp) == ["cacerts/ca.pem", "config.yaml", "tlscacerts/tlsca.pem"]
    assert (msp / "cacerts" / "ca.pem").read_bytes() == alder.ca.cert.read_bytes()


def test_a_node_has_its_own_certificate_and_key_besides(alder, tmp_path):
    msp = write_msp(tmp_path / "msp", alder, signer=alder.peer)
    assert (msp / "signcerts" / "cert.pem").read_bytes() == alder.peer.cert.read_bytes()
    key = msp / "keystore" / "key.pem"
    assert key.read_bytes() == alder.peer.key.read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_the_units_of_the_organisation_are_told_apart(alder, tmp_path):
    units = yaml.safe_load((write_msp(tmp_path / "msp", alder) / "config.yaml").read_text())["NodeOUs"]
    assert units.pop("Enable") is True
    assert {name: unit["OrganizationalUnitIdentifier"] for name, unit in units.items()} == {
        "ClientOUIdentifier": "client",
        "PeerOUIdentifier": "peer",
        "AdminOUIdentifier": "admin",
        "OrdererOUIdentifier": "orderer",
    }
    assert {unit["Certificate"] for unit in units.values()} == {"cacerts/ca.pem"}


def test_revocation_lists_are_taken_along_and_what_was_there_goes(tmp_path):
    paths = issue_orderer(tmp_path / "identities", "orderer")
    paths.crls.mkdir()
    (paths.crls / "ca.pem").write_text("a list")
    msp = write_msp(tmp_path / "msp", paths, signer=paths.node)
    assert (msp / "crls" / "ca.pem").read_text() == "a list"
    (paths.crls / "ca.pem").unlink()
    write_msp(tmp_path / "msp", paths)
    assert files(msp) == ["cacerts/ca.pem", "config.yaml", "tlscacerts/tlsca.pem"]


def test_a_missing_certificate_is_an_error(alder, tmp_path):
    alder.ca.cert.unlink()
    with pytest.raises(StorageError, match="Cannot write an MSP"):
        write_msp(tmp_path / "msp", alder)
