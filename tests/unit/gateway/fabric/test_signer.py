from __future__ import annotations

import hashlib
import pickle
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from gateway.fabric import EndorseError, OfflineSigner, PrivateKeySigner, Signer, connect
from gateway.fabric.ecdsa import low_s
from gateway.fabric.hash import none
from quorate.errors import UsageError

if TYPE_CHECKING:
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
    assert OfflineSigner(none).digest(b"m") == b"m"
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
