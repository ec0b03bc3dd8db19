from __future__ import annotations

import asyncio
import hashlib
import pickle
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from gateway.fabric import EndorseError, OfflineSigner, PrivateKeySigner, Signer, connect
from gateway.fabric import hash as hashes
from gateway.fabric.ecdsa import low_s
from quorate.errors import UsageError
from tests.unit.gateway.fabric.conftest import PATIENT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.gateway.fabric.conftest import Served
    from tests.unit.gateway.fabric.fake_peer import FakePeer

P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P384 = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973
KEYS = {"P-256": (ec.SECP256R1(), P256), "P-384": (ec.SECP384R1(), P384)}


@pytest.mark.parametrize("curve", KEYS)
def test_ecdsa_signatures_are_over_sha256_and_have_low_s(curve: str) -> None:
    kind, order = KEYS[curve]
    key = ec.generate_private_key(kind)
    signer = PrivateKeySigner(key)
    assert isinstance(signer, Signer)
    for number in range(40):  # half of all raw signatures have high S
        message = number.to_bytes(4)
        digest = signer.digest(message)
        assert digest == hashlib.sha256(message).digest()
        signature = signer.sign(digest)
        key.public_key().verify(signature, digest, ec.ECDSA(Prehashed(SHA256())))
        assert decode_dss_signature(signature)[1] <= order // 2


@given(r=st.integers(1, P256 - 1), s=st.integers(1, P256 - 1))
def test_low_s_keeps_r_and_takes_the_smaller_s(r: int, s: int) -> None:
    found = decode_dss_signature(low_s(encode_dss_signature(r, s), P256))
    assert found == (r, min(s, P256 - s))


def test_ed25519_signs_the_message_itself() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    signer = PrivateKeySigner(key)
    assert signer.digest(b"message") == b"message"
    key.public_key().verify(signer.sign(b"message"), b"message")


@pytest.mark.parametrize(
    "key",
    [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP521R1()), b"key"],
    ids=["rsa", "P-521", "bytes"],
)
def test_keys_that_fabric_does_not_know_are_refused(key: object) -> None:
    with pytest.raises(UsageError, match="neither ECDSA"):
        PrivateKeySigner(key)


def test_a_key_is_never_shown() -> None:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    signer = PrivateKeySigner.from_pem(pem)
    assert repr(signer) == str(signer) == "PrivateKeySigner(<private>)"
    assert not hasattr(signer, "__dict__")
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(signer)
    broken = pem.replace(b"MIG", b"???")
    with pytest.raises(UsageError) as caught:
        PrivateKeySigner.from_pem(broken)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert "PRIVATE" not in str(caught.value)


def test_an_encrypted_key_needs_its_password() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"open"))
    assert PrivateKeySigner.from_pem(pem, password=b"open").public_key == key.public_key()
    for password in (None, b"wrong"):
        with pytest.raises(UsageError, match="password"):
            PrivateKeySigner.from_pem(pem, password=password)


def test_without_a_signer_nothing_is_signed() -> None:
    signer = OfflineSigner()
    assert signer.digest(b"m") == hashlib.sha256(b"m").digest()
    assert OfflineSigner(hashes.none).digest(b"m") == b"m"
    with pytest.raises(UsageError, match="no signer"):
        signer.sign(b"digest")


class HighSigner(PrivateKeySigner):
    """Signs as OpenSSL does, only that S is always the larger one."""

    def sign(self, digest: bytes) -> bytes:
        r, s = decode_dss_signature(super().sign(digest))
        return encode_dss_signature(r, P256 - s)


async def test_a_high_s_signature_is_denied_by_the_peer(
    served: Served, peer: FakePeer, client_certificate: object
) -> None:
    signer = HighSigner(client_certificate.key)
    async with connect(served.endpoint, served.identity, signer) as gateway:
        with pytest.raises(EndorseError, match="access denied") as caught:
            await gateway.network("quorate").contract("quorate").submit("f")
    assert (caught.value.code, int(caught.value.exit_code)) == ("DENIED", 4)
    assert peer.calls == ["Endorse"]


