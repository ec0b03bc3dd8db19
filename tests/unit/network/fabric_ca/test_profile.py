import pytest
import yaml

from network import ca_commands
from network.identity.fabric_ca.profile import CaProfile, profile_text
from network.identity.fabric_ca.records import Kind, Reason
from network.identity.fabric_ca.served import Served
from network.identity.fabric_ca.settings import server_settings
from network.identity.layout import OrganisationPaths
from quorate.errors import StorageError, UsageError

TEXT = profile_text(
    url="https://localhost:1", ca="ca", tls_root="tlsca/cert.pem", authority="ca/cert.pem", registrar="r"
)


@pytest.fixture
def profile(tmp_path):
    def write(text):
        path = tmp_path / "ca.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_paths_are_those_of_the_file_s_folder(profile, tmp_path, monkeypatch):
    profile(TEXT)
    monkeypatch.chdir(tmp_path.parent)
    found = CaProfile.load(tmp_path.relative_to(tmp_path.parent) / "ca.toml")
    assert (found.tls_root, found.registrar) == (tmp_path / "tlsca" / "cert.pem", tmp_path / "r")


def test_an_endpoint_comes_of_it(profile, house):
    endpoint = CaProfile.load(profile(TEXT)).endpoint()
    assert (endpoint.url, endpoint.ca) == ("https://localhost:1", "ca")
    assert endpoint == house.endpoint(1, timeout_s=20.0)


def test_a_registrar_that_is_not_named_is_asked_for(profile):
    without = "\n".join(line for line in TEXT.splitlines() if not line.startswith("registrar"))
    with pytest.raises(UsageError, match="needs a registrar"):
        CaProfile.load(profile(without)).credential()


@pytest.mark.parametrize(
    "text",
    ["", "=", TEXT + "more = 1\n", TEXT.replace("fabric-ca/1", "fabric-ca/2"), TEXT.replace('url = "h', 'u = "h')],
)
def test_what_is_no_profile_is_refused(profile, text):
    with pytest.raises(UsageError):
        CaProfile.load(profile(text))


def test_a_profile_that_is_not_there_cannot_be_read(tmp_path):
    with pytest.raises(StorageError):
        CaProfile.load(tmp_path / "ca.toml")


def test_the_command_line_offers_what_the_client_knows():
    assert tuple(Kind) == ca_commands.KINDS
    assert tuple(Reason) == ca_commands.REASONS


def test_a_server_listens_on_this_machine_only_and_removes_nothing(tmp_path):
    served = Served(organisation="alder", paths=OrganisationPaths.of(tmp_path, "alder"), port=7054)
    files = server_settings(served, {"ca": "one", "tlsca": "two"})
    server, tls_ca = (yaml.safe_load(files[name]) for name in ("fabric-ca-server-config.yaml", files_of_tls_ca(files)))
    assert (server["address"], server["port"], server["tls"]["enabled"]) == ("127.0.0.1", 7054, True)
    assert server["operations"]["listenaddress"] == "127.0.0.1:0"
    for ca, secret in ((server, "one"), (tls_ca, "two")):
        assert ca["cfg"]["identities"] == {"passwordattempts": 10, "allowremove": False}
        assert [each["pass"] for each in ca["registry"]["identities"]] == [secret]


def files_of_tls_ca(files):
    (name,) = [name for name in files if name.startswith("tlsca/")]
    return name
