"""How long one round's recomputation takes, and how much memory: four updates of 400 MB.

Prints JSON; ``python tests/benchmarks/bench_aggregation.py [megabytes of one update]``. The work is done in a process
of its own, so that the peak is the aggregation's and not the caller's.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from quorate.aggregation import UpdateTerms, aggregate, possession, validate_update
from quorate.tensors import Header, Reader, Schema, TensorSpec, Writer

MEMBERS = 4
BOUND = 1 << 20
MEGABYTES = 400
DEADLINE_SECONDS = 600


def run(megabytes: int = MEGABYTES) -> dict[str, float | int]:
    """Return seconds of each step and the peak of memory in bytes, for `MEMBERS` updates of this size."""
    repository = Path(__file__).parents[2]
    finished = subprocess.run(
        [sys.executable, __file__, "--here", str(megabytes)],
        cwd=repository,
        env={"PYTHONPATH": str(repository), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
        timeout=DEADLINE_SECONDS,
    )
    result: dict[str, float | int] = json.loads(finished.stdout)
    return result


def measure(megabytes: int, folder: Path) -> dict[str, float | int]:
    """Do the work in this process; meant for a fresh one."""
    schema = Schema((TensorSpec("weights", (megabytes * 250_000,)),))
    initial = Header.initial_model("bench")
    base = write_random(folder / "base", schema, initial, seed=0)
    files = []
    for member in range(1, MEMBERS + 1):
        header = Header.update(study="bench", round=1, msp=f"Member{member}", dataset="d", base=base)
        path = folder / f"update-{member}"
        write_random(path, schema, header, seed=member)
        files.append((member, path, header))
    before = peak_bytes()
    marks = [time.perf_counter()]
    for _, path, header in files:
        validate_update(path, terms=UpdateTerms(schema=schema, header=header, bound=BOUND))
    marks.append(time.perf_counter())
    possession("Member1", "bench", 1, 1, [path for _, path, _ in files])
    marks.append(time.perf_counter())
    updates = [(weight, Reader(path, schema, header)) for weight, path, header in files]
    with Reader(folder / "base", schema, initial) as model:
        aggregate(model, updates, folder / "model", bound=BOUND)
    marks.append(time.perf_counter())
    for _, reader in updates:
        reader.close()
    validated, proved, aggregated = np.diff(marks).round(3).tolist()
    return {
        "members": MEMBERS,
        "update_bytes": megabytes * 1_000_000,
        "validate_seconds": validated,
        "possession_seconds": proved,
        "aggregate_seconds": aggregated,
        "peak_bytes": peak_bytes(),
        "peak_bytes_before": before,
    }


def write_random(path: Path, schema: Schema, header: Header, *, seed: int) -> str:
    """Write a large file block by block and return its digest."""
    rng = np.random.default_rng(seed)
    missing = schema.elements
    with path.open("wb") as file:
        writer = Writer(file, schema, header)
        while missing:
            block = rng.integers(-BOUND, BOUND, min(missing, 1 << 18), dtype=header.dtype.native)
            writer.append(block)
            missing -= block.size
        return writer.finish()


def peak_bytes() -> int:
    """Return the most memory that this process ever had resident."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main(arguments: list[str]) -> None:
    """Measure here or in a process of its own, and print."""
    here = "--here" in arguments
    sizes = [int(argument) for argument in arguments if argument != "--here"]
    megabytes = sizes[0] if sizes else MEGABYTES
    if here:
        with tempfile.TemporaryDirectory(prefix="quorate-bench-") as folder:
            result = measure(megabytes, Path(folder))
    else:
        result = run(megabytes)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
