"""What a real fabric-ca-server refuses, and how the client says so."""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from gateway.fabric import PrivateKeySigner
from network.identity.authority import new_authority, new_member
from network.identity.fabric_ca import Change, Credential, FabricCa, Registration
from network.identity.fabric_ca.served import SIGNING_CA
from quorate.errors import (
    AlreadyExistsError,
    DeniedError,
    NotFoundError,
    StateError,
    TimedOutError,
    UnreachableError,
    UsageError,
)
from tests.integration.ports import nobody_listens

WRONG = SecretStr("not-the-secret-7391")


def credential(issued):
    return Credential(certificate=issued.certificate.public_bytes(Encoding.PEM), signer=PrivateKeySigner(issued.key))


async def test_a_wrong_secret_is_refused_and_not_repeated(ca, register, name):
    await register()
    with pytest.raises(DeniedError, match=r"HTTP 401, code 20") as caught:
        await ca.enrol(name, WRONG)
    assert WRONG.get_secret_value() not in caught.value.diagnostics() + repr(caught.value.__cause__)
    assert "secret is wrong" in caught.value.hint


async def test_an_unknown_name_is_refused_in_the_same_words(ca, name):
    with pytest.raises(DeniedError, match="code 20"):
        await ca.enrol(name, WRONG)


async def test_ten_wrong_secrets_lock_an_identity_until_it_gets_another(ca, registrar, register, name):
    secret = await register()
    for _ in range(10):
        with pytest.raises(DeniedError, match="code 20"):
            await ca.enrol(name, WRONG)
    with pytest.raises(DeniedError, match="code 73"):
        await ca.enrol(name, secret)
    another = SecretStr("another")
    await ca.modify(registrar, Change(name=name, secret=another))
    assert (await ca.enrol(name, another)).certificate.public_key()


async def test_a_secret_works_as_often_as_was_said(ca, register, name):
    secret = await register(max_enrolments=2)
    await ca.enrol(name, secret)
    await ca.enrol(name, secret)
    with pytest.raises(DeniedError, match="code 20") as caught:
        await ca.enrol(name, secret)
    assert "as often as it may" in caught.value.hint


async def test_a_revoked_identity_can_neither_enrol_nor_reenrol(ca, registrar, register, name):
    secret = await register(max_enrolments=5)
    issued = await ca.enrol(name, secret)
    await ca.revoke(registrar, name=name)
    with pytest.raises(DeniedError):
        await ca.enrol(name, secret)
    with pytest.raises(DeniedError):
        await ca.reenrol(credential(issued))


async def test_a_certificate_is_revoked_once(ca, registrar, register, name):
    issued = await ca.enrol(name, await register())
    aki = issued.certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier.hex()
    serial = f"{issued.certificate.serial_number:x}"
    await ca.revoke(registrar, serial=serial, aki=aki)
    with pytest.raises(StateError, match="code 66"):
        await ca.revoke(registrar, serial=serial, aki=aki)


@pytest.mark.parametrize("what", [{"name": "nobody-at-all"}, {"serial": "1234", "aki": "5678"}])
async def test_what_does_not_exist_cannot_be_revoked(ca, registrar, what):
    with pytest.raises(NotFoundError):
        await ca.revoke(registrar, **what)


@pytest.mark.parametrize("what", [{}, {"serial": "12"}, {"aki": "12"}, {"name": "a", "serial": "12", "aki": "12"}])
async def test_a_revocation_names_one_thing(ca, registrar, what):
    with pytest.raises(UsageError, match="either"):
        await ca.revoke(registrar, **what)


async def test_a_name_is_registered_once(register):
    await register()
    with pytest.raises(AlreadyExistsError, match="code 74"):
        await register()


async def test_an_unknown_affiliation_is_refused(register):
    with pytest.raises(DeniedError, match="code 71") as caught:
        await register(affiliation="hospital.nowhere")
    assert "affiliation" in caught.value.hint


async def test_an_unlimited_number_is_the_most_and_less_than_that_is_none(register):
    with pytest.raises(UsageError, match="code 82"):
        await register(max_enrolments=-2)


async def test_a_member_is_not_a_registrar(ca, register, name):
    member = credential(await ca.enrol(name, await register()))
    for call in (
        ca.register(member, Registration(name=f"{name}-friend")),
        ca.revoke(member, name="registrar"),
        ca.crl(member),
        ca.identities(member),
        ca.certificates(member, "registrar"),
    ):
        with pytest.raises(DeniedError, match="HTTP 403"):
            await call


