"""A server that is not, or no longer, what it should be: nothing it says is believed, stored or waited for too long."""

import asyncio
import base64
import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from network.identity.authority import new_authority
from network.identity.fabric_ca import Credential, FabricCa, Registration
from network.identity.fabric_ca.transport import MAX_ANSWER_BYTES
from quorate.errors import IntegrityError, QuorateError, StateError, TimedOutError, UnreachableError
from tests.unit.network.fabric_ca.conftest import http

SECRET = SecretStr("a-secret-of-its-own-4711")


def always(answer):
    async def respond(_, writer):
        writer.write(answer)
        await writer.drain()

    return respond


def success(result):
    return http(json.dumps({"result": result, "errors": [], "messages": [], "success": True}).encode())


async def refused(house, respond, *, error=IntegrityError, match, **kwargs):
    async with house.answering(respond, **kwargs) as endpoint, FabricCa(endpoint) as ca:
        with pytest.raises(error, match=match) as caught:
            await ca.enrol("agent.alder.test", SECRET)
    told = caught.value.diagnostics() + repr(caught.value.__cause__)
    assert SECRET.get_secret_value() not in told
    return caught.value


NOT_A_CA = {
    "nothing": b"",
    "HTML": b"<html>It works!</html>",
    "JSON of another kind": b'{"status": "ok"}',
    "no object": b"[]",
    "cut off": b'{"result": {"Cert": "abc',
    "not UTF-8": b'{"success": true, "result": "\xff\xfe"}',
    "deep": b'{"success": true, "result": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a word for a truth value": b'{"success": "true", "result": null}',
}


@pytest.mark.parametrize("body", NOT_A_CA.values(), ids=NOT_A_CA)
async def test_what_is_not_a_ca_s_answer_is_not_understood(house, body):
    await refused(house, always(http(body)), match="is not a Fabric CA's JSON")


RESULTS = {
    "no certificate": {},
    "null": None,
    "a number": 7,
    "not base64": {"Cert": "!!"},
    "a certificate that is a list": {"Cert": ["LS0="]},
}


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
async def test_an_answer_of_another_shape_is_not_understood(house, result):
    await refused(house, always(success(result)), match="is not as expected")


