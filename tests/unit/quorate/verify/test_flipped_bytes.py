"""Any single flipped byte of a bundle makes verification fail, and the message names the place."""

import random
import shutil

import pytest

from quorate.verify import VerificationError, verify_bundle
from tests.unit.quorate.ledger.tampering import flip, reseal

SPOTS = 16
"""Of larger files so many bytes, spread by a random but repeatable choice, and both ends."""


def offsets(size):
    if size <= 2 * SPOTS:
        return list(range(size))
    return sorted({0, size - 1, *random.Random(size).sample(range(size), SPOTS)})  # noqa: S311 - no secret, but repeatable


@pytest.fixture
def copy(honest, tmp_path):
    return shutil.copytree(honest, tmp_path / "copy")


def failure(path, walked):
    with pytest.raises(VerificationError) as caught:
        verify_bundle(path, genesis=walked.ledger.genesis, first_failure_only=True)
    assert caught.value.report.result == "failed"
    assert caught.value.exit_code == 1
    return caught.value.report.failed[0]


def test_in_any_file_of_the_bundle(copy, walked):
    for path in sorted(found for found in copy.rglob("*") if found.is_file()):
        name = path.relative_to(copy).as_posix()
        for offset in offsets(path.stat().st_size):
            flip(path, offset)
            found = failure(copy, walked)
            assert name in found.place or found.place in {"manifest.json", "manifest.sig"}, (name, offset, found)
            flip(path, offset)
    assert verify_bundle(copy, genesis=walked.ledger.genesis).result == "verified"


def test_in_the_container_between_the_files(container, walked, tmp_path):
    data = container.read_bytes()
    path = tmp_path / "flipped.qeb"
    tail = data.index(b"PK\x01\x02")
    spots = [*range(60), *range(tail, len(data), 7), *range(len(data) - 22, len(data))]
    for offset in spots:
        altered = bytearray(data)
        altered[offset] ^= 1
        path.write_bytes(altered)
        failure(path, walked)


@pytest.mark.parametrize("evidence", ["headers.bin", "events.jsonl", "blocks", "proofs", "artifacts"])
def test_even_when_the_exporter_signs_the_altered_bundle(copy, walked, evidence):
    """Then no digest of the manifest tells, and the evidence itself must."""
    signer = walked.ledger.officer
    place = copy / evidence
    for path in sorted(place.rglob("*") if place.is_dir() else [place]):
        if path.is_file():
            original = path.read_bytes()
            for offset in range(0, len(original), max(len(original) // 8, 1)):
                flip(path, offset)
                failure(reseal(copy, signer), walked)
                path.write_bytes(original)
