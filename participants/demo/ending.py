"""What the demo prints when it is done: the answer on standard output, and what to try next."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from participants.demo.options import DemoOptions
    from participants.demo.result import Result


def say_ending(result: Result, options: DemoOptions) -> None:
    """Print accuracy, ε, model, quorum, time, and the next commands."""
    console = Console(highlight=False)
    _say_table(console, "Accuracy on the public evaluation set", _accuracy(result))
    if result.spent:
        delta = result.scenario.privacy.delta
        _say_table(console, f"Privacy spent per data set, at δ = {delta}", _privacy(result))
    for name, value in _facts(result).items():
        console.print(f"{name:<10}{value}", markup=False, soft_wrap=True)
    console.print()
    console.print(_next(result, options), markup=False, soft_wrap=True)


def _say_table(console: Console, title: str, table: Table) -> None:
    console.print(title, style="bold")
    console.print(table)
    console.print()


def _table(*columns: str) -> Table:
    made = Table(box=None, pad_edge=False)
    for number, column in enumerate(columns):
        made.add_column(column, justify="left" if number == 0 else "right")
    return made


def _accuracy(result: Result) -> Table:
    found = result.comparison
    made = _table("model", "accuracy")
    made.add_row("federated, final by quorum", f"{found.federated:.3f}")
    if result.scenario.is_private:
        made.add_row("pooled data, same ε", f"{found.centralised_same_epsilon:.3f}")
    made.add_row("pooled data, no privacy", f"{found.centralised_no_dp:.3f}")
    for name, value in found.local.items():
        made.add_row(f"{name} alone", f"{value:.3f}")
    return made


def _privacy(result: Result) -> Table:
    made = _table("member", "ε (ledger)", "ε (PLD)", "cap")
    for name, spent in result.spent.items():
        tight = "-" if spent.pld is None else f"{spent.pld:.4f}"
        made.add_row(name, f"{spent.epsilon:.4f}", tight, f"{spent.cap:g}")
    return made


def _facts(result: Result) -> dict[str, str]:
    training = median(each.training for each in result.times)
    ledger = median(each.ledger for each in result.times)
    rounds, seconds = len(result.times), result.audit.seconds
    return {
        "model": result.digest,
        "quorum": f"{result.m} of {result.attesters} members recomputed these bytes in each of {rounds} rounds",
        "evidence": f"verified offline in {seconds:.1f} s; what was not checked, and why, is in the report",
        "time": f"{result.total:.1f} s in all; ledger up in {result.network_up:.1f} s, "
        f"first training after {result.first_training:.1f} s",
        "a round": f"{training + ledger:.2f} s median: {training:.2f} s training, {ledger:.2f} s everything else",
        "memory": f"{result.memory_pss_bytes / 2**20:.0f} MiB, all processes together",
        "ledger": f"{result.height} blocks, {result.bytes_per_member_round} bytes a member and round",
        "note": result.notice,
    }


def _program() -> str:
    """Return how this program is called in the shell that the reader sits at, which `make demo` leaves as it was."""
    if shutil.which("quorate"):
        return "quorate"
    beside = Path(sys.executable).with_name("quorate")
    if not beside.is_file():
        return f"{shlex.quote(sys.executable)} -m quorate"
    here = Path.cwd()
    return shlex.quote(str(beside.relative_to(here) if beside.is_relative_to(here) else beside))


def _word(path: Path) -> str:
    return shlex.quote(str(path))


def _next(result: Result, options: DemoOptions) -> str:
    out, quorate, rounds = options.out, _program(), len(result.times)
    profile = out / "members" / result.scenario.members[0] / "profiles" / "officer.toml"
    lines = [
        "Next:",
        f"  the report                 {out / 'report.html'}",
        f"  verify it as a sceptic     {quorate} audit verify {_word(result.audit.bundle)} --genesis {result.genesis}",
        f"  look at it as an officer   {quorate} portal serve --bundle {_word(result.audit.bundle)}",
    ]
    if options.keep:
        lines += [
            f"  ask the running ledger     {quorate} study show demo --profile {_word(profile)}",
            f"  recompute a round          {quorate} round recompute demo {rounds} --profile {_word(profile)}",
            f"  end what runs              {quorate} demo --stop --out {_word(out)}",
        ]
    else:
        lines += [
            f"  keep it running            {quorate} demo --keep --out DIR",
            f"  refuse by budget           {quorate} demo --cap 1",
            f"  other data                 {quorate} demo --dataset digits --no-dp",
        ]
    return "\n".join(lines)
