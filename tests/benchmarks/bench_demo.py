"""The main job as a whole: `quorate demo` from its start to its report, several times, medians of its own summary."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

RUNS = 3
SECONDS = 300


def run(runs: int = RUNS) -> dict[str, Any]:
    """Return medians over the runs; times in seconds, sizes in bytes."""
    found = [_once() for _ in range(runs)]
    seconds = {name: round(median(each["seconds"][name] for each in found), 3) for name in found[0]["seconds"]}
    return {
        "runs": runs,
        "seconds": seconds,
        "memory_pss_bytes": int(median(each["memory_pss_bytes"] for each in found)),
        "bytes_per_member_round": int(median(each["ledger"]["bytes_per_member_round"] for each in found)),
        "verify_seconds": round(median(each["audit"]["verify_seconds"] for each in found), 3),
        "accuracy_federated": median(each["accuracy"]["federated"] for each in found),
    }


def _once() -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="quorate-bench-") as directory:
        out = Path(directory) / "demo"
        subprocess.run(
            [sys.executable, "-m", "quorate", "demo", "--out", str(out)],
            check=True,
            timeout=SECONDS,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        summary: dict[str, Any] = json.loads((out / "summary.json").read_bytes())
        return summary


if __name__ == "__main__":
    json.dump(run(), sys.stdout, indent=2)
    print()