@pytest.mark.parametrize("curve", KEYS)
@pytest.mark.parametrize("function", [hashes.sha256, hashes.sha384, hashes.sha3_256, hashes.sha3_384])
def test_a_digest_made_elsewhere_is_signed(curve: str, function: Callable[[bytes], bytes]) -> None:
    kind, order = KEYS[curve]
    key = ec.generate_private_key(kind)
    digest = function(b"message")
    signature = PrivateKeySigner(key).sign(digest)
    algorithm = {32: SHA256(), 48: SHA384()}[len(digest)]
    key.public_key().verify(signature, digest, ec.ECDSA(Prehashed(algorithm)))
    assert decode_dss_signature(signature)[1] <= order // 2


@pytest.mark.parametrize("digest", [b"", b"message", bytes(31), bytes(64)])
def test_what_is_no_digest_is_not_signed(digest: bytes) -> None:
    with pytest.raises(UsageError, match="digests of 32 or 48 bytes"):
        PrivateKeySigner(ec.generate_private_key(ec.SECP256R1())).sign(digest)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (hashes.none, b"abc".hex()),
        (hashes.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            hashes.sha384,
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
        ),
        (hashes.sha3_256, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
        (
            hashes.sha3_384,
            "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25",
        ),
    ],
)
def test_hashes_are_those_of_their_standards(function: Callable[[bytes], bytes], expected: str) -> None:
    assert function(b"abc").hex() == expected


class AwaitedSigner:
    """Signs later, as a token or a service does."""

    def __init__(self, inner: Signer) -> None:
        self._inner = inner

    def digest(self, message: bytes) -> bytes:
        return self._inner.digest(message)

    async def sign_async(self, digest: bytes) -> bytes:
        await asyncio.sleep(0)
        return self._inner.sign(digest)


async def awaited(signer: Signer, digest: bytes) -> bytes:
    await asyncio.sleep(0)
    return signer.sign(digest)


@pytest.mark.parametrize(
    "form",
    [
        lambda signer: signer,
        AwaitedSigner,
        lambda signer: signer.sign,
        lambda signer: lambda digest: awaited(signer, digest),
    ],
    ids=["signer", "awaited signer", "function", "awaited function"],
)
async def test_a_signer_may_have_any_of_its_forms(served: Served, form: Callable[[Signer], object]) -> None:
    async with connect(served.endpoint, served.identity, form(served.signer), deadlines=PATIENT) as gateway:
        network = gateway.network("quorate")
        assert await network.contract("quorate").submit("f") == b"f"
        async with network.chaincode_events("quorate", start_block=0) as events:
            assert (await anext(events)).block_number == 1
        assert [block.header.number async for block in network.blocks()] == [0, 1]


async def test_something_else_is_no_signer(served: Served) -> None:
    with pytest.raises(UsageError, match="int is no signer"):
        async with connect(served.endpoint, served.identity, 5):
            pass


async def test_the_hash_of_a_connection_goes_before_the_signers(served: Served) -> None:
    signed = []

    def sign(digest: bytes) -> bytes:
        signed.append(digest)
        return served.signer.sign(hashes.sha256(digest))

    async with connect(served.endpoint, served.identity, sign, hash=hashes.none) as gateway:
        proposal = gateway.network("quorate").contract("quorate").new_proposal("f")
        assert await proposal.evaluate() == b"f"
    assert signed == [proposal.digest]
    assert len(proposal.digest) > 500
    async with connect(served.endpoint, served.identity, hash=hashes.sha384) as offline:
        assert len(offline.network("quorate").contract("quorate").new_proposal("f").digest) == 48


async def test_a_signer_that_fails_stops_before_anything_is_sent(served: Served, peer: FakePeer) -> None:
    def sign(_: bytes) -> bytes:
        raise RuntimeError("the token was pulled out")

    async with connect(served.endpoint, served.identity, sign) as gateway:
        with pytest.raises(RuntimeError, match="pulled out"):
            await gateway.network("quorate").contract("quorate").submit("f")
    assert peer.calls == []
