"""The consortium's policies for what happens off the ledger, by the text that is on the ledger.

What cannot be evaluated is denied: no policies yet, no study to speak of, or an error in any policy.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final

from gateway.artifacts.access import Decider, Decision
from quorate.errors import UnsupportedVersionError, UsageError
from quorate.policy import Policies, Principal, Request, World, in_force

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.artifacts.access import Facts
    from quorate.identifiers import MspId
    from quorate.records.policy import Policy

_log = logging.getLogger(__name__)

_DENIED: Final = Decision(allowed=False)


class LedgerPolicies(Decider):
    """Decides by the policy set in force.

    The caller is known by its TLS certificate, which carries no role: another member's gateway asks in the role of an
    aggregator, the own organisation in that of an agent.

    Parameters
    ----------
    current
        Returns the policy set in force; None before there is one.
    """

    def __init__(self, current: Callable[[], Policy | None]) -> None:
        self._current = current

    def decide(self, *, action: str, reader: MspId, facts: Facts) -> Decision:
        """Decide whether an organisation may do something with a study's artefacts.

        Raises
        ------
        IntegrityError
            When the policy text in force does not have its digest.
        UnsupportedVersionError
            When it is not one that this program can use.
        """
        policy = self._current()
        if policy is None or facts.study is None:
            return _DENIED
        world = World(facts.members)
        made = _usable(policy).decide(
            world,
            Request(
                principal=Principal(msp=reader, role="agent" if reader == facts.own else "aggregator"),
                action=action,
                resource=world.study(facts.study.study),
                now=time.time_ns() // 1_000_000,
            ),
        )
        if not made.allowed:
            # The view may be older than the chain's head, so a decision without its height could not be followed.
            _log.info("%s by %s is %s, as of block %d", action, reader, made, facts.height)
        return Decision(allowed=made.allowed, policies=made.policies)


def _usable(policy: Policy) -> Policies:
    try:
        return in_force(policy)
    except UsageError as error:
        raise UnsupportedVersionError(
            f"policy version {policy.version} cannot be used: {error}", cause=error
        ) from error
