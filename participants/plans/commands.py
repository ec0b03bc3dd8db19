"""``quorate plan``: write, check, simulate and approve training plans. torch is imported where it is needed only."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from participants.plans.approved import ApprovedPlans, AuthorsOwn
from participants.plans.options import privacy_of, training_options
from participants.plans.scaffold import write_template
from participants.plans.sources import open_plan
from participants.plans.study_commands import draft, evaluate, weights
from quorate.cli.output import Column, Format, format_option, print_document, print_rows
from quorate.digest import parse_digest
from quorate.errors import StorageError, UsageError
from quorate.privacy.account import compose
from quorate.privacy.pld import epsilon_pld

if TYPE_CHECKING:
    from collections.abc import Callable

    from participants.plans.document import PlanDocument
    from participants.plans.simulate import SimulatedRound, Simulation

NOTICE: Final = "Simulated in one process: no ledger, no attestation, nothing recorded."
_SEEDED: Final = "Noise comes from a seed, so these models must not be released as private."
_BARE: Final = "No noise is added, so these models are not private at all."

_FILE = click.Path(path_type=Path, dir_okay=False)


def _store_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--store",
        type=click.Path(path_type=Path, file_okay=False),
        envvar="QUORATE_PLANS",
        default=Path("quorate-plans"),
        show_default=True,
        help="The directory of plans that the agent on this machine uses.",
    )(command)


@click.group("plan", context_settings={"help_option_names": ["-h", "--help"]})
def group() -> None:
    """Write, check, simulate and approve training plans."""


@group.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option("--data", type=_FILE, help="A CSV with a header; its columns go into the plan.")
@click.option("--target", help="The CSV's column with the class.")
@format_option
def new(directory: Path, data: Path | None, target: str | None, format_: Format) -> None:
    """Write a working plan into DIRECTORY."""
    if (data is None) != (target is None):
        raise UsageError("--data and --target are given together", hint="Name the CSV and its column with the class.")
    files = write_template(directory, data=data, target=target or "")
    document = {"schema": "quorate.plan_new/1", "directory": str(directory), "files": files}
    print_document(document, format_=format_)


@group.command()
@click.argument("plan")
@click.option("--write", type=_FILE, help="Write the plan's document here, for `quorate study propose`.")
@format_option
def check(plan: str, write: Path | None, format_: Format) -> None:
    """Run every check that a trainer runs before it reads records, on made-up records.

    PLAN is a directory, a document file, or the name of a shipped plan.
    """
    document = open_plan(plan)
    data = document.encode()

    from participants.plans.loader import load_plan  # noqa: PLC0415 - torch only for what is a plan
    from participants.training.check import check_plan  # noqa: PLC0415 - as above

    passed = check_plan(load_plan(data, approval=AuthorsOwn()))
    if write is not None:
        _write(write, data)
    print_document(
        {"schema": "quorate.plan_check/1", "digest": document.digest, "name": document.name, "passed": passed},
        format_=format_,
    )


@group.command()
@click.argument("plan")
@click.option(
    "--data",
    type=_FILE,
    required=True,
    multiple=True,
    help="A CSV with a header and the plan's columns; of several, each is a member's.",
)
@click.option("--members", type=click.IntRange(1, 100), help="Among whom one CSV is divided; 4 by default.")
@training_options
@click.option("--expected-batch-size", type=int, help="Default: what the CSV's size suggests; in a study it is public.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@format_option
def simulate(plan: str, data: tuple[Path, ...], format_: Format, **options: Any) -> None:  # noqa: ANN401 - click's
    """Try PLAN on CSVs of your own, with the arithmetic and accountant of a study.

    One CSV is divided unevenly among members; of several, each is a member's. A fifth is kept for evaluation.
    """
    document = open_plan(plan)

    from participants.plans import simulate as simulation_module  # noqa: PLC0415 - torch only for what is a plan

    simulation = _simulation(document, data, options)
    click.echo(f"{NOTICE} {_BARE if simulation.privacy is None else _SEEDED}", err=True)
    outcomes = simulation_module.simulate(simulation, progress=_progress)
    columns = (
        Column(key="round", title="Round", justify="right"),
        Column(key="accuracy", title="Accuracy", justify="right"),
        Column(key="epsilon", title="ε spent by each member", justify="right"),
        Column(key="epsilon_pld", title="at the end, by PLD", justify="right"),
        Column(key="model", title="Model"),
    )
    rows = [_row(outcome) for outcome in outcomes]
    rows[-1]["epsilon_pld"] = _pld(simulation)
    print_rows(map(_for_people, rows) if format_ is Format.TABLE else rows, columns=columns, format_=format_)


@group.command()
@click.argument("digest")
@click.option("--plan", help="The plan's directory, document file or shipped name; else the offered document.")
@_store_option
@format_option
def approve(digest: str, plan: str | None, store: Path, format_: Format) -> None:
    """Let the plan of this DIGEST run next to the data on this machine.

    An approved plan's code reads the records. Read it first; nothing else stands between a hostile plan and them.
    """
    document = None if plan is None else open_plan(plan).encode()
    approved = ApprovedPlans(store).approve(parse_digest(digest), document)
    print_document({"schema": "quorate.plan_approved/1", "digest": approved, "store": str(store)}, format_=format_)


@group.command("list")
@_store_option
@format_option
def list_(store: Path, format_: Format) -> None:
    """List the plans that wait for approval or are approved on this machine."""
    rows = [
        {
            "digest": entry.digest,
            "name": entry.name,
            "entry_point": entry.entry_point,
            "state": "approved" if entry.approved else "offered",
        }
        for entry in ApprovedPlans(store).list()
    ]
    columns = (
        Column(key="state", title="State"),
        Column(key="name", title="Name"),
        Column(key="entry_point", title="Entry point"),
        Column(key="digest", title="Digest"),
    )
    print_rows(rows, columns=columns, format_=format_)


for each in (draft, evaluate, weights):
    group.add_command(each)


def _simulation(document: PlanDocument, data: tuple[Path, ...], options: dict[str, Any]) -> Simulation:
    from participants.plans.loader import load_plan  # noqa: PLC0415 - with the next ones
    from participants.plans.own_data import shared_out  # noqa: PLC0415
    from participants.plans.simulate import Simulation  # noqa: PLC0415 - torch only where it is needed

    inputs = load_plan(document.encode(), approval=AuthorsOwn()).inputs
    members, evaluation = shared_out(inputs, data, members=options["members"], seed=options["seed"])
    privacy = None
    if not options["no_dp"]:
        asked = options["expected_batch_size"]
        privacy = privacy_of(options, expected_batch_size=1 if asked is None else asked)
        if asked is None:
            records = sum(map(len, members)) + len(evaluation)
            size = round(records / len(members) * privacy.sample_rate)
            privacy = replace(privacy, expected_batch_size=max(size, 1))
    return Simulation(
        plan=document,
        members=members,
        evaluation=evaluation,
        rounds=options["rounds"],
        privacy=privacy,
        delta=options["delta"],
        key=hashlib.sha256(f"quorate plan simulate {options['seed']}".encode()).digest(),
    )


def _progress(outcome: SimulatedRound) -> None:
    click.echo(f"round {outcome.round}: accuracy {outcome.accuracy:.4f}", err=True)


def _for_people(row: dict[str, object]) -> dict[str, object]:
    return {name: f"{value:.4f}" if isinstance(value, float) else value for name, value in row.items()}


def _row(outcome: SimulatedRound) -> dict[str, object]:
    nano = outcome.epsilon_nano
    return {
        "round": outcome.round,
        "accuracy": round(outcome.accuracy, 4),
        "epsilon": None if nano is None else float(Fraction(nano, 10**9)),
        "epsilon_nano": nano,
        "epsilon_pld": None,
        "model": outcome.model,
    }


def _pld(simulation: Simulation) -> float | None:
    """Return the tighter ε of all rounds, for display only."""
    if simulation.privacy is None:
        return None
    from participants.plans.simulate import mechanism  # noqa: PLC0415 - torch only where it is needed

    charges = [mechanism(simulation.privacy)] * simulation.rounds
    value = epsilon_pld(compose(charges).histogram, simulation.delta).value
    return None if value is None else round(value, 9)


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}") from error
