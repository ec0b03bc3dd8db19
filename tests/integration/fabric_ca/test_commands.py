"""``quorate network ca`` against a real fabric-ca-server, with the file that its runner writes."""

import json
import stat

import pytest
from cryptography import x509

from gateway.fabric import FileIdentity
from network.identity.fabric_ca.served import SIGNING_CA, TLS_CA
from quorate.blocks.certificate import role_of
from quorate.cli import main
from quorate.errors import ExitCode


@pytest.fixture
def ca(alder, capsys):
    """Run a command; return its exit status, its answer and what it said."""

    def run(command, *arguments, of=SIGNING_CA):
        status = main(["network", "ca", command, *map(str, arguments), "--ca", str(alder.profile(of))])
        said = capsys.readouterr()
        return status, json.loads(said.out) if said.out.startswith(("{", "[")) else said.out, said.err

    return run


@pytest.fixture
def enrolled(ca, name, tmp_path):
    """A steward with its folder."""
    secret = tmp_path / "secret"
    assert ca("register", name, "--role", "steward", "--secret-file", secret)[0] == ExitCode.DONE
    out = tmp_path / "steward"
    arguments = ("--secret-file", secret, "--out", out, "--organisation", "alder", "--format", "json")
    status, answer, _ = ca("enrol", name, *arguments)
    assert status == ExitCode.DONE
    return out, answer


def load(folder):
    return x509.load_pem_x509_certificate((folder / "cert.pem").read_bytes())


def test_a_ca_is_shown(ca):
    status, answer, _ = ca("info", "--format", "json")
    assert (status, answer["name"], answer["root"]) == (ExitCode.DONE, "ca", "CN=ca.alder.test,O=alder")


def test_from_nothing_to_an_identity_that_signs(enrolled, name, tmp_path):
    out, answer = enrolled
    assert (answer["subject"], answer["role"]) == (f"CN={name},OU=client,O=alder", "steward")
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert stat.S_IMODE((out / "key.pem").stat().st_mode) == 0o600
    FileIdentity(msp_id="AlderMSP", certificate=out / "cert.pem", key=out / "key.pem").load()


def test_what_exists_is_not_overwritten(ca, enrolled, name, tmp_path):
    out, _ = enrolled
    before = (out / "key.pem").read_bytes()
    status, _, said = ca("enrol", name, "--secret-file", tmp_path / "secret", "--out", out)
    assert (status, "ALREADY_EXISTS" in said) == (ExitCode.STATE, True)
    assert ca("register", f"{name}-2", "--secret-file", tmp_path / "secret")[0] == ExitCode.STATE
    assert (out / "key.pem").read_bytes() == before


def test_a_secret_is_used_once_and_renewed(ca, enrolled, name, tmp_path):
    status, _, said = ca("enrol", name, "--secret-file", tmp_path / "secret", "--out", tmp_path / "second")
    assert (status, "DENIED" in said) == (ExitCode.DENIED, True)
    assert not (tmp_path / "second").exists()
    assert enrolled[0].exists()
    assert ca("secret", name, "--secret-file", tmp_path / "new", "--max-enrolments", 2)[0] == ExitCode.DONE
    assert ca("enrol", name, "--secret-file", tmp_path / "new", "--out", tmp_path / "second")[0] == ExitCode.DONE


def test_a_secret_that_others_may_read_is_refused(ca, name, tmp_path):
    (tmp_path / "open").write_text("secret")
    (tmp_path / "open").chmod(0o644)
    status, _, said = ca("enrol", name, "--secret-file", tmp_path / "open", "--out", tmp_path / "out")
    assert (status, "chmod 600" in said) == (ExitCode.USAGE, True)


def test_reenrolment_leaves_the_old_pair(ca, enrolled, tmp_path):
    out, _ = enrolled
    assert ca("reenrol", out, "--out", tmp_path / "renewed")[0] == ExitCode.DONE
    old, new = load(out), load(tmp_path / "renewed")
    assert (new.subject, role_of(new)) == (old.subject, "steward")
    assert new.public_key() != old.public_key()


def test_a_tls_server_is_enrolled_at_the_tls_ca(ca, name, tmp_path):
    secret, out = tmp_path / "secret", tmp_path / "tls"
    assert ca("register", name, "--secret-file", secret, of=TLS_CA)[0] == ExitCode.DONE
    hosts = ("--host", "gateway.example", "--host", "10.0.0.7")
    assert ca("enrol", name, "--secret-file", secret, "--out", out, "--profile", "tls", *hosts, of=TLS_CA)[0] == 0
    names = load(out).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(each.value) for each in names] == ["gateway.example", "10.0.0.7"]
    assert ca("reenrol", out, "--out", tmp_path / "again", "--profile", "tls", of=TLS_CA)[0] == ExitCode.DONE
    again = load(tmp_path / "again").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert again == names


def test_one_certificate_is_revoked_and_listed(ca, enrolled, tmp_path):
    out, answer = enrolled
    certificate, crl = out / "cert.pem", tmp_path / "crl.pem"
    status, rows, _ = ca("revoke", "--certificate", certificate, "--crl", crl, "--format", "json")
    assert (status, rows) == (ExitCode.DONE, [{"serial": answer["serial"]}])
    listed = x509.load_pem_x509_crl(crl.read_bytes())
    assert listed.get_revoked_certificate_by_serial_number(int(answer["serial"], 16)) is not None
    status, document, _ = ca("crl", "--out", crl, "--format", "json")
    assert (status, document["revoked"]) == (ExitCode.DONE, len(x509.load_pem_x509_crl(crl.read_bytes())))


def test_an_identity_is_revoked_by_name(ca, enrolled, name):
    status, rows, _ = ca("revoke", name, "--reason", "keycompromise", "--format", "json")
    assert (status, rows) == (ExitCode.DONE, [{"serial": enrolled[1]["serial"]}])


def test_a_revocation_names_one_thing(ca, enrolled, name):
    assert ca("revoke")[0] == ExitCode.USAGE
    assert ca("revoke", name, "--certificate", enrolled[0] / "cert.pem")[0] == ExitCode.USAGE


def test_identities_are_listed_and_shown(ca, enrolled, name):
    assert enrolled
    _, rows, _ = ca("identities", "--format", "json")
    assert name in [row["id"] for row in rows]
    _, (row,), _ = ca("identities", name, "--format", "json")
    assert (row["type"], row["role"], row["max_enrolments"]) == ("client", "steward", 1)


def test_attributes_are_written_name_equals_value(ca, name, tmp_path):
    secret = tmp_path / "secret"
    for wrong in ("department", "=x", ""):
        assert ca("register", name, "--attribute", wrong, "--secret-file", secret)[0] == ExitCode.USAGE
    given = ("--attribute", "department=radiology", "--attribute", "note=a=b")
    assert ca("register", name, *given, "--secret-file", secret)[0] == ExitCode.DONE
    _, (row,), _ = ca("identities", name, "--format", "json")
    assert {"department": "radiology", "note": "a=b"}.items() <= row["attributes"].items()
