"""Whether the policies in force let a reader read or export the trail. What cannot be decided is denied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from quorate.digest import digest_of
from quorate.errors import UsageError
from quorate.policy import Decision, Principal, Request, World, in_force

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.audit.access.reader import Reader
    from quorate.identifiers import MspId
    from quorate.records.consortium import MemberView
    from quorate.records.policy import Policy

_NO_POLICY = Decision(allowed=False, policies=(), policy_digest=digest_of(b""))


class Rules(Protocol):
    """The part of `gateway.service.state.Projection` that this needs."""

    @property
    def policy(self) -> Policy | None:
        """The policy set in force."""
        ...

    @property
    def members(self) -> Mapping[MspId, MemberView]:
        """Every member."""
        ...


def decide(rules: Rules, reader: Reader, action: str, *, study: str | None, now: int) -> Decision:
    """Return the decision about a reader, by the policy set in force; without one, or when it cannot be used, a denial.

    Parameters
    ----------
    action
        `AUDIT_READ` or `AUDIT_EXPORT`.
    study
        Whose trail; that of everything when None.
    now
        Unix milliseconds.
    """
    policy = rules.policy
    if policy is None:
        return _NO_POLICY
    world = World(list(rules.members))
    trail = world.audit_trail() if study is None else world.audit_trail(study)
    principal = Principal(msp=reader.msp, role=reader.role, certificate=reader.certificate)
    try:
        policies = in_force(policy)
    except UsageError:  # a text that this version cannot read permits nothing
        return Decision(allowed=False, policies=(), policy_digest=policy.digest, policy_version=policy.version)
    return policies.decide(world, Request(principal=principal, action=action, resource=trail, now=now))
