"""What the consortium's policies, by the text on the ledger, say about training here; asked anew for every round."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from quorate.blocks.certificate import certificate_digest, load_certificate, role_of
from quorate.errors import IntegrityError, UsageError
from quorate.identifiers import parse_msp_id
from quorate.policy import Principal, decide_training, in_force

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fabric import Identity
    from gateway.ledger import Ledger
    from quorate.records.policy import Policy
    from quorate.records.study import Study


def principal_of(identity: Identity) -> Principal:
    """Return who an identity is in the terms of policies, as the chaincode reads it from a transaction."""
    certificate = load_certificate(identity.certificate)
    return Principal(
        msp=parse_msp_id(identity.msp_id), role=role_of(certificate), certificate=certificate_digest(certificate)
    )


class LedgerPolicy:
    """Decides ``data.train`` by the policy set in force, which is read again only when another one is.

    Parameters
    ----------
    ledger
        What it is read from.
    principal
        The agent.
    now
        Unix time in milliseconds.
    """

    def __init__(
        self, ledger: Ledger, principal: Principal, *, now: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    ) -> None:
        self._ledger = ledger.settling()
        self._principal = principal
        self._now = now
        self._known: Policy | None = None

    async def objection(self, study: Study, dataset: str) -> str | None:
        """Return why the own data set may not be trained on for a study, as a sentence, or None when it may.

        Raises
        ------
        QuorateError
            When the ledger cannot be read, so that nothing is decided.
        """
        own = await self._ledger.dataset.get(self._principal.msp, dataset)
        members = (await self._ledger.consortium.members()).members
        text = await self._in_force()
        try:
            policies = in_force(text)
        except (IntegrityError, UsageError) as error:
            return f"the policies in force cannot be used here: {error}"
        decision = decide_training(
            policies,
            principal=self._principal,
            members=[member.msp for member in members],
            dataset=own,
            study=study,
            now=self._now(),
        )
        return None if decision.allowed else f"training on {dataset} is {decision}"

    async def _in_force(self) -> Policy:
        digest = (await self._ledger.audit.info()).policy_digest
        if self._known is None or self._known.digest != digest:
            self._known = await self._ledger.policy.get()
        return self._known
