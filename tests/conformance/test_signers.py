"""Every kind of key and of signer, before a peer that verifies what they have signed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID

from gateway.fabric import Identity, PrivateKeySigner, connect
from gateway.fabric import hash as hashes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conformance.world import World

KEYS = {
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}


def enrolled(world: World, key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> Identity:
    """Return the identity of a client of the first organisation with this key, from its own CA."""
    paths = world.organisation("alder").paths
    authority = x509.load_pem_x509_certificate(paths.ca.cert.read_bytes())
    signing_key = load_pem_private_key(paths.ca.key.read_bytes(), None)
    assert isinstance(signing_key, ec.EllipticCurvePrivateKey)
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(
            x509.Name(
                [
                    x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "client"),
                    x509.NameAttribute(NameOID.COMMON_NAME, "visitor"),
                ]
            )
        )
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False)
        .sign(signing_key, SHA256())
    )
    return Identity.of("AlderMSP", certificate)


@pytest.mark.parametrize("kind", KEYS)
async def test_a_key_of_each_kind_signs_what_peers_take(world: World, kind: str, key: str) -> None:
    if kind == "Ed25519" and world.fabric_version == "2.5":
        pytest.skip("needs Fabric 3: peers know Ed25519 from channel capability V3_0 on")
    private = KEYS[kind]()
    identity = enrolled(world, private)
    async with world.connect("alder", identity=identity, signer=PrivateKeySigner(private)) as gateway:
        network = gateway.network(world.channel)
        contract = network.contract(world.chaincode)
        # Half of all ECDSA signatures have the S that Fabric refuses, before they are made low.
        for number in range(8):
            assert await contract.submit("increment", f"{key}-{number}") == b"1"
        async with asyncio.timeout(60), network.block_events(start_block=0) as blocks:
            assert (await anext(blocks)).header.number == 0


FORMS: dict[str, Callable[[PrivateKeySigner], object]] = {
    "function": lambda signer: signer.sign,
    "coroutine": lambda signer: lambda digest: later(signer, digest),
}


async def later(signer: PrivateKeySigner, digest: bytes) -> bytes:
    await asyncio.sleep(0)
    return signer.sign(digest)


@pytest.mark.parametrize("form", FORMS)
async def test_a_function_can_be_the_signer(world: World, form: str, key: str) -> None:
    identity, signer = world.agent("alder")
    async with connect(world.endpoint("alder"), identity, FORMS[form](signer), hash=hashes.sha256) as gateway:
        assert await gateway.network(world.channel).contract(world.chaincode).submit("increment", key) == b"1"
