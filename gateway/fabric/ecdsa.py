"""ECDSA as Fabric verifies it: two curves, and always the smaller of the two values of S."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

if TYPE_CHECKING:
    from collections.abc import Mapping

ORDERS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "secp256r1": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        "secp384r1": int(
            "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16
        ),
    }
)
"""The curves of Fabric's keys, P-256 and P-384, and how many points each has."""


def low_s(signature: bytes, order: int) -> bytes:
    """Return the same DER signature with the smaller of its two values of S, the only one that Fabric accepts."""
    r, s = decode_dss_signature(signature)
    return encode_dss_signature(r, min(s, order - s))


def der_of_raw(signature: bytes, order: int) -> bytes:
    """Return the DER form, with low S, of a signature that is R and S one after the other, as tokens give it.

    Raises
    ------
    ValueError
        It has not the length of a signature on a curve of this order.
    """
    width = (order.bit_length() + 7) // 8
    if len(signature) != 2 * width:
        raise ValueError(f"a signature of {2 * width} bytes was expected, not {len(signature)}")
    r, s = (int.from_bytes(half, "big") for half in (signature[:width], signature[width:]))
    return encode_dss_signature(r, min(s, order - s))
