"""One agent, from its configuration to its end."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.artifacts.alone import alone_in
from gateway.artifacts.store import ArtifactStore
from gateway.fabric import Deadlines, FileIdentity, connect
from gateway.ledger import Ledger
from gateway.ledger.retry import COMMITS_WITHIN
from gateway.service.client import connect_gateway
from participants.agent.context import AgentContext
from participants.agent.journal import Journal
from participants.agent.ledger_policy import LedgerPolicy, principal_of
from participants.agent.loop import AgentLoop
from participants.agent.models import ModelCache
from participants.agent.offers import PlanOffers
from participants.agent.trainer import Trainer
from participants.plans.approved import ApprovedPlans
from participants.plans.errors import PlanNotApprovedError
from participants.training.child import TrainerChild
from participants.training.hardware import Hardware
from quorate.errors import QuorateError, first_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from participants.agent.config import AgentConfig
    from participants.training.child import Start
    from quorate.digest import Digest

_log = logging.getLogger(__name__)


async def run_agent(
    config: AgentConfig,
    *,
    child: TrainerChild | None = None,
    start: Start = "spawn",
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Work until cancelled.

    Parameters
    ----------
    child
        A training process that runs already, forked before this process read a key.
    start
        How further ones are started.
    ready
        Called once the agent listens to its gateway.

    Raises
    ------
    BudgetError
        When the ledger refused a charge and the configuration says to stop.
    ConflictError
        When another process works in the state directory: two agents on one journal could release a secret twice.
    AcceleratorMissingError
        When it is configured to train on a GPU, and there is none.
    """
    with alone_in(Path(config.state)):
        await _run(config, child, start, ready)


async def _run(config: AgentConfig, child: TrainerChild | None, start: Start, ready: Callable[[], None]) -> None:
    plans = ApprovedPlans(config.plans)
    trainer = Trainer(
        msp=config.msp_id,
        plans=plans,
        start=lambda: TrainerChild.start(plans=config.plans, method=start),
        seconds=config.training.seconds,
        hardware=Hardware(accelerator=config.training.accelerator, devices=config.training.devices),
        child=child,
    )
    try:
        await trainer.require_hardware()
        await _connected(config, trainer, plans, ready)
    except BaseExceptionGroup as group:
        raise _cause_of(group) from group
    finally:
        trainer.close()


async def _connected(config: AgentConfig, trainer: Trainer, plans: ApprovedPlans, ready: Callable[[], None]) -> None:
    identity, signer = FileIdentity(
        msp_id=config.msp_id, certificate=config.identity.certificate, key=config.identity.key
    ).load()
    async with (
        connect_gateway(
            config.gateway.endpoint,
            tls_ca=config.gateway.tls_ca,
            cert=config.gateway.client_certificate,
            key=config.gateway.client_key,
        ) as gateway,
        connect(gateway.channel, identity, signer, deadlines=Deadlines(commit_status=COMMITS_WITHIN)) as fabric,
    ):
        ledger = Ledger(fabric.network(config.channel).contract(config.chaincode))
        passing_through = await ArtifactStore.open(Path(config.state) / "offers")
        offers = PlanOffers(config.msp_id, plans, passing_through, gateway.artifacts)
        context = AgentContext(
            msp=config.msp_id,
            ledger=ledger,
            artifacts=gateway.artifacts,
            models=ModelCache(await ArtifactStore.open(Path(config.state) / "models"), gateway.artifacts),
            trainer=trainer,
            journal=Journal(Path(config.state) / "journal"),
            policy=config.policy,
            ledger_policy=LedgerPolicy(ledger, principal_of(identity)),
            is_approved=lambda digest: _is_approved(plans, digest),
        )
        loop = AgentLoop(context, config.datasets, stop_on_refusal=config.on_refusal == "stop")
        ready()
        async with asyncio.TaskGroup() as tasks:
            offering = tasks.create_task(offers.run())
            await loop.run(offers.passing(gateway.studies.watch()))
            offering.cancel()


def _is_approved(plans: ApprovedPlans, digest: Digest) -> bool:
    try:
        plans.require(digest)
    except PlanNotApprovedError:
        return False
    return True


def _cause_of(group: BaseExceptionGroup) -> BaseException:
    """Return the first error of a group of groups, the one that ended the others; the group itself for a defect."""
    found, others = group.split(QuorateError)
    if found is None or others is not None:
        return group
    return first_error(found)
