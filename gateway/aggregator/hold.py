"""Keeps here what a study that concerns this organisation needs: plan, initial model, newest final model."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from gateway.aggregator.inputs import model_description
from gateway.artifacts.label import Kind, Label
from quorate.errors import QuorateError

if TYPE_CHECKING:
    from gateway.service.context import GatewayContext
    from quorate.digest import Digest
    from quorate.identifiers import StudyId
    from quorate.records.study import StudyView

_log = logging.getLogger(__name__)

_CONCERNS: Final = frozenset({"PROPOSED", "APPROVED", "READY", "RUNNING"})
_SECONDS: Final = 60.0
"""How long one attempt to fetch may take; the next change of the study begins another."""


async def hold_what_is_needed(context: GatewayContext) -> None:
    """Fetch as studies appear and move on, until cancelled; a participant may accept only what its gateway holds."""
    async with asyncio.TaskGroup() as tasks:
        busy: set[StudyId] = set()
        for study in tuple(context.state.studies):
            tasks.create_task(_hold(context, study, busy))
        async for change in context.state.changes():
            if change.study not in busy:
                tasks.create_task(_hold(context, change.study, busy))


async def _hold(context: GatewayContext, name: StudyId, busy: set[StudyId]) -> None:
    study = context.state.studies.get(name)
    if study is None or not _concerns(context, study):
        return
    busy.add(name)
    try:
        await _fetch_plan(context, study)
        for digest in _models(study):
            await context.exchange.fetch(model_description(study, digest), within=_SECONDS)
    except QuorateError as error:
        _log.info("study %s is not yet held here: %s", name, error)
    finally:
        busy.discard(name)


def _concerns(context: GatewayContext, study: StudyView) -> bool:
    terms = study.study.terms
    ours = {*terms.attesters, *(participant.msp for participant in terms.participants)}
    return study.study.state in _CONCERNS and context.msp in ours


async def _fetch_plan(context: GatewayContext, study: StudyView) -> None:
    plan = study.study.terms.plan
    label = Label(kind=Kind.PLAN, study=study.study.study)
    await context.exchange.fetch_named(plan, label, within=_SECONDS)


def _models(study: StudyView) -> list[Digest]:
    finals = [summary.model for summary in study.rounds if summary.model is not None]
    return [study.study.terms.model.initial, *finals[-1:]]
