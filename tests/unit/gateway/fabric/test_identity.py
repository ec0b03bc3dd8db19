from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from gateway.fabric import Endpoint, FileIdentity, Identity, PrivateKeySigner, Tls
from gateway.fabric.tls_files import refuse_expired
from quorate.blocks import protos
from quorate.errors import StorageError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.gateway.fabric.authority import Authority, Issued


@pytest.fixture
def files(tmp_path: Path, client_certificate: Issued) -> FileIdentity:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    certificate.write_bytes(client_certificate.certificate_pem)
    key.write_bytes(client_certificate.key_pem)
    key.chmod(0o600)
    return FileIdentity(msp_id="Org1MSP", certificate=certificate, key=key)


def test_the_creator_is_the_msp_id_and_the_certificate(client_certificate: Issued) -> None:
    identity = Identity("Org1MSP", client_certificate.certificate_pem)
    creator = protos.SerializedIdentity.FromString(identity.creator)
    assert (creator.mspid, creator.id_bytes) == ("Org1MSP", client_certificate.certificate_pem)
    assert identity.x509 == client_certificate.certificate


@pytest.mark.parametrize("msp_id", ["", "Org 1", "-x", "a" * 65, "Org1MSP\n"])
def test_an_msp_id_has_the_characters_that_fabric_allows(msp_id: str, client_certificate: Issued) -> None:
    with pytest.raises(UsageError, match="is not an MSP id"):
        Identity(msp_id, client_certificate.certificate_pem)


def test_an_identity_has_one_certificate(client_certificate: Issued, authority: Authority) -> None:
    with pytest.raises(UsageError, match="2 certificates"):
        Identity("Org1MSP", client_certificate.certificate_pem + authority.pem)
    with pytest.raises(UsageError, match="not readable"):
        Identity("Org1MSP", b"no certificate")
    with pytest.raises(UsageError, match="larger"):
        Identity("Org1MSP", client_certificate.certificate_pem + b"\n" * 65_536)


def test_files_give_identity_and_signer(files: FileIdentity, client_certificate: Issued) -> None:
    identity, signer = files.load()
    assert identity == Identity("Org1MSP", client_certificate.certificate_pem)
    assert signer.public_key == client_certificate.key.public_key()


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_key_file_of_its_owner_alone_is_read(files: FileIdentity, mode: int) -> None:
    files.key.chmod(mode)
    files.load()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610, 0o601, 0o620])
def test_a_key_file_open_to_others_is_refused(files: FileIdentity, mode: int) -> None:
    files.key.chmod(mode)
    with pytest.raises(UsageError, match=rf"has mode {mode:04o}") as caught:
        files.load()
    assert "chmod 600" in caught.value.hint
    with pytest.raises(UsageError, match="has mode"):
        PrivateKeySigner.from_file(files.key)
    with pytest.raises(UsageError, match="has mode"):
        Tls.from_files(certificate=files.certificate, key=files.key)


def test_a_key_behind_a_link_is_judged_by_the_file_itself(files: FileIdentity, tmp_path: Path) -> None:
    link = tmp_path / "link.pem"
    link.symlink_to(files.key)
    files.key.chmod(0o644)
    with pytest.raises(UsageError, match="has mode 0644"):
        PrivateKeySigner.from_file(link)


def test_a_key_of_another_certificate_is_refused(files: FileIdentity, authority: Authority) -> None:
    files.key.write_bytes(authority.issue("other").key_pem)
    with pytest.raises(UsageError, match="does not belong to the certificate"):
        files.load()


def test_what_is_not_a_small_regular_file_is_refused(files: FileIdentity, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot read"):
        PrivateKeySigner.from_file(tmp_path / "absent.pem")
    with pytest.raises(StorageError, match="cannot read"):
        PrivateKeySigner.from_file(tmp_path)
    with pytest.raises(UsageError, match="not a regular file"):
        PrivateKeySigner.from_file(type(tmp_path)(os.devnull))
    files.key.write_bytes(b"x" * 70_000)
    with pytest.raises(UsageError, match="larger than"):
        files.load()


def test_tls_hides_its_key_and_needs_both_halves(client_certificate: Issued) -> None:
    tls = Tls(certificate=client_certificate.certificate_pem, key=client_certificate.key_pem)
    assert "PRIVATE" not in repr(tls)
    assert "PRIVATE" not in repr(Endpoint("localhost:7051", tls))
    with pytest.raises(UsageError, match="both"):
        Tls(certificate=client_certificate.certificate_pem)
    assert Tls().certificate_hash == b""
    with pytest.raises(UsageError, match="not readable"):
        _ = Tls(certificate=b"?", key=b"?").certificate_hash


def test_what_a_tls_handshake_could_not_use_is_refused_before_it_and_named(
    files: FileIdentity, authority: Authority, tmp_path: Path
) -> None:
    assert Tls.from_files(certificate=files.certificate, key=files.key).key == files.key.read_bytes()
    other = tmp_path / "other.pem"
    other.write_text("no PEM")
    other.chmod(0o600)
    with pytest.raises(UsageError, match=r"other\.pem holds no readable PEM certificate"):
        Tls.from_files(roots=other)
    with pytest.raises(UsageError, match=r"other\.pem holds no readable PEM certificate"):
        Tls.from_files(certificate=other, key=files.key)
    with pytest.raises(UsageError, match=r"other\.pem is not a readable PEM key"):
        Tls.from_files(certificate=files.certificate, key=other)
    with pytest.raises(UsageError, match="both"):
        Tls.from_files(certificate=files.certificate)
    other.write_bytes(authority.issue("other").key_pem)
    with pytest.raises(UsageError, match=r"other\.pem does not belong to the certificate"):
        Tls.from_files(certificate=files.certificate, key=other)


def test_a_certificate_is_refused_before_and_after_its_time(files: FileIdentity, client_certificate: Issued) -> None:
    begins, ends = (
        client_certificate.certificate.not_valid_before_utc,
        client_certificate.certificate.not_valid_after_utc,
    )
    for good in (begins, ends):
        refuse_expired(files.certificate, now=good)
    with pytest.raises(UsageError, match=r"cert\.pem has expired on"):
        refuse_expired(files.certificate, now=ends + timedelta(seconds=1))
    with pytest.raises(UsageError, match=r"cert\.pem is not valid before"):
        refuse_expired(files.certificate, now=begins - timedelta(seconds=1))


def test_a_file_that_is_no_pem_is_named(files: FileIdentity) -> None:
    files.key.write_text("no PEM")
    with pytest.raises(UsageError, match=r"key\.pem is not a readable PEM key"):
        files.load()
    files.certificate.write_text("no PEM")
    with pytest.raises(UsageError, match=r"cert\.pem: .* is not readable PEM"):
        files.load()


@pytest.mark.parametrize("address", ["localhost", "localhost:", ":7051", "http://localhost:7051", "a b:1", "unix:/x"])
def test_an_address_is_host_and_port(address: str) -> None:
    with pytest.raises(UsageError, match="host:port"):
        Endpoint(address)


@pytest.mark.parametrize("address", ["localhost:7051", "127.0.0.1:1", "[::1]:7051", "peer0.org1.example.com:7051"])
def test_usual_addresses_are_accepted(address: str) -> None:
    assert Endpoint(address).address == address
