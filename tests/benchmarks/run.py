"""Every benchmark, one after the other; figures on standard output, and as JSON in a file. Nothing here is a test.

Benchmarks of the ledger run on each engine that is asked for and present; what keeps one from running is printed.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

sys.path.insert(0, str(Path(__file__).parents[2]))

ENGINES = ("embedded", "native")
BENCHMARKS = {
    "ledger": "commits and evaluations, beside the smallest chaincode on the same peers",
    "round": "what the ledger costs a round of five organisations",
    "demo": "the main job: start, rounds, memory, bytes",
    "aggregation": "aggregating 400 MB updates: time and memory",
    "exchange": "100 MB updates among four gateways",
    "relay": "what the relay adds to a call",
    "audit": "the audit trail: pages of 100,000 events, filling, size",
    "verify": "verifying 100 rounds of 10 members",
    "accuracy": "breast-cancer and digits over 20 seeds, in process",
}


def main() -> None:
    """Run the named benchmarks, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="write the figures (JSON) here too")
    parser.add_argument("--engine", choices=[*ENGINES, "all"], default="all", help="what the ledger runs on")
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help="which ones; all by default")
    arguments = parser.parse_args()
    found: dict[str, Any] = {"schema": "quorate.bench/1", "machine": machine()}
    for name in arguments.names or BENCHMARKS:
        print(f"== {name}: {BENCHMARKS[name]}", flush=True)
        began = time.monotonic()
        benchmark = importlib.import_module(f"tests.benchmarks.bench_{name}")
        found[name] = on_engines(benchmark, arguments.engine) if hasattr(benchmark, "missing") else benchmark.run()
        print(json.dumps(found[name], indent=2), flush=True)
        print(f"   ({time.monotonic() - began:.0f} s)", flush=True)
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps(found, indent=2) + "\n")


def on_engines(benchmark: ModuleType, chosen: str) -> dict[str, Any]:
    """Return a benchmark's figures by engine, or why it did not run there."""
    found: dict[str, Any] = {}
    for engine in ENGINES if chosen == "all" else [chosen]:
        missing = benchmark.missing(engine)
        found[engine] = benchmark.run(engine=engine) if missing is None else {"did_not_run": missing}
    return found


def machine() -> dict[str, Any]:
    """Return what the figures were measured on, and how busy it was."""
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "load_average": os.getloadavg(),
    }


if __name__ == "__main__":
    main()
