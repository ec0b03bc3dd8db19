"""Fetches a sealed round's updates, recomputes its model, and says on the ledger what came out."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.aggregator.inputs import Inputs
from gateway.aggregator.recompute import Sources, aggregate_into, find_invalid, prove_possession
from gateway.aggregator.settled import settled
from gateway.artifacts.label import Kind, Label
from quorate.errors import QuorateError
from quorate.records.round import Exclusion
from quorate.tensors import file_size

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from gateway.aggregator.decide import Attest
    from gateway.aggregator.settled import Seat
    from gateway.artifacts.label import Description
    from gateway.service.context import GatewayContext
    from quorate.digest import Digest
    from quorate.identifiers import StudyId
    from quorate.records.round import ExcludeReason, Included

_log = logging.getLogger(__name__)

_LEAST_SECONDS: Final = 2.0  # for fetching, however late this gateway comes to the round
_SAFELY_LATER_MS: Final = 50
_AFTER_FAILURE: Final = 2.0  # seconds before the same attempt is tried again


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one recomputation found.

    Attributes
    ----------
    model
        The new model's digest; empty when fewer updates than the minimum were usable.
    excluded
        What had to be left out, in canonical order.
    used
        What went into the model, in canonical order.
    """

    model: str
    excluded: tuple[Exclusion, ...]
    used: tuple[Included, ...]
    possession: Digest


class Attester:
    """One gateway's attestations in one study; each attempt is recomputed once, and again only after a failure."""

    def __init__(self, context: GatewayContext, study: StudyId) -> None:
        self._context = context
        self._study = study
        self._ledger = context.ledger.settling()
        self._taken: set[Attest] = set()
        self._unfinished: dict[int, list[Description]] = {}

    def has_taken(self, step: Attest) -> bool:
        """Tell whether this attempt is being recomputed now, or was attested."""
        return step in self._taken

    def begin(self, tasks: asyncio.TaskGroup, step: Attest) -> None:
        """Recompute and attest in the background; a failure is logged and leaves the step to be taken again."""
        if step in self._taken:
            return
        self._taken.add(step)
        tasks.create_task(self._attest(step), name=f"attest {self._study} {step.round}.{step.attempt}")

    async def _attest(self, step: Attest) -> None:
        try:
            await self._recompute_and_say(step)
        except QuorateError as error:
            _log.warning(
                "round %d of %s was not attested in attempt %d: %s: %s",
                step.round,
                self._study,
                step.attempt,
                error.code,
                error,
            )
            await asyncio.sleep(_AFTER_FAILURE)
            self._taken.discard(step)
        await self._look_again(step)

    async def _look_again(self, step: Attest) -> None:
        # This wakes the study's loop, which may wait for nothing else: it has to work in the end.
        while True:
            try:
                await self._context.state.refresh(self._study, step.round)
            except QuorateError as error:
                _log.warning("round %d of %s was not read again: %s", step.round, self._study, error)
                await asyncio.sleep(_AFTER_FAILURE)
            else:
                return

    async def _recompute_and_say(self, step: Attest) -> None:
        state = self._context.state
        view = state.rounds[self._study, step.round]
        inputs = Inputs.of(state.studies[self._study], view.round)
        if inputs.round.state != "SEALED" or inputs.round.attempt != step.attempt:
            return
        await self._clear_up(before=step.round)
        finding = await recompute(self._context, inputs, settled(view))
        self._unfinished[step.round] = _unavailable(inputs, finding)
        for left in finding.excluded:
            _log.warning("round %d of %s leaves out %s/%s: %s", step.round, self._study, *_words(left))
        await self._ledger.round.attest(
            self._study,
            step.round,
            attempt=step.attempt,
            model=finding.model,
            excluded=finding.excluded,
            possession=finding.possession,
        )

    async def _clear_up(self, *, before: int) -> None:
        """Drop what came of earlier rounds' updates that never came whole: it would lie about for days."""
        for number in [number for number in self._unfinished if number < before]:
            for description in self._unfinished.pop(number):
                await self._context.store.discard(description.digest, description.size)


def _unavailable(inputs: Inputs, finding: Finding) -> list[Description]:
    seats = {(left.msp, left.dataset) for left in finding.excluded if left.reason == "unavailable"}
    updates = [update for update in inputs.round.included if (update.msp, update.dataset) in seats]
    return [inputs.update_description(update) for update in updates]


