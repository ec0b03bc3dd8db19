"""From a completed study to its result: models, accuracies, accounts, bytes, evidence."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from gateway.aggregator.inputs import model_description, model_header
from gateway.ledger.commands.pull import pull_to
from network.identity import Role
from participants.demo.configuration import DATASET
from participants.demo.founding import SCALE_BITS, STUDY
from participants.demo.local import as_json
from participants.demo.result import Comparison, Spent
from participants.plans.presets import DELTA
from quorate.privacy.parameters import Mechanism
from quorate.privacy.pld import epsilon_pld

if TYPE_CHECKING:
    from participants.demo.follow import Course
    from participants.demo.stage import Stage
    from quorate.records.privacy import Account
    from quorate.records.study import StudyView


async def pull_models(stage: Stage, course: Course, study: StudyView) -> list[dict[str, Any]]:
    """Fetch every final model to ``models/round-N.safetensors`` and return what describes them."""
    directory = stage.workspace.directory / "models"
    directory.mkdir(exist_ok=True)
    session = stage.people.of(Role.STEWARD)[0]
    found = []
    for view in course.finals():
        digest = view.round.model
        if digest is None:
            continue
        path = directory / f"round-{view.round.round}.safetensors"
        await pull_to(session, model_description(study, digest), path)
        header = model_header(study, digest)
        found.append({"path": str(path), "digest": digest, "study": STUDY, "round": header.round, "base": header.base})
    return found


async def compare(stage: Stage, models: list[dict[str, Any]]) -> Comparison:
    """Evaluate every final model, and train the comparisons: pooled, pooled at the same ε, each member alone."""
    scenario = stage.scenario
    plan = str(stage.workspace.directory / "plan.json")
    evaluation = as_json(scenario.evaluation)
    privacy = scenario.privacy.model_dump(exclude_none=True) if scenario.is_private else None
    accuracies, others = await asyncio.gather(
        stage.nursery.job(
            "accuracies",
            plan=plan,
            tensors=[each.model_dump() for each in stage.terms.model.tensors],
            models=models,
            scale_bits=SCALE_BITS,
            evaluation=evaluation,
        ),
        stage.nursery.job(
            "baselines",
            plan=plan,
            bindings=[as_json(binding) for binding in scenario.bindings],
            evaluation=evaluation,
            rounds=stage.options.rounds,
            privacy=privacy,
            delta=DELTA,
            seed=stage.options.seed,
        ),
    )
    return Comparison(
        rounds=accuracies,
        centralised_no_dp=others["centralised_no_dp"],
        centralised_same_epsilon=others["centralised_same_epsilon"],
        local=dict(zip(scenario.members, others["local"], strict=True)),
    )


async def spending(stage: Stage) -> dict[str, Spent]:
    """Return every data set's account as the ledger holds it, with the PLD value for the same parameters."""
    if not stage.scenario.is_private:
        return {}
    officers = stage.people.of(Role.OFFICER)
    accounts = await asyncio.gather(
        *(session.ledger.privacy.account(session.profile.msp_id, DATASET) for session in officers)
    )
    return {
        name: await asyncio.to_thread(_spent, account)
        for name, account in zip(stage.scenario.members, accounts, strict=True)
    }


def _spent(account: Account) -> Spent:
    histogram = tuple(
        Mechanism(noise_multiplier=entry.noise_multiplier, sample_rate=entry.sample_rate, steps=entry.steps)
        for entry in account.histogram
    )
    tight = epsilon_pld(histogram, account.delta)
    return Spent(account=account, pld=tight.value, pld_note=tight.note)


async def ledger_bytes(stage: Stage, course: Course) -> tuple[int, int]:
    """Return the ledger's height, and the bytes of transactions from the opening of the first round on."""
    first = course.rounds[min(course.rounds)].round.opened.tx.encode()
    height, total, counting = 0, 0, False
    async for block in stage.people.of(Role.OFFICER)[0].network.blocks():
        height = block.header.number + 1
        counting = counting or any(first in envelope for envelope in block.data.data)
        if counting:
            total += sum(len(envelope) for envelope in block.data.data)
    return height, total