async def test_a_member_may_revoke_itself(ca, register, name):
    issued = await ca.enrol(name, await register())
    revoked = await ca.revoke(credential(issued), name=name)
    assert [each.serial for each in revoked.certificates] == [f"{issued.certificate.serial_number:x}"]


async def test_nothing_is_removed_from_the_registry(ca, registrar, register, name):
    await register()
    with pytest.raises(DeniedError, match="code 56") as caught:
        await ca.remove(registrar, name)
    assert "revoke" in caught.value.hint


async def test_an_identity_that_does_not_exist_is_not_shown(ca, registrar, name):
    with pytest.raises(NotFoundError):
        await ca.identity(registrar, name)


async def test_a_ca_of_another_name_does_not_exist(endpoint):
    async with FabricCa(replace(endpoint, ca="rootca")) as other:
        with pytest.raises(NotFoundError, match="code 19"):
            await other.info()


async def test_a_profile_that_does_not_exist_is_refused(ca, register, name):
    with pytest.raises(StateError, match="HTTP 500"):
        await ca.enrol(name, await register(), profile="nonsense")


async def test_an_attribute_that_one_does_not_have_is_not_given(ca, register, name):
    with pytest.raises(StateError, match=r"quorate\.role"):
        await ca.enrol(name, await register(), attributes=["quorate.role"])


async def test_a_certificate_of_another_authority_is_nobody(ca):
    authority = new_authority(common_name="ca.alder.test", organisation="alder")
    stranger = new_member(authority, common_name="registrar", organisation="alder", unit="client")
    with pytest.raises(DeniedError, match="code 20"):
        await ca.identities(credential(stranger))


async def test_an_expired_certificate_is_nobody(ca, alder):
    with pytest.raises(DeniedError, match="code 20"):
        await ca.identities(_expired_registrar(alder))


def _expired_registrar(served):
    ca = x509.load_pem_x509_certificate(served.paths.ca.cert.read_bytes())
    ca_key = load_pem_private_key(served.paths.ca.key.read_bytes(), None)
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(tz=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "registrar")]))
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now - timedelta(days=1))
        .sign(ca_key, hashes.SHA256())
    )
    return Credential(certificate=certificate.public_bytes(Encoding.PEM), signer=PrivateKeySigner(key))


async def test_a_token_is_for_one_request(ca, registrar, name, monkeypatch):
    token = registrar.token("GET", "/api/v1/identities/other?ca=ca", b"")
    monkeypatch.setattr(Credential, "token", lambda *_: token)
    with pytest.raises(DeniedError, match="code 20"):
        await ca.identity(registrar, name)


async def test_a_server_that_is_down_is_unreachable(endpoint):
    with nobody_listens() as port:
        async with FabricCa(replace(endpoint, url=f"https://localhost:{port}")) as client:
            with pytest.raises(UnreachableError, match="cannot be reached"):
                await client.info()


async def test_the_root_is_pinned(endpoint, alder):
    async with FabricCa(replace(endpoint, tls_root=alder.paths.ca.cert.read_bytes())) as client:
        with pytest.raises(UnreachableError, match="does not come from the pinned root"):
            await client.enrol("registrar", WRONG)


async def test_the_host_is_checked(endpoint):
    async with FabricCa(replace(endpoint, url=endpoint.url.replace("localhost", "127.0.0.2"))) as client:
        with pytest.raises(UnreachableError):
            await client.info()


async def test_a_server_that_does_not_speak_tls_is_unreachable(endpoint):
    async def greet(_, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with FabricCa(replace(endpoint, url=f"https://localhost:{port}")) as client:
            with pytest.raises(UnreachableError):
                await client.info()


async def test_a_frozen_server_is_waited_for_so_long_and_no_longer(serve):
    served, node = serve("birch")
    node.pause()
    try:
        async with FabricCa(replace(served.endpoint(SIGNING_CA), timeout_s=0.4)) as client:
            began = time.monotonic()
            with pytest.raises(TimedOutError, match=r"may take 0\.4 s"):
                await client.info()
            assert 0.1 < time.monotonic() - began < 15  # and not the 20 s that it has by default
    finally:
        node.resume()
    async with FabricCa(served.endpoint(SIGNING_CA)) as client:
        assert (await client.info()).name == "ca"
