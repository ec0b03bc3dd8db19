"""Write the pinned vectors: ``python -m tests.vectors.generate``. Done once; a test holds the files to this program.

Integers that a double cannot hold are decimal strings, floats are hexadecimal literals.
"""

import json
import random
import struct
from fractions import Fraction
from pathlib import Path

from tests.vectors import slow

FOLDER = Path(__file__).parent

LARGEST_BOUND = 2**31 - 1
LARGEST_MODEL = 2**52 - 1
LARGEST_TOTAL = 2**62 - 1


def float32(pattern):
    return struct.unpack("<f", struct.pack("<I", pattern))[0]


def near(value):
    """The float32 nearest to a number, as a Python float."""
    return struct.unpack("<f", struct.pack("<f", value))[0]


def quantise_case(name, scale_bits, bound, pairs):
    updates = [slow.quantise(Fraction(local), base, scale_bits, bound) for local, base in pairs]
    return {
        "name": name,
        "scale_bits": scale_bits,
        "bound": bound,
        "local": [local.hex() for local, _ in pairs],
        "base": [str(base) for _, base in pairs],
        "update": updates,
    }


def quantise_cases(rng):
    unit = 2.0**-24
    ties = [(near((2 * step + 1) * unit / 2), 0) for step in range(-8, 9)]
    bound = 2**20
    edges = [(near(sign * (bound + step) * unit), 0) for sign in (-1, 1) for step in (-1, 0, 1, 2**10)]
    huge = [(near(sign * 3.4e38), base) for sign in (-1, 1) for base in (0, LARGEST_MODEL, -LARGEST_MODEL)]
    tiny = [(float32(pattern), 0) for pattern in (0, 0x80000000, 1, 0x80000001, 0x007FFFFF, 0x00800000)]
    far = [(slow.view(base, 24), base) for base in (LARGEST_MODEL, -LARGEST_MODEL, 2**51 + 12345, 2**25 + 1)]
    plain = [(near(rng.gauss(0, 0.5)), rng.randrange(-(2**24), 2**24)) for _ in range(40)]
    return [
        quantise_case("ties go to even", 24, bound, ties),
        quantise_case("saturation begins after the bound", 24, bound, edges),
        quantise_case("the largest floats saturate at the largest bound", 24, LARGEST_BOUND, huge),
        quantise_case("subnormal weights and both zeros", 40, LARGEST_BOUND, tiny),
        quantise_case("an unchanged model has the update zero", 24, bound, [(float(w), b) for w, b in far]),
        quantise_case("ordinary weights", 24, bound, plain),
        quantise_case("the smallest scale", 1, 1, [(near(x / 4), 0) for x in range(-6, 7)]),
    ]


def view_cases(rng):
    cases = []
    for scale_bits in (1, 24, 40):
        values = [0, 1, -1, 2**24 - 1, 2**24 + 1, 2**25 + 1, 2**25 + 3, LARGEST_MODEL, -LARGEST_MODEL]
        values += [rng.randrange(-LARGEST_MODEL, LARGEST_MODEL + 1) for _ in range(20)]
        weights = [float(slow.view(value, scale_bits)).hex() for value in values]
        cases.append({"scale_bits": scale_bits, "model": [str(value) for value in values], "weights": weights})
    return cases


def initial_cases(rng):
    cases = []
    for scale_bits in (1, 24, 40):
        weights = [0.0, -0.0, 1.0, -1.0, near(2.0 ** (51 - scale_bits)), near(1.5 * 2.0**-scale_bits)]
        weights += [near(rng.gauss(0, 1)) for _ in range(20)]
        model = [str(slow.from_weight(Fraction(weight), scale_bits)) for weight in weights]
        cases.append({"scale_bits": scale_bits, "weights": [weight.hex() for weight in weights], "model": model})
    return cases


