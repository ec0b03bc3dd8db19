import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from quorate.blocks.errors import BlockError
from quorate.blocks.signature import ORDERS, verify_exact_signature, verify_signature

MESSAGE = b"what was signed"


def signed(key, *, high=False):
    r, s = decode_dss_signature(key.sign(MESSAGE, ec.ECDSA(SHA256())))
    order = ORDERS[key.curve.name]
    low = min(s, order - s)
    return encode_dss_signature(r, order - low if high else low)


@pytest.mark.parametrize("curve", [ec.SECP224R1(), ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_ecdsa_with_the_smaller_s_holds_and_with_the_larger_does_not(curve):
    key = ec.generate_private_key(curve)
    assert ORDERS[curve.name] == curve.group_order
    verify_signature(key.public_key(), signed(key), MESSAGE)
    with pytest.raises(BlockError, match="larger"):
        verify_signature(key.public_key(), signed(key, high=True), MESSAGE)


def test_ed25519_signs_the_message_itself():
    key = ed25519.Ed25519PrivateKey.generate()
    verify_signature(key.public_key(), key.sign(MESSAGE), MESSAGE)
    with pytest.raises(BlockError, match="not this key's"):
        verify_signature(key.public_key(), key.sign(MESSAGE), MESSAGE + b"!")


@pytest.mark.parametrize("data", [b"", b"\x30", b"\x30\x06\x02\x01\x01\x02\x01\x01\x00"])
def test_what_is_not_der_is_refused(data):
    key = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(BlockError):
        verify_signature(key.public_key(), data, MESSAGE)


def test_what_stands_behind_a_signature_is_passed_over_as_peers_do_and_is_no_exact_one():
    key = ec.generate_private_key(ec.SECP256R1())
    found = signed(key)
    r, s = decode_dss_signature(found)
    inner = found[2:] + b"\x02\x01\x07"
    for followed in (found + b"behind", bytes([0x30, len(inner)]) + inner):
        verify_signature(key.public_key(), followed, MESSAGE)
        with pytest.raises(BlockError, match="say nothing"):
            verify_exact_signature(key.public_key(), followed, MESSAGE)
    verify_exact_signature(key.public_key(), encode_dss_signature(r, s), MESSAGE)


@pytest.mark.parametrize("number", ["0202ff01", "0200", "02020001", "020100", "030101", "028101" + "01"])
def test_numbers_that_peers_do_not_read_are_refused(number):
    key = ec.generate_private_key(ec.SECP256R1())
    for first, second in ((number, "020101"), ("020101", number)):
        inner = bytes.fromhex(first + second)
        with pytest.raises(BlockError, match="DER"):
            verify_signature(key.public_key(), bytes([0x30, len(inner)]) + inner, MESSAGE)


def test_another_key_is_refused():
    key, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    with pytest.raises(BlockError, match="not this key's"):
        verify_signature(other.public_key(), signed(key), MESSAGE)


@pytest.mark.parametrize("curve", [ec.BrainpoolP256R1(), ec.SECP256K1()])
def test_curves_that_fabric_does_not_know_are_refused(curve):
    key = ec.generate_private_key(curve)
    with pytest.raises(BlockError, match="neither"):
        verify_signature(key.public_key(), key.sign(MESSAGE, ec.ECDSA(SHA256())), MESSAGE)


def test_rsa_is_refused():
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    with pytest.raises(BlockError, match="neither"):
        verify_signature(key.public_key(), b"", MESSAGE)