async def test_a_huge_answer_is_not_read_to_its_end(house):
    async def respond(_, writer):
        writer.write(b"HTTP/1.1 200 -\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(10_000):
            writer.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")
            await writer.drain()
            sent.append(0x10000)

    sent = []
    await refused(house, respond, match=f"larger than {MAX_ANSWER_BYTES} bytes")
    assert sum(sent) < 4 * MAX_ANSWER_BYTES


async def test_a_compressed_answer_is_not_unpacked(house):
    await refused(house, always(http(bytes(100), headers=["Content-Encoding: gzip"])), match="compressed")


async def test_an_answer_that_drips_is_waited_for_so_long_and_no_longer(house):
    async def respond(_, writer):
        writer.write(b"HTTP/1.1 200 -\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.05)

    began = time.monotonic()
    await refused(house, respond, error=TimedOutError, match=r"may take 2 s", timeout_s=2)
    assert time.monotonic() - began < 30


async def test_whoever_stops_waiting_leaves_no_connection_open(house):
    ended = asyncio.Event()

    async def respond(_, writer):
        asked.set()
        try:
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.02)
        finally:
            ended.set()

    asked = asyncio.Event()
    async with house.answering(respond) as endpoint, FabricCa(endpoint) as ca:
        waiting = asyncio.create_task(ca.info())
        await asyncio.wait_for(asked.wait(), 60)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await asyncio.wait_for(ended.wait(), 60)


async def test_headers_that_drip_are_waited_for_so_long_and_no_longer(house):
    async def respond(_, writer):
        writer.write(b"HTTP/1.1 200 -\r\n")
        while True:
            writer.write(b"A: b\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)

    await refused(house, respond, error=TimedOutError, match=r"may take 2 s", timeout_s=2)


async def test_a_redirection_is_not_followed(house):
    answer = http(b"", status=302, headers=["Location: https://localhost:1/"])
    await refused(house, always(answer), match="is not a Fabric CA's JSON")
    assert len(house.requests) == 1


async def test_a_proxy_with_nobody_behind_it_is_unreachable(house):
    answer = http(b"<html>Bad gateway</html>", status=502)
    await refused(house, always(answer), error=UnreachableError, match="nobody answers")


async def test_a_connection_that_breaks_is_unreachable(house):
    await refused(
        house, always(b"HTTP/1.1 200 -\r\nContent-Length: 10\r\n\r\n{"), error=UnreachableError, match="reached"
    )


async def test_a_refusal_is_quoted_on_one_line_and_not_at_length(house):
    errors = [{"code": 0, "message": "very\r\nlong\x00" + "x" * 5000}]
    body = json.dumps({"result": "", "errors": errors, "success": False}).encode()
    error = await refused(house, always(http(body, status=500)), error=StateError, match="very long")
    assert len(str(error)) < 500
    assert "\n" not in str(error)


async def test_a_success_with_the_status_of_a_failure_is_none(house):
    body = json.dumps({"result": {"Cert": ""}, "errors": [], "success": True}).encode()
    await refused(house, always(http(body, status=401)), error=QuorateError, match="HTTP 401")


def issue(authority, key, *, name="agent.alder.test", days=1, ca=False, issuer=None):
    now = datetime.now(tz=UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer or authority.certificate.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    return builder.sign(authority.key, hashes.SHA256()).public_bytes(Encoding.PEM)


def signing(make):
    """Answer an enrolment with the certificates that ``make(the key that was asked for)`` returns."""

    async def respond(request, writer):
        asked = x509.load_pem_x509_csr(json.loads(request[1])["certificate_request"].encode())
        writer.write(success({"Cert": base64.b64encode(make(asked.public_key())).decode()}))
        await writer.drain()

    return respond


async def test_the_certificate_that_was_asked_for_is_taken(house):
    async with (
        house.answering(signing(lambda key: issue(house.ca, key))) as endpoint,
        FabricCa(endpoint) as ca,
    ):
        issued = await ca.enrol("agent.alder.test", SECRET)
    assert issued.certificate.public_key() == issued.key.public_key()


async def test_a_certificate_for_another_key_is_refused(house):
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    await refused(house, signing(lambda _: issue(house.ca, other)), match="is for another key")


async def test_a_certificate_for_another_name_is_refused(house):
    respond = signing(lambda key: issue(house.ca, key, name="admin.alder.test"))
    await refused(house, respond, match="is for another name")


async def test_a_certificate_of_another_authority_is_refused(house):
    respond = signing(lambda key: issue(house.tls_ca, key))
    await refused(house, respond, match="was issued by another authority")


async def test_a_certificate_of_an_authority_of_the_same_name_is_refused(house):
    pretender = new_authority(common_name="ca.alder.test", organisation="alder")
    await refused(house, signing(lambda key: issue(pretender, key)), match="was issued by another authority")


async def test_a_certificate_that_has_expired_is_refused(house):
    await refused(house, signing(lambda key: issue(house.ca, key, days=-1)), match="is not valid now")


async def test_a_certificate_that_makes_an_authority_is_refused(house):
    await refused(house, signing(lambda key: issue(house.ca, key, ca=True)), match="makes its holder an authority")


@pytest.mark.parametrize("count", [0, 2])
async def test_one_certificate_is_expected(house, count):
    respond = signing(lambda key: issue(house.ca, key) * count)
    await refused(house, respond, match="did not answer with one certificate")


async def test_the_key_and_the_secret_are_sent_as_they_should_be(house):
    async with house.answering(signing(lambda key: issue(house.ca, key))) as endpoint, FabricCa(endpoint) as ca:
        await ca.enrol("agent.alder.test", SECRET, profile="tls", attributes=["quorate.role"])
    ((head, body),) = house.requests
    login = base64.b64encode(f"agent.alder.test:{SECRET.get_secret_value()}".encode()).decode()
    assert f"authorization: basic {login}".lower() in head.lower()
    document = json.loads(body)
    assert (document["caname"], document["profile"]) == ("ca", "tls")
    assert document["attr_reqs"] == [{"name": "quorate.role"}]
    assert "PRIVATE KEY" not in head + body.decode()
    assert SECRET.get_secret_value() not in body.decode()


async def test_a_removal_is_asked_for_by_a_name_that_cannot_leave_its_place(house):
    result = {"id": "a/../b?c", "type": "client", "affiliation": "", "attrs": None}
    async with house.answering(always(success(result))) as endpoint, FabricCa(endpoint) as ca:
        removed = await ca.remove(Credential.load(house.registrar), "a/../b?c")
    assert removed.id == "a/../b?c"
    assert house.requests[0][0].startswith("DELETE /api/v1/identities/a%2F..%2Fb%3Fc?ca=ca HTTP/1.1\r\n")


async def test_a_secret_that_comes_back_is_not_shown(house):
    answer = always(success({"secret": SECRET.get_secret_value()}))
    async with house.answering(answer) as endpoint, FabricCa(endpoint) as ca:
        secret = await ca.register(Credential.load(house.registrar), Registration(name="x", secret=SECRET))
    assert SECRET.get_secret_value() == secret.get_secret_value()
    shown = repr(secret) + repr(Registration(name="x", secret=SECRET)) + repr(Credential.load(house.registrar))
    assert SECRET.get_secret_value() not in shown
    assert "PRIVATE" not in shown


async def test_a_secret_in_an_answer_that_is_not_understood_is_not_shown(house):
    answer = always(success({"secret": [SECRET.get_secret_value()]}))
    async with house.answering(answer) as endpoint, FabricCa(endpoint) as ca:
        with pytest.raises(IntegrityError) as caught:
            await ca.register(Credential.load(house.registrar), Registration(name="x"))
    assert SECRET.get_secret_value() not in caught.value.diagnostics() + repr(caught.value.__cause__)
