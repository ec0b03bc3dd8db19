"""Keeps here what a study that concerns this organisation needs: plan, models, public evaluation set."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Final

from gateway.aggregator.inputs import model_description
from gateway.artifacts.access import named
from gateway.artifacts.label import Kind, Label
from quorate.digest import parse_digest
from quorate.errors import QuorateError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from gateway.artifacts.label import Description
    from gateway.service.context import GatewayContext
    from quorate.identifiers import StudyId
    from quorate.records.study import StudyView

_log = logging.getLogger(__name__)

_CONCERNS: Final = frozenset({"PROPOSED", "APPROVED", "READY", "RUNNING", "SUSPENDED"})
_AGREED: Final = _CONCERNS - {"PROPOSED"}
_SECONDS: Final = 60.0
"""How long one attempt to fetch may take."""
_UNVOTED_BYTES: Final = 64 * 1024 * 1024
"""How large a model may be that is fetched before anybody has voted for it: anybody may propose anything."""
_UNVOTED_STUDIES: Final = 4
"""How many proposals of one organisation are held at once, for the same reason."""
_AGAIN_AFTER: Final = 5.0
"""Seconds after which what nobody had is asked for again, when the study has not changed sooner."""
_EVALUATION_AGAIN_AFTER: Final = 60.0
"""The same of an evaluation set, for which no round waits."""


async def hold_what_is_needed(context: GatewayContext) -> None:
    """Fetch as studies appear and move on, until cancelled; a participant may accept only what its gateway holds."""
    async with asyncio.TaskGroup() as tasks:
        changed: dict[StudyId, list[asyncio.Event]] = {}
        # Whatever happens between these two lines is among the changes after that number.
        known, after = tuple(context.state.studies), context.state.sequence
        for study in known:
            _wake(context, tasks, changed, study)
        async for change in context.state.changes(after):
            _wake(context, tasks, changed, change.study)


def _wake(
    context: GatewayContext, tasks: asyncio.TaskGroup, changed: dict[StudyId, list[asyncio.Event]], study: StudyId
) -> None:
    if study not in changed:
        changed[study] = []
        # Beside each other: the next model does not wait for an evaluation set that nobody has.
        for fetch, again_after in ((_for_rounds, _AGAIN_AFTER), (_for_evaluation, _EVALUATION_AGAIN_AFTER)):
            event = asyncio.Event()
            changed[study].append(event)
            tasks.create_task(_follow(partial(_hold, context, study, fetch), event, again_after), name=f"hold {study}")
    for event in changed[study]:
        event.set()


async def _follow(hold: Callable[[], Awaitable[bool]], changed: asyncio.Event, again_after: float) -> None:
    while True:
        await changed.wait()
        changed.clear()
        if await hold():
            continue
        try:
            # Not `wait_for`: in Python 3.11 it loses a cancellation that comes together with the change.
            async with asyncio.timeout(again_after):
                await changed.wait()
        except TimeoutError:
            changed.set()


async def _hold(
    context: GatewayContext, name: StudyId, fetch: Callable[[GatewayContext, StudyView], Awaitable[None]]
) -> bool:
    """Fetch what is missing; return whether everything is here that this organisation needs."""
    study = context.state.studies.get(name)
    if study is None or not _concerns(context, study):
        return True
    if not is_welcome(study, context.state.studies.values(), now=context.clock()):
        return False
    try:
        await fetch(context, study)
    except QuorateError as error:
        _log.info("study %s is not yet held here: %s", name, error)
        return False
    return True


def is_welcome(study: StudyView, known: Iterable[StudyView], *, now: int) -> bool:
    """Tell whether a study is voted for, or among the first few that its proposer still waits for a vote on."""
    if study.study.state != "PROPOSED":
        return True
    found = study.study
    waiting = [other.study for other in known if other.study.state == "PROPOSED" and other.study.expires_time > now]
    first = sorted((o.proposed.claimed_time, o.study) for o in waiting if o.proposer == found.proposer)
    return (found.proposed.claimed_time, found.study) in first[:_UNVOTED_STUDIES]


def _concerns(context: GatewayContext, study: StudyView) -> bool:
    terms = study.study.terms
    ours = {*terms.attesters, *(participant.msp for participant in terms.participants)}
    if context.msp not in ours:
        return False
    # The last final model comes with the study's end; an organisation that held the plan until then wants it too.
    held = {label.study for label in context.store.labels(terms.plan)}
    return study.study.state in _CONCERNS or (study.study.state == "COMPLETED" and study.study.study in held)


async def _for_rounds(context: GatewayContext, study: StudyView) -> None:
    await _fetch_named(context, study, Kind.PLAN)
    for description in _models(study):
        await _fetch_model(context, study, description)


async def _for_evaluation(context: GatewayContext, study: StudyView) -> None:
    if study.study.state in _AGREED:
        await _fetch_named(context, study, Kind.EVALUATION)


async def _fetch_named(context: GatewayContext, study: StudyView, kind: Kind) -> None:
    digest = named(study.study.terms).get(kind)
    if digest is not None:
        label = Label(kind=kind, study=study.study.study)
        await context.exchange.fetch_named(parse_digest(digest), label, within=_SECONDS)


async def _fetch_model(context: GatewayContext, study: StudyView, description: Description) -> None:
    try:
        await context.exchange.fetch(description, within=_SECONDS)
    except QuorateError:
        if study.study.state == "PROPOSED":  # the next version may name another, and never send the last byte either
            await context.store.discard(description.digest, description.size)
        raise


def _models(study: StudyView) -> list[Description]:
    finals = [summary.model for summary in study.rounds if summary.model is not None]
    wanted = [model_description(study, digest) for digest in (study.study.terms.model.initial, *finals[-1:])]
    most = _UNVOTED_BYTES if study.study.state == "PROPOSED" else None
    return [description for description in wanted if most is None or description.size <= most]