def division_cases(rng):
    cases = []
    for divisor in (1, 2, 3, 4, 5, 6, 7, 10, 64, 1000, 2**31, 2**61 + 1, LARGEST_TOTAL):
        totals = [*range(-13, 14), LARGEST_TOTAL, -LARGEST_TOTAL, LARGEST_TOTAL - 1]
        totals += [sign * (divisor // 2 + step) for sign in (-1, 1) for step in (-1, 0, 1)]
        totals += [rng.randrange(-LARGEST_TOTAL, LARGEST_TOTAL + 1) for _ in range(10)]
        quotients = [str(slow.half_even(Fraction(total, divisor))) for total in totals]
        cases.append({"divisor": str(divisor), "total": [str(total) for total in totals], "quotient": quotients})
    return cases


TENSORS = [["layer.weight", [3, 5]], ["layer.bias", [5]], ["a", []]]


def aggregation_case(name, bound, base, members):
    """Members as (msp, dataset, weight, values)."""
    study, number = "vectors", 3
    base_metadata = {"kind": "model", "study": study, "round": 0, "msp": "", "dataset": "", "base": ""}
    base_file = slow.encode_file(TENSORS, base_metadata, base)
    base_digest = slow.digest(base_file)
    updates = []
    for msp, dataset, weight, values in members:
        metadata = {"kind": "update", "study": study, "round": number, "msp": msp, "dataset": dataset}
        file = slow.encode_file(TENSORS, {**metadata, "base": base_digest}, values)
        updates.append(
            {"msp": msp, "dataset": dataset, "weight": weight, "values": values, "digest": slow.digest(file)}
        )
    model = slow.aggregate(base, [(weight, values) for _, _, weight, values in members])
    metadata = {"kind": "model", "study": study, "round": number, "msp": "", "dataset": "", "base": base_digest}
    return {
        "name": name,
        "tensors": [{"name": tensor, "shape": shape} for tensor, shape in TENSORS],
        "study": study,
        "round": number,
        "bound": bound,
        "base": [str(value) for value in base],
        "base_digest": base_digest,
        "updates": updates,
        "model": [str(value) for value in model],
        "model_digest": slow.digest(slow.encode_file(TENSORS, metadata, model)),
    }


def aggregation_cases(rng):
    size = 21
    owners = [("AlderMSP", "a"), ("BirchMSP", "a"), ("BirchMSP", "b"), ("CedarMSP", "a"), ("elm.example", "x-1")]
    base = [rng.randrange(-(2**30), 2**30) for _ in range(size)]

    def members(weights, draw):
        return [(*owner, weight, [draw() for _ in range(size)]) for owner, weight in zip(owners, weights, strict=False)]

    bound = 2**20
    halves = [[step if index == 0 else 0 for step in range(-10, 11)] for index in range(4)]
    ties = [(*owner, 1, values) for owner, values in zip(owners, halves, strict=False)]
    heaviest = LARGEST_TOTAL // (5 * LARGEST_BOUND)
    top = [(*owner, heaviest, [LARGEST_BOUND, -LARGEST_BOUND, 0] * 7) for owner in owners]
    mixed = members([heaviest] * 5, lambda: rng.choice([-LARGEST_BOUND, LARGEST_BOUND, LARGEST_BOUND - 1, 0]))
    edge = [LARGEST_MODEL - LARGEST_BOUND, LARGEST_BOUND - LARGEST_MODEL, LARGEST_MODEL] * 7
    return [
        aggregation_case(
            "five ordinary updates", bound, base, members([1, 2, 3, 5, 7], lambda: rng.randint(-bound, bound))
        ),
        aggregation_case("uniform weights", bound, base, members([1] * 5, lambda: rng.randint(-bound, bound))),
        aggregation_case("ties go to even", bound, base, ties),
        aggregation_case("all saturated", bound, base, members([1, 1, 2], lambda: rng.choice([-bound, bound]))),
        aggregation_case("the largest bounds reach the edge of a model", LARGEST_BOUND, edge, top),
        aggregation_case("the largest bounds mixed", LARGEST_BOUND, base, mixed),
        aggregation_case("one update alone", bound, base, members([9], lambda: rng.randint(-bound, bound))),
    ]


def file_cases():
    base = slow.digest(b"base")
    update = {"kind": "update", "study": "s-1", "round": 2, "msp": "AlderMSP", "dataset": "wards", "base": base}
    initial = {"kind": "model", "study": "s-1", "round": 0, "msp": "", "dataset": "", "base": ""}
    final = {"kind": "model", "study": "s-1", "round": 999999, "msp": "", "dataset": "", "base": base}
    cases = [
        ("an update of three tensors", TENSORS, update, [LARGEST_BOUND, -LARGEST_BOUND, *range(-9, 10)]),
        ("an initial model of one number", [["w", []]], initial, [-LARGEST_MODEL]),
        ("a final model whose names sort otherwise", [["b", [2]], ["A", [1]], ["a.b", [1, 1]]], final, [1, -2, 3, 4]),
    ]
    return [
        {
            "name": name,
            "tensors": [{"name": tensor, "shape": shape} for tensor, shape in tensors],
            "metadata": metadata,
            "values": [str(value) for value in values],
            "file": slow.encode_file(tensors, metadata, values).hex(),
            "digest": slow.digest(slow.encode_file(tensors, metadata, values)),
        }
        for name, tensors, metadata, values in cases
    ]


def possession_cases():
    files = [b"", b"one", b"t" * 1000]
    return [
        {
            "msp": msp,
            "study": "s-1",
            "round": number,
            "attempt": attempt,
            "updates": [file.hex() for file in held],
            "possession": slow.possession(msp, "s-1", number, attempt, held),
        }
        for msp, number, attempt, held in [
            ("AlderMSP", 1, 1, files),
            ("BirchMSP", 1, 1, files),
            ("AlderMSP", 11, 1, files),
            ("AlderMSP", 1, 11, files),
            ("AlderMSP", 1, 1, files[::-1]),
            ("AlderMSP", 1, 1, []),
        ]
    ]


def merkle_cases():
    # The eight entries of Certificate Transparency's own test vectors, and then as many again.
    entries = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243")]
    entries += [bytes(range(0x50, 0x58)), bytes(range(0x60, 0x70))]
    entries += [index.to_bytes(3, "big") for index in range(8)]
    return [
        {
            "entries": [entry.hex() for entry in entries[:size]],
            "root": slow.tree_root(entries[:size]).hex(),
            "proofs": [[step.hex() for step in slow.tree_path(index, entries[:size])] for index in range(size)],
        }
        for size in range(len(entries) + 1)
    ]


def documents():
    rng = random.Random(20261122)  # noqa: S311 (repeatable, not secret)
    return {
        "arithmetic.json": {
            "schema": "quorate.vectors.arithmetic/1",
            "quantise": quantise_cases(rng),
            "to_float32": view_cases(rng),
            "from_float32": initial_cases(rng),
            "divide_half_even": division_cases(rng),
        },
        "aggregation.json": {"schema": "quorate.vectors.aggregation/1", "cases": aggregation_cases(rng)},
        "tensors.json": {
            "schema": "quorate.vectors.tensors/1",
            "files": file_cases(),
            "possession": possession_cases(),
        },
        "merkle.json": {"schema": "quorate.vectors.merkle/1", "trees": merkle_cases()},
    }


def render(document):
    return json.dumps(document, indent=1) + "\n"


if __name__ == "__main__":
    for name, document in documents().items():
        (FOLDER / name).write_text(render(document))
