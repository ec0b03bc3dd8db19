"""The arithmetic once more, slowly: fractions and the standard library only, and nothing of what it checks.

Every function is written from the words of the design, not from the code under test, and rounds in one place.
"""

import hashlib
import json
from fractions import Fraction

FLOAT32 = (24, -149)
FLOAT64 = (53, -1074)


def round_to(value, form):
    """Round a fraction to a binary floating-point form (digits, lowest exponent), half to even; exact result."""
    digits, lowest = form
    if value == 0:
        return Fraction(0)
    exponent = max(lowest, value.numerator.bit_length() - value.denominator.bit_length() - digits - 1)
    while abs(value) >= Fraction(2) ** (exponent + digits):
        exponent += 1
    unit = Fraction(2) ** exponent
    return half_even(value / unit) * unit


def half_even(value):
    floor = value.numerator // value.denominator
    rest = value - floor
    if rest > Fraction(1, 2) or (rest == Fraction(1, 2) and floor % 2 == 1):
        return floor + 1
    return floor


def view(value, scale_bits):
    """The float32 weight of a model's integer."""
    return round_to(round_to(Fraction(value, 2**scale_bits), FLOAT64), FLOAT32)


def from_weight(weight, scale_bits):
    return half_even(round_to(weight * 2**scale_bits, FLOAT64))


def quantise(local, base, scale_bits, bound):
    difference = round_to(local - view(base, scale_bits), FLOAT64)
    scaled = half_even(round_to(difference * 2**scale_bits, FLOAT64))
    return max(-bound, min(bound, scaled))


def aggregate(base, updates):
    """Base values and a list of (weight, values): the new model's values."""
    divisor = sum(weight for weight, _ in updates)
    totals = [sum(weight * values[index] for weight, values in updates) for index in range(len(base))]
    return [value + half_even(Fraction(total, divisor)) for value, total in zip(base, totals, strict=True)]


def encode_file(tensors, metadata, values):
    """Tensors as (name, shape), the six metadata fields, all values in order: the bytes of the file."""
    size = {"update": 4, "model": 8}[metadata["kind"]]
    document = {"__metadata__": {"quorate": compact({"schema": "quorate.tensors/1", **metadata})}}
    position = 0
    for name, shape in tensors:
        elements = 1
        for length in shape:
            elements *= length
        end = position + elements * size
        document[name] = {"dtype": f"I{size * 8}", "shape": shape, "data_offsets": [position, end]}
        position = end
    header = compact(document).encode()
    header += b" " * (-len(header) % 8)
    body = b"".join(value.to_bytes(size, "little", signed=True) for value in values)
    return len(header).to_bytes(8, "little") + header + body


def compact(value):
    """Canonical JSON, for values whose names are ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def possession(msp, study, number, attempt, files):
    parts = [part.encode() for part in (msp, study, str(number), str(attempt))] + files
    return digest(b"quorate.possession/1" + b"".join(len(part).to_bytes(8, "big") + part for part in parts))


def tree_root(entries):
    """RFC 6962, section 2.1, over entries (not hashes)."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    split = 1
    while split * 2 < len(entries):
        split *= 2
    return hashlib.sha256(b"\x01" + tree_root(entries[:split]) + tree_root(entries[split:])).digest()


def tree_path(index, entries):
    """RFC 6962, section 2.1.1."""
    if len(entries) == 1:
        return []
    split = 1
    while split * 2 < len(entries):
        split *= 2
    if index < split:
        return [*tree_path(index, entries[:split]), tree_root(entries[split:])]
    return [*tree_path(index - split, entries[split:]), tree_root(entries[:split])]
