"""Follows the demo's study through one member's gateway until it has ended."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.aggregator.doubt import disagreement
from gateway.service.client import StudiesClient
from participants.demo.founding import STUDY
from quorate.errors import BudgetError, CheckFailedError

if TYPE_CHECKING:
    import grpc

    from participants.demo.board import Board
    from participants.demo.local import LocalConsortium
    from quorate.records.privacy import Reservation
    from quorate.records.round import RoundView
    from quorate.records.study import StudyView

_ENDED: Final = frozenset({"COMPLETED", "ABORTED", "REJECTED"})
_SECONDS: Final = 1800.0


@dataclass(slots=True)
class Course:
    """What has happened in the study so far."""

    study: StudyView | None = None
    rounds: dict[int, RoundView] = field(default_factory=dict)

    def finals(self) -> list[RoundView]:
        """Return the final rounds in order."""
        return [view for _, view in sorted(self.rounds.items()) if view.round.state == "FINAL"]

    def refusals(self) -> list[Reservation]:
        """Return the charges that the ledger refused."""
        return [charge for view in self.rounds.values() for charge in view.reservations if charge.status == "REFUSED"]


async def follow(channel: grpc.aio.Channel, board: Board, consortium: LocalConsortium) -> Course:
    """Show rounds as they happen and return the course of the study once it has completed.

    Raises
    ------
    BudgetError
        When the ledger refused a charge; says whose, and the numbers.
    CheckFailedError
        When a round ended disputed or the study was aborted.
    UnreachableError
        When an agent ended by itself, or the study took too long.
    """
    course = Course()
    async with asyncio.timeout(_SECONDS), asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(_watch(channel, course, board))
        guards = [tasks.create_task(consortium.agent_ended(name)) for name in consortium.agents]
        await watching
        for guard in guards:
            guard.cancel()
    return course


async def _watch(channel: grpc.aio.Channel, course: Course, board: Board) -> None:
    async for change in StudiesClient(channel).watch(STUDY):
        if change.round is not None:
            course.rounds[change.round.round.round] = change.round
            board.show(change.round)
            _require_no_refusal(course)
            if change.round.round.state == "DISPUTED":
                raise CheckFailedError(
                    f"round {change.round.round.round} is disputed: {disagreement(change.round)}",
                    hint='The page "Round disputed" (docs/how-to/round-disputed.md) says what each pattern means.',
                )
        else:
            course.study = change.study
        if _has_ended(course):
            return


def _has_ended(course: Course) -> bool:
    study = course.study
    if study is None or study.study.state not in _ENDED:
        return False
    if study.study.state != "COMPLETED":
        raise CheckFailedError(f"the study ended {study.study.state.lower()}")
    known = {view.round.round for view in course.finals()}
    return {summary.round for summary in study.rounds if summary.model is not None} <= known


def _require_no_refusal(course: Course) -> None:
    refused = course.refusals()
    if refused:
        raise BudgetError("; ".join(map(refusal_sentence, refused)))


def refusal_sentence(charge: Reservation) -> str:
    """Return what a refusal record says, for people."""
    before, after, cap = (
        int(amount) / 1e9 for amount in (charge.epsilon_before_nano, charge.epsilon_after_nano, charge.cap_nano)
    )
    return (
        f"round {charge.round} would bring {charge.msp}/{charge.dataset} from ε {before:.4f} to {after:.4f} "
        f"at δ {charge.delta}, over its cap of {cap:g}"
    )
