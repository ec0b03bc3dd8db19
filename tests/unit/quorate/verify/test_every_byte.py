"""Every single byte of a small bundle, flipped one at a time, is found; in the file that it is in."""

import os
import random
import shutil
import zipfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from quorate.blocks import protos
from quorate.blocks.block import COMMIT_HASH
from quorate.verify import VerificationError, verify_bundle
from tests.unit.quorate.ledger.bundles import export
from tests.unit.quorate.ledger.consortium import Consortium, Ledger
from tests.unit.quorate.ledger.tampering import flip, reseal

WORKERS = 2
SAMPLES = 500
"""Of bundles that their exporter signs again each flip costs a whole verification: so many, by a repeatable choice."""


@pytest.fixture(scope="module")
def made():
    consortium = Consortium(Ledger(("Alder", "Birch"), per_block=8), rounds=1)
    consortium.round(1)
    return consortium


def members(path):
    """Return where each file's bytes are in a container, by name."""
    with zipfile.ZipFile(path) as archive:
        found = archive.infolist()
    starts = {info.filename: info.header_offset + 30 + len(info.filename) for info in found}
    return {info.filename: range(starts[info.filename], starts[info.filename] + info.file_size) for info in found}


def flip_all(path, genesis, part):
    """Flip every byte of a part of a container, and return what was wrong about the answers."""
    where = members(path)
    copy = path.with_suffix(f".{part.start}.qeb")
    shutil.copy(path, copy)
    wrong = []
    with copy.open("r+b", buffering=0) as file:
        for offset in part:
            [byte] = os.pread(file.fileno(), 1, offset)
            os.pwrite(file.fileno(), bytes([byte ^ 1 << offset % 8]), offset)
            name = next((name for name, inside in where.items() if offset in inside), "")
            if answer := answered(copy, genesis, name):
                wrong.append((offset, name, answer))
            os.pwrite(file.fileno(), bytes([byte]), offset)
    copy.unlink()
    return wrong


def answered(path, genesis, name):
    try:
        verify_bundle(path, genesis=genesis, first_failure_only=True)
    except VerificationError as error:
        found = error.report.failed[0]
        return "" if found.place == path.name and name in found.message else str(found)
    return "nothing was found"


def test_of_a_container(made, tmp_path):
    path = tmp_path / "bundle.qeb"
    export(made.ledger, path, artifacts=made.artifacts)
    size = path.stat().st_size
    step = -(-size // (4 * WORKERS))
    parts = [range(start, min(start + step, size)) for start in range(0, size, step)]
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("forkserver")) as workers:
        wrong = list(workers.map(flip_all, [path] * len(parts), [made.ledger.genesis] * len(parts), parts))
    assert sum(map(len, parts)) == size
    assert [found for part in wrong for found in part] == []


def test_of_evidence_that_its_exporter_signs_again(made, tmp_path):
    """Then no digest tells, and the evidence itself must; only the page for people is none."""
    bundle = tmp_path / "bundle"
    export(made.ledger, bundle, artifacts=made.artifacts)
    choose = random.Random(7)  # noqa: S311 - no secret, but repeatable
    evidence = [path for path in sorted(bundle.rglob("*")) if path.is_file() and path.suffix not in {".html", ".sig"}]
    evidence.remove(bundle / "manifest.json")
    spots = [(path, offset) for path in evidence for offset in range(path.stat().st_size)]
    for path, offset in choose.sample(spots, k=SAMPLES):
        flip(path, offset)
        with pytest.raises(VerificationError):
            verify_bundle(reseal(bundle, made.ledger.officer), genesis=made.ledger.genesis, first_failure_only=True)
        flip(path, offset)
    assert verify_bundle(reseal(bundle, made.ledger.officer), genesis=made.ledger.genesis).result == "verified"


@pytest.mark.parametrize("number", [1, 2])
def test_a_commit_hash_that_cannot_be_read_is_a_failure_of_its_block(made, tmp_path, number):
    bundle = tmp_path / "bundle"
    export(made.ledger, bundle)
    path = bundle / "blocks" / f"{number}.block"
    block = protos.Block.FromString(path.read_bytes())
    block.metadata.metadata[COMMIT_HASH] = b"\x0a\x7f"
    path.write_bytes(block.SerializeToString())
    with pytest.raises(VerificationError, match="the block carries one that cannot be read") as caught:
        verify_bundle(reseal(bundle, made.ledger.officer), genesis=made.ledger.genesis, first_failure_only=True)
    assert caught.value.report.failed[0].place == f"blocks/{number}.block"


@pytest.mark.parametrize("page", [b"", b"<h1>All is well.</h1>"])
def test_the_page_for_people_is_no_evidence_and_still_the_exporters_own(made, tmp_path, page):
    bundle = tmp_path / "bundle"
    export(made.ledger, bundle)
    (bundle / "report.html").write_bytes(page)
    with pytest.raises(VerificationError, match=r"report\.html"):
        verify_bundle(bundle, genesis=made.ledger.genesis)


@pytest.mark.parametrize("order", ["swapped", "repeated", "dropped"])
def test_blocks_in_another_order(made, tmp_path, order):
    bundle = tmp_path / "bundle"
    export(made.ledger, bundle)
    two, three = bundle / "blocks" / "2.block", bundle / "blocks" / "3.block"
    before = two.read_bytes(), three.read_bytes()
    if order == "swapped":
        two.write_bytes(before[1])
        three.write_bytes(before[0])
    elif order == "repeated":
        three.write_bytes(before[0])
    else:
        two.unlink()
    with pytest.raises(VerificationError) as caught:
        verify_bundle(reseal(bundle, made.ledger.officer), genesis=made.ledger.genesis)
    places = {found.place for found in caught.value.report.failed}
    assert (
        places
        == {
            "swapped": {"blocks/2.block", "blocks/3.block"},
            "repeated": {"blocks/3.block"},
            "dropped": {"blocks/2.block"},
        }[order]
    )


def test_all_failures_that_do_not_rest_on_each_other_are_told(made, tmp_path):
    bundle = tmp_path / "bundle"
    export(made.ledger, bundle, artifacts=made.artifacts)
    flip(bundle / "events.jsonl", 40)
    flip(next((bundle / "proofs").rglob("*.json")), 40)
    reseal(bundle, made.ledger.officer)
    with pytest.raises(VerificationError) as caught:
        verify_bundle(bundle, genesis="sha256:" + 64 * "0")
    report = caught.value.report
    assert [found.place for found in report.failed] == ["block 0", "events.jsonl, line 1", "proofs/one/000001.json"]
    with pytest.raises(VerificationError) as caught:
        verify_bundle(bundle, genesis="sha256:" + 64 * "0", first_failure_only=True)
    assert len(caught.value.report.failed) == 1
