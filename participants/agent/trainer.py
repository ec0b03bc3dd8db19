"""The training child as the agent's event loop sees it: one request at a time, and another child when one died."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from participants.data.records import Unit
from participants.training.errors import TrainerDiedError, TrainerTimedOutError
from participants.training.request import TrainingRequest
from participants.training.secrets import ReleaseContext
from participants.training.terms import PrivacyTerms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from participants.agent.config import DatasetSection
    from participants.agent.journal import Entry
    from participants.plans.approved import ApprovedPlans
    from participants.training.child import TrainerChild
    from participants.training.hardware import Hardware
    from quorate.identifiers import MspId
    from quorate.records.study import Terms

_log = logging.getLogger(__name__)


class Trainer:
    """Trains rounds in a child process that lives across rounds.

    Parameters
    ----------
    start
        Starts a child; called again when the last one died.
    child
        A child that runs already, if any.
    seconds
        How long one round may train.
    """

    def __init__(
        self,
        *,
        msp: MspId,
        plans: ApprovedPlans,
        start: Callable[[], TrainerChild],
        seconds: float,
        hardware: Hardware,
        child: TrainerChild | None = None,
    ) -> None:
        self._msp = msp
        self._plans = plans
        self._start = start
        self._seconds = seconds
        self._hardware = hardware
        self._child = child
        self._turn = asyncio.Lock()
        self._training = False

    async def require_hardware(self) -> None:
        """Return when the child can train on what the configuration names.

        A GPU alone can be missing, so for others no child is started yet.

        Raises
        ------
        AcceleratorMissingError
        TrainerDiedError, TrainerTimedOutError
        """
        if self._hardware.accelerator == "gpu":
            child = await asyncio.to_thread(self._running_child)
            await asyncio.to_thread(child.require, self._hardware, timeout=self._seconds)

    async def train(
        self, *, dataset: DatasetSection, entry: Entry, terms: Terms, base: Mapping[str, NDArray[np.float32]]
    ) -> Mapping[str, NDArray[np.float32]]:
        """Return the weights after one round.

        Raises
        ------
        TrainerDiedError, TrainerTimedOutError
            When the child died or did not answer in time; the next call starts another.
        QuorateError
            What the plan, the data or the training raised, with its code.
        """
        private = terms.privacy.mechanism != "none"
        request = TrainingRequest(
            plan=self._plans.document(terms.plan),
            data=dataset.binding,
            base=base,
            privacy=PrivacyTerms.parse(terms.privacy.model_dump()) if private else None,
            unit=Unit(terms.unit),
            secret=entry.secret,
            context=ReleaseContext(
                study=entry.study, round=entry.round, base=entry.base, msp=self._msp, dataset=entry.dataset
            ),
            hardware=self._hardware,
        )
        async with self._turn:
            return await asyncio.to_thread(self._train, request)

    def _train(self, request: TrainingRequest) -> Mapping[str, NDArray[np.float32]]:
        child = self._running_child()
        self._training = True
        try:
            return child.train(request, timeout=self._seconds).weights
        except (TrainerDiedError, TrainerTimedOutError):
            child.close()
            self._child = None
            raise
        finally:
            self._training = False

    def _running_child(self) -> TrainerChild:
        if self._child is None or not self._child.alive():
            self._child = self._start()
            _log.info("the training process runs: network %s", self._child.isolation.network)
        return self._child

    def close(self) -> None:
        """End the child, at once when it trains: the thread that waits for it then closes it."""
        child, self._child = self._child, None
        if child is not None and self._training:
            child.kill()
        elif child is not None:
            child.close()
