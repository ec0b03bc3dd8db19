"""Keys in a token, with SoftHSM as the token."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384

from gateway.fabric import AsyncSigner, Identity, Signer, connect, sync
from gateway.fabric import hash as hashes
from gateway.fabric.ecdsa import ORDERS, der_of_raw
from gateway.fabric.hsm import HSMSignerFactory, HSMSignerOptions, library, ski
from quorate.errors import DeniedError, UsageError
from tests.unit.gateway.fabric.softhsm import LABEL, PIN, Token, software_token

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.fabric.hsm import HSMSigner
    from tests.unit.gateway.fabric.authority import Authority
    from tests.unit.gateway.fabric.conftest import Served


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Token]:
    with software_token(tmp_path_factory.mktemp("softhsm")) as made:
        yield made


@pytest.fixture
def factory(token: Token) -> Iterator[HSMSignerFactory]:
    with HSMSignerFactory(token.library) as made:
        yield made


@pytest.fixture(scope="module")
def key(token: Token, authority: Authority) -> tuple[Identity, ec.EllipticCurvePrivateKey]:
    """Return an identity whose key is in the token under its SKI."""
    issued = authority.issue("in the token")
    identity = Identity("Org1MSP", issued.certificate_pem)
    token.store(issued.key, ski(identity))
    return identity, issued.key


@pytest.fixture
def identity(key: tuple[Identity, object]) -> Identity:
    return key[0]


OPTIONS = HSMSignerOptions(label=LABEL, pin=PIN)


def test_signatures_have_low_s_and_verify(
    factory: HSMSignerFactory, key: tuple[Identity, ec.EllipticCurvePrivateKey]
) -> None:
    identity, private = key
    with factory.new_signer(OPTIONS, identity=identity) as signer:
        assert isinstance(signer, Signer)
        assert isinstance(signer, AsyncSigner)
        for number in range(40):  # half of all raw signatures have high S
            digest = signer.digest(number.to_bytes(4))
            signature = signer.sign(digest)
            private.public_key().verify(signature, digest, ec.ECDSA(Prehashed(SHA256())))
            assert decode_dss_signature(signature)[1] <= ORDERS["secp256r1"] // 2


def test_the_ski_is_the_hash_of_the_public_point(identity: Identity) -> None:
    numbers = identity.x509.public_key().public_numbers()
    assert ski(identity) == hashlib.sha256(b"\x04" + numbers.x.to_bytes(32) + numbers.y.to_bytes(32)).digest()


@pytest.mark.parametrize("identifier", ["Fred", b"\x01\xff"])
def test_a_key_is_found_by_its_identifier(factory: HSMSignerFactory, token: Token, identifier: str | bytes) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    token.store(private, identifier.encode() if isinstance(identifier, str) else identifier)
    options = HSMSignerOptions(label=LABEL, pin=PIN, identifier=identifier)
    with factory.new_signer(options) as signer:
        digest = hashes.sha256(b"message")
        private.public_key().verify(signer.sign(digest), digest, ec.ECDSA(Prehashed(SHA256())))


def test_a_p384_key_signs_both_lengths_of_digest(factory: HSMSignerFactory, token: Token) -> None:
    private = ec.generate_private_key(ec.SECP384R1())
    token.store(private, b"p384")
    with factory.new_signer(HSMSignerOptions(label=LABEL, pin=PIN, identifier="p384")) as signer:
        assert signer.digest(b"m") == hashes.sha256(b"m")
        for digest, algorithm in ((hashes.sha256(b"m"), SHA256()), (hashes.sha384(b"m"), SHA384())):
            signature = signer.sign(digest)
            private.public_key().verify(signature, digest, ec.ECDSA(Prehashed(algorithm)))
            assert decode_dss_signature(signature)[1] <= ORDERS["secp384r1"] // 2


def test_an_ed25519_key_signs_the_message_itself(factory: HSMSignerFactory, token: Token) -> None:
    private = ed25519.Ed25519PrivateKey.generate()
    token.store(private, b"ed25519")
    with factory.new_signer(HSMSignerOptions(label=LABEL, pin=PIN, identifier="ed25519")) as signer:
        assert signer.digest(b"message") == b"message"
        private.public_key().verify(signer.sign(b"message"), b"message")


def test_what_is_no_digest_is_not_signed(factory: HSMSignerFactory, identity: Identity) -> None:
    with factory.new_signer(OPTIONS, identity=identity) as signer, pytest.raises(UsageError, match="32 or 48 bytes"):
        signer.sign(b"message")


async def test_transactions_and_events_are_signed_in_the_token(
    served: Served, factory: HSMSignerFactory, identity: Identity
) -> None:
    with factory.new_signer(OPTIONS, identity=identity) as signer:
        async with connect(served.endpoint, identity, signer) as gateway:
            network = gateway.network("quorate")
            contract = network.contract("quorate")
            results = await asyncio.gather(*(contract.submit("f", str(number)) for number in range(20)))
            assert results == [f"f|{number}".encode() for number in range(20)]
            async with network.chaincode_events("quorate", start_block=0) as events:
                assert (await anext(events)).block_number == 1
        assert await asyncio.to_thread(blocking, served, identity, signer) == b"f"


def blocking(served: Served, identity: Identity, signer: HSMSigner) -> bytes:
    with sync.connect(served.endpoint, identity, signer) as gateway:
        return gateway.network("quorate").contract("quorate").submit("f")


async def test_the_event_loop_goes_on_while_a_token_works(factory: HSMSignerFactory, identity: Identity) -> None:
    with factory.new_signer(OPTIONS, identity=identity) as signer:
        held, may_go_on = threading.Event(), threading.Event()

        def hold() -> None:
            with signer._library.calling("be slow"):
                held.set()
                may_go_on.wait(60)

        slow = asyncio.get_running_loop().run_in_executor(None, hold)
        await asyncio.to_thread(held.wait, 60)
        signing = asyncio.ensure_future(signer.sign_async(bytes(32)))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not signing.done()
        may_go_on.set()
        await slow
        assert await signing


def test_one_signer_serves_many_threads(
    factory: HSMSignerFactory, key: tuple[Identity, ec.EllipticCurvePrivateKey]
) -> None:
    identity, private = key

    def once(number: int) -> None:
        digest = hashes.sha256(number.to_bytes(4))
        private.public_key().verify(signer.sign(digest), digest, ec.ECDSA(Prehashed(SHA256())))

    with factory.new_signer(OPTIONS, identity=identity) as signer, ThreadPoolExecutor(8) as threads:
        assert list(threads.map(once, range(200))) == [None] * 200


def test_a_closed_signer_does_not_disturb_another(factory: HSMSignerFactory, identity: Identity, token: Token) -> None:
    first = factory.new_signer(OPTIONS, identity=identity)
    second = factory.new_signer(OPTIONS, identity=identity)
    first.close()
    first.close()
    with pytest.raises(UsageError, match="was closed"):
        first.sign(bytes(32))
    assert second.sign(bytes(32))
    with HSMSignerFactory(token.library) as other, other.new_signer(OPTIONS, identity=identity) as third:
        assert third.sign(bytes(32))
    assert second.sign(bytes(32))
    second.close()
    with factory.new_signer(OPTIONS, identity=identity) as fourth:
        assert fourth.sign(bytes(32))


def test_a_disposed_factory_has_closed_all_and_makes_no_more(token: Token, identity: Identity) -> None:
    factory = HSMSignerFactory(token.library)
    signer = factory.new_signer(OPTIONS, identity=identity)
    factory.dispose()
    factory.dispose()
    assert library._LIBRARIES == {}
    with pytest.raises(UsageError, match="disposed"):
        factory.new_signer(OPTIONS, identity=identity)
    with pytest.raises(UsageError, match="was closed"):
        signer.sign(bytes(32))


def test_a_key_of_another_certificate_is_refused(
    factory: HSMSignerFactory, identity: Identity, token: Token, authority: Authority
) -> None:
    assert identity
    token.store(ec.generate_private_key(ec.SECP256R1()), b"another")
    stranger = Identity("Org1MSP", authority.issue("stranger").certificate_pem)
    with pytest.raises(UsageError, match="does not belong to the certificate of Org1MSP"):
        factory.new_signer(HSMSignerOptions(label=LABEL, pin=PIN, identifier="another"), identity=stranger)
    with pytest.raises(UsageError, match=f"0 private keys with the identifier {ski(stranger).hex()}"):
        factory.new_signer(OPTIONS, identity=stranger)
    # nobody stays logged in
    assert all(login._users == 0 and login._holding is None for login in factory._logins.values())


def test_two_keys_of_one_identifier_are_not_guessed_between(factory: HSMSignerFactory, token: Token) -> None:
    for _ in range(2):
        token.store(ec.generate_private_key(ec.SECP256R1()), b"twice")
    with pytest.raises(UsageError, match="2 private keys"):
        factory.new_signer(HSMSignerOptions(label=LABEL, pin=PIN, identifier="twice"))


def test_a_wrong_pin_is_denied_and_never_shown(
    factory: HSMSignerFactory, identity: Identity, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = HSMSignerOptions(label=LABEL, pin="11112222")
    with pytest.raises(DeniedError, match="PinIncorrect") as caught:
        factory.new_signer(wrong, identity=identity)
    shown = [str(caught.value), caught.value.diagnostics(), repr(caught.value.__cause__), repr(wrong), caplog.text]
    assert "11112222" not in "".join(shown)
    assert PIN not in repr(OPTIONS)
    with factory.new_signer(OPTIONS, identity=identity) as signer:
        assert PIN not in repr(vars(signer)) + repr(signer) + repr(vars(factory))


def test_a_token_is_found_by_label_or_slot(factory: HSMSignerFactory, identity: Identity) -> None:
    with pytest.raises(UsageError, match="0 tokens have label 'absent'") as caught:
        factory.new_signer(HSMSignerOptions(label="absent", pin=PIN), identity=identity)
    assert repr(LABEL) in caught.value.hint
    with factory.new_signer(OPTIONS, identity=identity) as signer:
        slot = signer._session.token.slot.slot_id
    with factory.new_signer(HSMSignerOptions(slot=slot, pin=PIN), identity=identity) as signer:
        assert signer.sign(bytes(32))
    with pytest.raises(UsageError, match="0 tokens have slot 0"):
        factory.new_signer(HSMSignerOptions(slot=0, pin=PIN), identity=identity)


@pytest.mark.parametrize(
    ("options", "words"), [({"label": "x", "pin": ""}, "no PIN"), ({"pin": "1"}, "neither the label nor the slot")]
)
def test_options_must_say_which_token_and_pin(options: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        HSMSignerOptions(**options)


def test_a_key_must_be_named_somehow(factory: HSMSignerFactory) -> None:
    with pytest.raises(UsageError, match="neither the identifier"):
        factory.new_signer(OPTIONS)


@pytest.mark.parametrize("name", ["absent.so", "text.so"])
def test_what_is_no_library_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "text.so").write_text("no library")
    with pytest.raises(UsageError, match="could not load the library") as caught:
        HSMSignerFactory(tmp_path / name)
    assert name in str(caught.value)


def test_a_raw_signature_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="64 bytes was expected, not 63"):
        der_of_raw(bytes(63), ORDERS["secp256r1"])
