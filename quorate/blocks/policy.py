"""Policies of a channel: signature policies, and implicit ones that ask the groups below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quorate.blocks import protos
from quorate.blocks.decode import decode
from quorate.blocks.errors import BlockError
from quorate.blocks.msp import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quorate.blocks.msp import Identity

_SIGNATURE = 1
_IMPLICIT_META = 3
_MAX_DEPTH = 32
_ROLES: Final = {
    protos.MSPRole.CLIENT: Kind.CLIENT,
    protos.MSPRole.PEER: Kind.PEER,
    protos.MSPRole.ORDERER: Kind.ORDERER,
}


def is_satisfied(group: protos.AnyMessage, name: str, identities: Sequence[Identity]) -> bool:
    """Tell whether these members, whose signatures have been verified, satisfy a policy of a group.

    Parameters
    ----------
    group
        A ``common.ConfigGroup``.
    name
        The policy's name in it.
    identities
        Distinct members; each counts once.

    Raises
    ------
    BlockError
        When there is no such policy, or it is of a kind that Fabric does not evaluate.
    """
    if name not in group.policies:
        raise BlockError(f"the configuration has no policy {name!r} where one is asked for")
    policy = group.policies[name].policy
    if policy.type == _SIGNATURE:
        return is_satisfied_by(decode(protos.SignaturePolicyEnvelope, policy.value, f"policy {name}"), identities)
    if policy.type == _IMPLICIT_META:
        meta = decode(protos.ImplicitMetaPolicy, policy.value, f"policy {name}")
        return _is_meta_satisfied(group, meta, identities)
    raise BlockError(f"policy {name!r} is of the unknown type {policy.type}")


def is_satisfied_by(envelope: protos.AnyMessage, identities: Sequence[Identity]) -> bool:
    """Tell whether these members satisfy a ``common.SignaturePolicyEnvelope``."""
    return _satisfy(envelope.rule, envelope.identities, identities, frozenset(), depth=0) is not None


def _is_meta_satisfied(group: protos.AnyMessage, meta: protos.AnyMessage, identities: Sequence[Identity]) -> bool:
    below = list(group.groups.values())
    satisfied = sum(
        meta.sub_policy in child.policies and is_satisfied(child, meta.sub_policy, identities) for child in below
    )
    if meta.rule == protos.ImplicitMetaPolicy.ANY:
        return satisfied >= 1
    if meta.rule == protos.ImplicitMetaPolicy.ALL:
        return satisfied == len(below)
    if meta.rule == protos.ImplicitMetaPolicy.MAJORITY:
        return satisfied > len(below) // 2
    raise BlockError(f"an implicit policy has the unknown rule {meta.rule}")


def _satisfy(
    rule: protos.AnyMessage,
    principals: Sequence[protos.AnyMessage],
    identities: Sequence[Identity],
    used: frozenset[int],
    *,
    depth: int,
) -> frozenset[int] | None:
    """Return whom the rule has used up in all, or None; greedily from the left, as Fabric walks it."""
    if depth > _MAX_DEPTH:
        raise BlockError(f"a signature policy is nested deeper than {_MAX_DEPTH}")
    kind = rule.WhichOneof("Type")
    if kind == "signed_by":
        return _use(rule.signed_by, principals, identities, used)
    if kind != "n_out_of":
        return None
    count = 0
    for sub in rule.n_out_of.rules:
        after = _satisfy(sub, principals, identities, used, depth=depth + 1)
        if after is not None:
            used, count = after, count + 1
    return used if count >= rule.n_out_of.n else None


def _use(
    index: int, principals: Sequence[protos.AnyMessage], identities: Sequence[Identity], used: frozenset[int]
) -> frozenset[int] | None:
    if not 0 <= index < len(principals):
        return None
    for number, identity in enumerate(identities):
        if number not in used and _matches(identity, principals[index]):
            return used | {number}
    return None


def _matches(identity: Identity, principal: protos.AnyMessage) -> bool:
    classification = principal.principal_classification
    if classification == protos.MSPPrincipal.ROLE:
        role = decode(protos.MSPRole, principal.principal, "a principal")
        return role.msp_identifier == identity.msp_id and _has_role(identity, role.role)
    if classification == protos.MSPPrincipal.ORGANIZATION_UNIT:
        unit = decode(protos.OrganizationUnit, principal.principal, "a principal")
        return (
            unit.msp_identifier == identity.msp_id
            and unit.organizational_unit_identifier in identity.units
            and unit.certifiers_identifier == identity.issuers
        )
    if classification == protos.MSPPrincipal.IDENTITY:
        matches: bool = principal.principal == identity.serialized
        return matches
    return False


def _has_role(identity: Identity, role: int) -> bool:
    if role == protos.MSPRole.MEMBER:
        return True
    if role == protos.MSPRole.ADMIN:
        return identity.is_admin
    return identity.kind is not None and _ROLES.get(role) is identity.kind