def _words(left: Exclusion) -> tuple[str, str, str]:
    return left.msp, left.dataset, left.reason


async def recompute(context: GatewayContext, inputs: Inputs, left: Mapping[Seat, ExcludeReason]) -> Finding:
    """Fetch what is missing, keep the resulting model in the store, and return what was found.

    Updates that nobody serves by half of the attest time-out are `unavailable`; those whose bytes break the format are
    `invalid`.

    Parameters
    ----------
    left
        What earlier attempts have settled to leave out: it is neither fetched nor judged again.

    Raises
    ------
    QuorateError
        When the base model cannot be had or the disk is full; nothing is kept then.
    """
    await context.exchange.fetch(inputs.base_description(), within=_seconds_to_fetch(context, inputs))
    here, missing = await _fetch_updates(context, inputs, left)
    async with AsyncExitStack() as stack:
        sources = Sources(
            base=await stack.enter_async_context(context.store.reading(inputs.base)),
            updates={digest: await stack.enter_async_context(context.store.reading(digest)) for digest in here},
        )
        invalid = await asyncio.to_thread(find_invalid, inputs, sources)
        excluded = _excluded(inputs.round.included, invalid, missing, left)
        left_out = {(left.msp, left.dataset) for left in excluded}
        used = tuple(update for update in inputs.round.included if (update.msp, update.dataset) not in left_out)
        return Finding(
            model=await _new_model(context, inputs, sources, used),
            excluded=excluded,
            used=used,
            possession=await asyncio.to_thread(prove_possession, inputs, sources, used, msp=context.msp),
        )


async def _fetch_updates(
    context: GatewayContext, inputs: Inputs, left: Mapping[Seat, ExcludeReason]
) -> tuple[set[Digest], set[Digest]]:
    """Fetch what is not settled; return what is here then, and what could not be had by half of the attest time-out."""
    wanted = [update for update in inputs.round.included if (update.msp, update.dataset) not in left]
    descriptions = [inputs.update_description(update) for update in wanted]
    fetched = await context.exchange.fetch_all(descriptions, within=_seconds_to_fetch(context, inputs))
    # What is here is judged by its bytes, also when somebody's study has named it as something else.
    here = {each.digest for each in descriptions if context.store.size(each.digest) == each.size}
    here |= {digest for digest, error in fetched.items() if error is None}
    missing = fetched.keys() - here
    if missing or "unavailable" in left.values():
        # Sources that all serve wrong bytes are given up at once; the ledger hears of it only from half-time on.
        await context.clock.sleep_until(_half_time(context, inputs))
    return here, missing


def _half_time(context: GatewayContext, inputs: Inputs) -> int:
    # Chaincode accepts `unavailable` from half of the attest time-out on; a little later is safely after it.
    started = inputs.round.attempt_time or context.clock()
    return started + inputs.study.study.terms.attest_timeout_ms // 2 + _SAFELY_LATER_MS


def _seconds_to_fetch(context: GatewayContext, inputs: Inputs) -> float:
    return max((_half_time(context, inputs) - context.clock()) / 1000, _LEAST_SECONDS)


def _excluded(
    included: Sequence[Included],
    invalid: Collection[Seat],
    missing: Collection[Digest],
    left: Mapping[Seat, ExcludeReason],
) -> tuple[Exclusion, ...]:
    found: list[Exclusion] = []
    for update in included:
        seat = (update.msp, update.dataset)
        reason = left.get(seat)
        if reason is None and update.update in missing:
            reason = "unavailable"
        if reason is None and seat in invalid:
            reason = "invalid"
        if reason is not None:
            found.append(Exclusion(msp=update.msp, dataset=update.dataset, reason=reason))
    return tuple(found)


async def _new_model(context: GatewayContext, inputs: Inputs, sources: Sources, used: Sequence[Included]) -> str:
    if len(used) < inputs.study.study.terms.minimum_commits:
        return ""
    label = Label(kind=Kind.FINAL_MODEL, study=inputs.round.study, round=inputs.round.round)
    size = file_size(inputs.schema, inputs.model_header)
    async with context.store.producing(label, size=size) as product:
        digest = await asyncio.to_thread(aggregate_into, inputs, sources, used, product.file)
        await product.commit()
    return digest
