"""``quorate study``: from a proposal to its last round."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

import click

from gateway.artifacts.label import Description, Kind, Label
from gateway.artifacts.transfer import ArtifactClient
from gateway.ledger.commands.common import ledger_command, print_record, read_document
from gateway.ledger.commands.pull import pull_to
from gateway.ledger.commands.views import ENDED, change_words, record_of, study_summary
from gateway.ledger.offer import hand_out, offered
from gateway.service.client import StudiesClient
from quorate.cli.output import Column, Format, print_document, print_rows
from quorate.digest import parse_digest
from quorate.errors import ConflictError, NotFoundError, StateError
from quorate.identifiers import parse_study_id
from quorate.records.study import SuspensionReason, Terms

if TYPE_CHECKING:
    from gateway.ledger.session import Session
    from quorate.records.study import Study

_ROUNDS: Final = (
    Column(key="round", title="round", justify="right"),
    Column(key="state", title="state"),
    Column(key="model", title="model"),
)


@click.group()
def study() -> None:
    """Propose, vote on, accept, start and show studies."""


@ledger_command(study, "propose")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--files",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="The directory that `quorate plan draft` wrote: your gateway gets the study's files, and others from it.",
)
async def propose(session: Session, *, name: str, file: Path, files: Path | None, format_: Format) -> None:
    """Propose study NAME with the terms in FILE (JSON or TOML).

    Repeat it after a failure: what was recorded or handed out is not done again.
    """
    document = read_document(file)
    document.setdefault("schema", Terms.SCHEMA)
    terms = Terms.of(document)
    offer = [] if files is None else await asyncio.to_thread(offered, name, terms, files)
    record = await session.ledger.study.propose(name, terms)
    await hand_out(session, offer)
    await _print_study(session, record, format_)


@ledger_command(study, "vote")
@click.argument("name")
@click.argument("choice", type=click.Choice(["approve", "reject"]))
@click.option(
    "--motion", default="approve", show_default=True, help="approve, abort, abort-round/<number> or resume/<number>."
)
@click.option("--digest", help="The digest of the terms that you read; without it nothing is voted and it is shown.")
async def vote(session: Session, *, name: str, choice: str, motion: str, digest: str | None, format_: Format) -> None:
    """Vote on study NAME for your organisation: one vote each, and it cannot be changed."""
    found = await _with_digest(session, name, digest)
    record = await session.ledger.study.vote(
        name, version=found.version, terms_digest=found.terms_digest, motion=motion, choice=choice
    )
    print_record(record, format_)


@ledger_command(study, "tally")
@click.argument("name")
@click.argument("motion", default="approve")
async def tally(session: Session, name: str, motion: str, format_: Format) -> None:
    """Count and close MOTION (approve, accept, abort, abort-round/<number>, resume/<number>) of study NAME."""
    await _print_study(session, await session.ledger.study.tally(name, motion), format_)


@ledger_command(study, "accept")
@click.argument("name")
@click.option("--digest", help="The digest of the terms that you read; without it nothing is accepted and it is shown.")
async def accept(session: Session, name: str, digest: str | None, format_: Format) -> None:
    """Agree to take part in study NAME; refused while your gateway does not hold its plan and initial model."""
    found = await _with_digest(session, name, digest)
    artifacts = ArtifactClient(session.channel)
    for what, wanted in (("training plan", found.terms.plan), ("initial model", found.terms.model.initial)):
        if not (await artifacts.stat(wanted)).complete:
            raise StateError(
                f"your gateway does not hold the {what} {wanted} yet",
                hint=f"It fetches it from {found.proposer} by itself once the study is approved; "
                "there, `quorate study propose` with --files hands it out.",
            )
    record = await session.ledger.study.accept(name, version=found.version, terms_digest=found.terms_digest)
    print_record(record, format_)


@ledger_command(study, "pull-evaluation")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
async def pull_evaluation(session: Session, name: str, file: Path, format_: Format) -> None:
    """Fetch the public evaluation set of study NAME from your gateway to FILE, its digest checked.

    `quorate plan evaluate --data` takes it.
    """
    found = (await session.ledger.study.get(name)).study
    named = found.terms.evaluation
    if named is None:
        raise NotFoundError(f"the terms of {name} name no public evaluation set")
    digest = parse_digest(named.digest)
    held = await ArtifactClient(session.channel).stat(digest)
    if not held.complete:
        raise StateError(
            f"your gateway does not hold the evaluation set {digest}",
            hint=f"It fetches it from {found.proposer} by itself once the study is approved; "
            "there, `quorate study propose` with --files hands it out.",
        )
    label = Label(kind=Kind.EVALUATION, study=parse_study_id(name))
    await pull_to(session, Description(digest=digest, size=held.size, label=label), file)
    print_document(
        {"schema": "quorate.study_evaluation/1", "digest": digest, "file": str(file), "bytes": held.size},
        format_=format_,
    )


@ledger_command(study, "withdraw")
@click.argument("name")
async def withdraw(session: Session, name: str, format_: Format) -> None:
    """Take part in study NAME no longer; what was charged stays charged."""
    found = (await session.ledger.study.get(name)).study
    print_record(await session.ledger.study.withdraw(name, version=found.version), format_)


@ledger_command(study, "start")
@click.argument("name")
async def start(session: Session, name: str, format_: Format) -> None:
    """Begin study NAME, once every participant has accepted."""
    await _print_study(session, await session.ledger.study.start(name), format_)


@ledger_command(study, "suspend")
@click.argument("name")
@click.option("--reason", required=True, type=click.Choice(get_args(SuspensionReason)), help="What it is about.")
async def suspend(session: Session, name: str, reason: str, format_: Format) -> None:
    """Stop study NAME at once: no round opens, nothing is charged, and the open round stands still.

    A quorum votes to go on (--motion resume/<number>), or your organisation withdraws its suspension.
    """
    last = await _last_round(session, name)
    while True:
        try:
            print_record(await session.ledger.study.suspend(name, round_=last, reason=reason), format_)
        except ConflictError:
            before, last = last, await _last_round(session, name)
            if last == before:
                raise
        else:
            return


@ledger_command(study, "resume")
@click.argument("name")
async def resume(session: Session, name: str, format_: Format) -> None:
    """Withdraw your organisation's suspension of study NAME; it goes on when no other member's stands."""
    found = (await session.ledger.study.get(name)).study
    own = next((by.number for by in found.standing if by.msp == session.profile.msp_id), None)
    if own is None:
        raise StateError(
            f"study {name} is {found.state}, and no suspension by {session.profile.msp_id} stands",
            hint=f"Other members' are lifted by vote: quorate study vote {name} approve --motion resume/<number>.",
        )
    print_record(await session.ledger.study.resume(name, number=own), format_)


@ledger_command(study, "show")
@click.argument("name")
async def show(session: Session, name: str, format_: Format) -> None:
    """Show study NAME with its votes and rounds."""
    view = await session.ledger.study.get(name)
    if format_ is not Format.TABLE:
        print_record(view, format_)
        return
    print_document(study_summary(view), format_=format_)
    if view.rounds:
        print_rows([each.model_dump() for each in view.rounds], columns=_ROUNDS, format_=format_)


@ledger_command(study, "watch")
@click.argument("name")
async def watch(session: Session, name: str, format_: Format) -> None:
    """Print every state of study NAME and its rounds as it comes, until the study has ended.

    One line each; with a JSON format one record of the ledger a line.
    """
    await session.ledger.study.get(name)
    shown: set[str] = set()
    newest, wanted = 0, None
    async for change in StudiesClient(session.channel).watch_in_order(name):
        line = change_words(change) if format_ is Format.TABLE else json.dumps(record_of(change).as_json())
        if line not in shown:
            shown.add(line)
            click.echo(line)
        if change.round is not None:
            newest = max(newest, change.round.round.round)
        elif change.study.study.state in ENDED:
            wanted = max((each.round for each in change.study.rounds), default=0)
        if wanted is not None and newest >= wanted:
            return


@ledger_command(study, "list")
async def list_(session: Session, format_: Format) -> None:
    """List studies."""
    found = await session.ledger.study.list()
    columns = (
        Column(key="study", title="study"),
        Column(key="version", title="version", justify="right"),
        Column(key="state", title="state"),
        Column(key="title", title="title"),
        Column(key="proposer", title="proposer"),
    )
    print_rows([each.model_dump() for each in found.studies], columns=columns, format_=format_)


async def _last_round(session: Session, name: str) -> int:
    """Return the last round that was opened, 0 before the first."""
    return max((each.round for each in (await session.ledger.study.get(name)).rounds), default=0)


async def _print_study(session: Session, record: Study, format_: Format) -> None:
    """Print a study: as the ledger answered, or on a terminal what people read of it."""
    if format_ is not Format.TABLE:
        print_record(record, format_)
        return
    print_document(study_summary(await session.ledger.study.get(record.study)), format_=format_)


async def _with_digest(session: Session, name: str, digest: str | None) -> Study:
    """Return the study whose terms the caller has read, by their digest."""
    found = (await session.ledger.study.get(name)).study
    if digest != found.terms_digest:
        raise StateError(
            f"the terms of {name}, version {found.version}, have the digest {found.terms_digest}"
            + ("" if digest is None else f", not {digest}"),
            hint=f"Read them (quorate study show {name}), then repeat with --digest.",
        )
    return found
