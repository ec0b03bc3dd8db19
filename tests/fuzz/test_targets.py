"""Every target with its seeds, with seeds altered by a repeatable choice, and for seconds with atheris where it is."""

import importlib.util
import random
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS, run

ROOT = Path(__file__).parents[2]
ROUNDS = 120
SECONDS = 3
MEMORY = 96 << 20
LARGEST = 512 << 10


def altered(seed, choose):
    """Return a seed with a few bytes flipped, a stretch cut, repeated or replaced, or its end cut off."""
    data = bytearray(seed)
    for _ in range(choose.randint(1, 4)):
        at = choose.randrange(len(data) + 1)
        end = min(at + choose.randint(1, 40), len(data))
        kind = choose.randrange(5)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << choose.randrange(8)
        elif kind == 1:
            del data[at:end]
        elif kind == 2:
            data[at:at] = data[at:end]
        elif kind == 3:
            data[at:end] = choose.randbytes(choose.randint(0, 12))
        elif kind == 4:
            data[at:at] = b"\xff" * choose.randint(1, 12)
        if not data:
            return b""
    return bytes(data if choose.random() < 0.9 else data[: choose.randrange(len(data))])


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_and_what_they_become(name):
    choose = random.Random(name)  # noqa: S311 - no secret, but repeatable
    seeds = [seed for seed in TARGETS[name][1]() if len(seed) < LARGEST]
    for seed in seeds:
        run(name, seed)
    for _ in range(ROUNDS):
        run(name, altered(choose.choice(seeds), choose))
    run(name, b"")


@pytest.mark.parametrize("name", TARGETS)
def test_memory_stays_within_bounds(name):
    choose = random.Random(name)  # noqa: S311 - no secret, but repeatable
    seeds = [seed for seed in TARGETS[name][1]() if len(seed) < LARGEST]
    inputs = [*seeds[:2], *(altered(choose.choice(seeds), choose) for _ in range(10))]
    tracemalloc.start()
    try:
        for data in inputs:
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            run(name, data)
            assert tracemalloc.get_traced_memory()[1] - before < MEMORY
    finally:
        tracemalloc.stop()


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="needs the Python package atheris")
@pytest.mark.parametrize("name", TARGETS)
def test_with_atheris(name, tmp_path):
    # libFuzzer bounds the highest memory that the system counts for its process, which begins with that of whoever
    # started it: a shell between keeps pytest's own out of it.
    # Always the same choices, and a wait for one input that no busy machine makes too short.
    options = [f"-max_total_time={SECONDS}", f"-artifact_prefix={tmp_path}/", "-seed=20261123", "-timeout=200"]
    command = [sys.executable, "-m", "tests.fuzz", name, *options]
    done = subprocess.run(
        ["/bin/sh", "-c", '"$@"; exit $?', "sh", *command],
        capture_output=True,
        text=True,
        timeout=280,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
