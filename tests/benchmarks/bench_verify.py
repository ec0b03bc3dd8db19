"""Verifying a bundle of 100 rounds with 10 members: seconds and memory of the whole verifier."""

from __future__ import annotations

import json
import resource
import tempfile
import time
from pathlib import Path
from typing import Final

from quorate.verify import verify_bundle
from tests.unit.quorate.ledger.bundles import export
from tests.unit.quorate.ledger.consortium import Consortium, Ledger

ROUNDS: Final = 100
NAMES: Final = ("Alder", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Juniper", "Larch", "Maple", "Oak")


def run(rounds: int = ROUNDS) -> dict[str, object]:
    """Return what was verified, in how many seconds, with which peak of memory."""
    consortium = Consortium(Ledger(NAMES, per_block=20), cap="100", rounds=rounds)
    for number in range(1, rounds + 1):
        consortium.round(number)
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder, "bundle.qeb")
        began = time.perf_counter()
        export(consortium.ledger, bundle, artifacts=consortium.artifacts)
        exported = time.perf_counter()
        began_cpu = time.process_time()
        report = verify_bundle(bundle, genesis=consortium.ledger.genesis)
        verified = time.perf_counter()
        cpu = time.process_time() - began_cpu
        return {
            "rounds": rounds,
            "members": len(NAMES),
            "blocks": len(consortium.ledger.chain.blocks),
            "transactions": sum(len(block.data.data) for block in consortium.ledger.chain.blocks),
            "endorsements_each": len(consortium.ledger.endorsers),
            "bundle_bytes": bundle.stat().st_size,
            "export_seconds": round(exported - began, 3),
            "verify_seconds": round(verified - exported, 3),
            "verify_cpu_seconds": round(cpu, 3),
            "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "result": report.result,
        }


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
