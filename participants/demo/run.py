"""The main job, from an empty directory to a verified report."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING

from network.identity import Role
from participants.demo.board import board
from participants.demo.findings import compare, ledger_bytes, pull_models, spending
from participants.demo.follow import follow
from participants.demo.founding import STUDY
from participants.demo.measure import first_training, times_of
from participants.demo.result import Audit, Result
from participants.demo.scenario import scenario
from participants.demo.stage import stage
from participants.demo.workspace import Workspace
from quorate.errors import first_error

if TYPE_CHECKING:
    from participants.demo.board import Board
    from participants.demo.follow import Course
    from participants.demo.options import DemoOptions
    from participants.demo.stage import Stage


async def run_demo(options: DemoOptions) -> Result:
    """Run the demo and return what it found; report and summary are written then.

    Raises
    ------
    BudgetError
        When the ledger refused a charge.
    CheckFailedError
        When a round was disputed, or the evidence did not verify.
    QuorateError
        What any step raised. Everything that was started has been ended then, whatever `keep` says.
    """
    began = time.monotonic(), time.time()
    chosen = scenario(
        options.dataset, members=options.members, seed=options.seed, private=options.private, data=options.data
    )
    workspace = Workspace.create(options.out)
    with board() as shown:
        try:
            async with stage(options, chosen, workspace, shown) as running:
                return await _perform(running, shown, began=began)
        except BaseExceptionGroup as group:
            raise first_error(group) from group


async def _perform(running: Stage, shown: Board, *, began: tuple[float, float]) -> Result:
    officer = running.people.of(Role.OFFICER)[0]
    course = await follow(officer.channel, shown, running.consortium)
    memory = running.consortium.memory()
    shown.say("all rounds are final; comparing, exporting and verifying")
    study = await officer.ledger.study.get(STUDY)
    models = await pull_models(running, course, study)
    (height, written), spent = await asyncio.gather(ledger_bytes(running, course), spending(running))
    audit, comparison = await asyncio.gather(_audit(running), compare(running, models))
    result = Result(
        engine=running.options.engine,
        seed=running.options.seed,
        scenario=running.scenario,
        comparison=comparison,
        spent=spent,
        digest=models[-1]["digest"],
        m=running.terms.m,
        attesters=len(running.terms.attesters),
        height=height,
        genesis=running.consortium.connection.genesis,
        notice=running.consortium.connection.notice,
        bytes_per_member_round=written // (len(running.scenario.members) * max(len(course.rounds), 1)),
        audit=audit,
        memory_pss_bytes=memory,
        times=[times for view in course.finals() if (times := times_of(view)) is not None],
        network_up=running.consortium.network_up,
        first_training=_since(began[1], course),
        total=time.monotonic() - began[0],
    )
    await asyncio.to_thread(_write, running, result)
    return result


def _since(began: float, course: Course) -> float:
    return first_training(course.rounds[min(course.rounds)]) / 1000 - began


async def _audit(running: Stage) -> Audit:
    # Not before the rounds are done: importing these would only keep the processors from the members' start.
    from gateway.audit.export import export_bundle  # noqa: PLC0415
    from quorate.verify import verify_bundle  # noqa: PLC0415

    workspace = running.workspace
    officer = running.people.of(Role.OFFICER)[0]
    await export_bundle(officer, workspace.bundle, artifacts=True)
    began = time.monotonic()
    report = await asyncio.to_thread(
        verify_bundle, workspace.bundle, genesis=running.consortium.connection.genesis_digest
    )
    return Audit(
        bundle=workspace.bundle,
        verified=True,
        seconds=time.monotonic() - began,
        checked=[each.message for each in report.verified],
        not_checked=[f"{each.message}: {each.why}" for each in report.not_checked],
        bytes=workspace.bundle.stat().st_size,
    )


def _write(running: Stage, result: Result) -> None:
    from participants.demo.report import write_report  # noqa: PLC0415 (as above: it imports matplotlib)

    text = json.dumps(result.summary(), indent=2, ensure_ascii=False) + "\n"
    for path in {running.workspace.summary, running.options.summary or running.workspace.summary}:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    write_report(result, running.workspace.report)
