"""The audit trail with 100,000 events, and as many reads of it: how fast it fills, how large it is, how fast it is."""

from __future__ import annotations

import hashlib
import json
import resource
import sqlite3
import statistics
import tempfile
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, insert, select, text

from gateway.audit.access import AccessLog
from gateway.audit.access.entry import Entry, beginning
from gateway.audit.trail import EventFilter, Trail, page
from gateway.audit.trail.kinds import KINDS, severity_of
from gateway.audit.trail.questions import Memory, ask
from gateway.audit.trail.tables import BLOCKS, EVENTS, TRANSACTIONS, WRITES
from quorate.identifiers import MspId
from quorate.records.audit import Anchor
from quorate.records.common import make
from tests.unit.quorate.ledger.consortium import Consortium, Ledger

if TYPE_CHECKING:
    from collections.abc import Callable

    from quorate.digest import Digest

EVENT_COUNT: Final = 100_000
PER_BLOCK: Final = 10
ROUNDS: Final = 20
NAMES: Final = ("Alder", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Juniper", "Larch", "Maple", "Oak")
REPEATS: Final = 15
LINES: Final = 100_000
PER_ANCHOR: Final = 100
MSP: Final = MspId("AlderMSP")


def run() -> dict[str, object]:
    """Return the figures."""
    with tempfile.TemporaryDirectory() as folder:
        return {
            "filling": _filling(Path(folder, "filled.db")),
            "pages": _pages(Path(folder, "large.db")),
            "access_log": _access_log(Path(folder, "access")),
        }


def _filling(path: Path) -> dict[str, object]:
    """Take a real chain's blocks, as a gateway does after it lost its trail."""
    consortium = Consortium(Ledger(NAMES, per_block=20), cap="100", rounds=ROUNDS)
    for number in range(1, ROUNDS + 1):
        consortium.round(number)
    consortium.ledger.cut()
    blocks = [block.SerializeToString() for block in consortium.ledger.chain.blocks]
    trail = Trail.open(path)
    began, began_cpu = time.perf_counter(), time.process_time()
    trail.append(blocks)
    seconds, cpu = time.perf_counter() - began, time.process_time() - began_cpu
    with trail.engine.begin() as connection:
        transactions = connection.execute(select(func.count()).select_from(TRANSACTIONS)).scalar_one()
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    questions = {
        name: round(_median(partial(ask, trail, name, {}), 3) * 1000, 1)
        for name in ("members", "policies", "spending", "recount", "refusals", "agreement", "modifications")
    }
    trail.close()
    return {
        "blocks": len(blocks),
        "block_bytes": sum(map(len, blocks)),
        "transactions": transactions,
        "rebuild_seconds": round(seconds, 2),
        "rebuild_cpu_seconds": round(cpu, 2),
        "transactions_per_second": round(transactions / seconds),
        "database_bytes": path.stat().st_size,
        "question_ms": questions,
    }


def _pages(path: Path) -> dict[str, object]:
    trail = Trail.open(path)
    began = time.perf_counter()
    _populate(trail)
    seconds = time.perf_counter() - began
    filters = {
        "none": EventFilter(),
        "organisation": EventFilter(organisation="MapleMSP"),
        "study and round": EventFilter(study="study-3", round=77),
        "kind": EventFilter(kinds=("round.finalized",)),
        "kinds of a contract": EventFilter(kinds=("privacy", "round")),
        "needs attention": EventFilter(severity=2),
        "blocks": EventFilter(first_block=4000, last_block=4100),
        "claimed time": EventFilter(since=1_790_000_500_000, until=1_790_000_600_000),
        "transaction": EventFilter(transaction="abc"),
        "text that is nowhere": EventFilter(text="nowhere-to-be-found"),
        "all together": EventFilter(
            organisation="MapleMSP", study="study-3", kinds=("round",), severity=1, first_block=100, since=1
        ),
    }
    figures, used = {}, {}
    for name, wanted in filters.items():
        before = time.process_time()
        figures[name] = round(_median(partial(page, trail, wanted), REPEATS) * 1000, 2)
        used[name] = round((time.process_time() - before) / REPEATS * 1000, 2)
    with trail.engine.begin() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    trail.close()
    return {
        "events": EVENT_COUNT,
        "insert_seconds": round(seconds, 2),
        "database_bytes": path.stat().st_size,
        "first_page_ms": figures,
        "first_page_cpu_ms": used,
        "slowest_first_page_ms": max(figures.values()),
    }


def _access_log(folder: Path) -> dict[str, object]:
    """Read a log as `quorate audit ask reads` and the portal do, and check it as `quorate audit check` does."""
    trail, log = Trail.open(folder / "trail.db"), AccessLog.open(folder / "access.db", MSP)
    head = _fill_log(folder / "access.db")
    _anchor(trail, head)
    memory = Memory(reads=log, deleted=log)
    asked: dict[str, dict[str, object]] = {
        "first page": {},
        "in the middle": {"at": f"before-{LINES // 2}"},
        "towards newer": {"at": "after-1"},
        "1,000 lines": {"limit": 1000},
    }
    figures, used = {}, {}
    for name, given in asked.items():
        before_cpu = time.process_time()
        figures[name] = round(_median(partial(ask, trail, "reads", given, memory), REPEATS) * 1000, 2)
        used[name] = round((time.process_time() - before_cpu) / REPEATS * 1000, 2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, began_cpu = time.perf_counter(), time.process_time()
    stands = log.check([])
    seconds, cpu = time.perf_counter() - began, time.process_time() - began_cpu
    answer = {
        "lines": stands.entries,
        "anchors": LINES // PER_ANCHOR,
        "database_bytes": (folder / "access.db").stat().st_size,
        "page_ms": figures,
        "page_cpu_ms": used,
        "deletions_ms": round(_median(partial(ask, trail, "deletions", {}, memory), 3) * 1000, 1),
        "check_seconds": round(seconds, 1),
        "check_cpu_seconds": round(cpu, 1),
        "check_more_memory_bytes": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024,
    }
    log.close()
    trail.close()
    return answer


def _fill_log(path: Path) -> Digest:
    """Write lines as the log does, without waiting for the disk after each, and return the chain's end."""
    head = beginning(MSP)
    with closing(sqlite3.connect(path)) as connection, connection:
        for number in range(1, LINES + 1):
            entry = make(
                Entry,
                number=number,
                previous=head,
                time=1_790_000_000_000 + number * 1000,
                msp=MSP,
                role="officer",
                certificate=head,
                via="portal",
                what="deletion" if number % 1000 == 0 else "events",
                asked='{"kind":"update","limit":50,"study":"study-3"}',
                height=number,
                allowed=True,
                policies=["officers-read-and-export-the-trail"],
                policy_version=1,
            )
            connection.execute("INSERT INTO entries VALUES (?, ?)", (number, entry.encode()))
            head = entry.digest
    return head


def _anchor(trail: Trail, head: Digest) -> None:
    """Have an anchor for each so many lines, as rows of a trail."""
    blocks, transactions, writes = [], [], []
    for block in range(LINES // PER_ANCHOR):
        identifier, entries = hashlib.sha256(b"anchor %d" % block).hexdigest(), (block + 1) * PER_ANCHOR
        stamp = {"tx": identifier, "claimed_time": 1, "msp": MSP, "role": "aggregator", "certificate": head}
        record = make(Anchor, msp=MSP, entries=entries, head=head, anchored=stamp)
        blocks.append(_block(block))
        transactions.append(_transaction(block, 0, identifier, MSP, block))
        writes.append(
            {"block": block, "position": 0, "key": f"anchor~{MSP}", "kind": "anchor", "value": record.encode().decode()}
        )
    with trail.engine.begin() as connection:
        for table, rows in ((BLOCKS, blocks), (TRANSACTIONS, transactions), (WRITES, writes)):
            connection.execute(insert(table), rows)


def _populate(trail: Trail) -> None:
    """Write rows as blocks would make them, without a chain behind them."""
    kinds = sorted(KINDS)
    blocks, transactions, events = [], [], []
    for number in range(EVENT_COUNT):
        block, position = divmod(number, PER_BLOCK)
        identifier = hashlib.sha256(str(number).encode()).hexdigest()
        actor, kind = f"{NAMES[number % len(NAMES)]}MSP", kinds[number * 7 % len(kinds)]
        if position == 0:
            blocks.append(_block(block))
        transactions.append(_transaction(block, position, identifier, actor, number))
        events.append(
            {
                "sequence": number + 1,
                "block": block,
                "position": position,
                "transaction": identifier,
                "type": kind,
                "severity": int(severity_of(kind)),
                "actor": actor,
                "role": "aggregator",
                "certificate": f"sha256:{identifier}",
                "claimed_time": 1_790_000_000_000 + number * 10,
                "study": f"study-{number % 5}",
                "round": number // 500 + 1,
                "msp": actor,
                "dataset": "records",
                "digest": f"sha256:{identifier[::-1]}",
            }
        )
    with trail.engine.begin() as connection:
        for table, rows in ((BLOCKS, blocks), (TRANSACTIONS, transactions), (EVENTS, events)):
            connection.execute(insert(table), rows)
        connection.execute(insert(WRITES), [{"block": 0, "position": 0, "key": "x", "kind": "x", "value": "{}"}])


def _block(number: int) -> dict[str, Any]:
    digest = hashlib.sha256(b"block %d" % number).hexdigest()
    return {
        "number": number,
        "hash": f"sha256:{digest}",
        "previous": digest,
        "data_hash": digest,
        "commit_hash": digest,
        "entries": PER_BLOCK,
        "whole": 1,
    }


def _transaction(block: int, position: int, identifier: str, actor: str, number: int) -> dict[str, Any]:
    return {
        "block": block,
        "position": position,
        "id": identifier,
        "code": 0,
        "kind": "call",
        "chaincode": "quorate",
        "function": "round:Attest",
        "request": "{}",
        "msp": actor,
        "role": "aggregator",
        "certificate": f"sha256:{identifier}",
        "claimed_time": 1_790_000_000_000 + number * 10,
        "endorsers": "AlderMSP BirchMSP",
    }


def _median(step: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        step()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
