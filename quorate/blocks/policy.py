"""Policies of a channel: signature policies, and implicit ones that ask the groups below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quorate.blocks import protos
from quorate.blocks.decode import decode
from quorate.blocks.errors import BlockError
from quorate.blocks.identity import Kind
from quorate.blocks.outline import outline_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from quorate.blocks.identity import Identity

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
        Distinct members; each counts once. One in doubt is taken for whatever it may be.

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
    """Tell whether these members satisfy a ``common.SignaturePolicyEnvelope``.

    Raises
    ------
    BlockError
        When it is malformed in any part, asked or not.
    """
    _require_sound(envelope.rule, len(envelope.identities), depth=0)
    return _satisfy(envelope.rule, envelope.identities, identities, frozenset()) is not None


def members_of(n: int, msp_ids: Sequence[str]) -> protos.AnyMessage:
    """Return the policy of `n` of these organisations, any member of each."""
    principals = [
        protos.MSPPrincipal(
            principal_classification=protos.MSPPrincipal.ROLE,
            principal=protos.MSPRole(msp_identifier=msp_id, role=protos.MSPRole.MEMBER).SerializeToString(),
        )
        for msp_id in msp_ids
    ]
    rules = [protos.SignaturePolicy(signed_by=index) for index in range(len(msp_ids))]
    rule = protos.SignaturePolicy(n_out_of=protos.SignaturePolicy.NOutOf(n=n, rules=rules))
    return protos.SignaturePolicyEnvelope(rule=rule, identities=principals)


def majority_of_members(msp_ids: Sequence[str]) -> protos.AnyMessage:
    """Return the policy that holds for definitions where a channel has none: a majority, any member of each."""
    return members_of(len(msp_ids) // 2 + 1, msp_ids)


def _is_meta_satisfied(group: protos.AnyMessage, meta: protos.AnyMessage, identities: Sequence[Identity]) -> bool:
    below = list(group.groups.values())
    if not below:
        return True  # of nobody, nobody is any, all and a majority
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


def _require_sound(rule: protos.AnyMessage, principals: int, *, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise BlockError(f"a signature policy is nested deeper than {_MAX_DEPTH}")
    kind = rule.WhichOneof("Type")
    if kind == "n_out_of":
        for sub in rule.n_out_of.rules:
            _require_sound(sub, principals, depth=depth + 1)
    elif kind != "signed_by" or not 0 <= rule.signed_by < principals:
        raise BlockError("a signature policy has a rule that is none, or names a principal that there is not")


def _satisfy(
    rule: protos.AnyMessage,
    principals: Sequence[protos.AnyMessage],
    identities: Sequence[Identity],
    used: frozenset[int],
) -> frozenset[int] | None:
    """Return whom the rule has used up in all, or None; greedily from the left, as Fabric walks it."""
    if rule.WhichOneof("Type") == "signed_by":
        return _use(principals[rule.signed_by], identities, used)
    count = 0
    for sub in rule.n_out_of.rules:
        after = _satisfy(sub, principals, identities, used)
        if after is not None:
            used, count = after, count + 1
    return used if count >= rule.n_out_of.n else None


def _use(principal: protos.AnyMessage, identities: Sequence[Identity], used: frozenset[int]) -> frozenset[int] | None:
    for number, identity in enumerate(identities):
        if number not in used and _matches(identity, principal, depth=0):
            return used | {number}
    return None


def _matches(identity: Identity, principal: protos.AnyMessage, *, depth: int) -> bool:
    """Tell whether a member is one of those that a principal means; what cannot be read means nobody."""
    matches = _MATCHES.get(principal.principal_classification)
    try:
        return matches is not None and depth <= _MAX_DEPTH and matches(identity, principal.principal, depth)
    except BlockError:
        return False


def _matches_role(identity: Identity, content: bytes, _: int) -> bool:
    role = decode(protos.MSPRole, content, "a principal")
    return role.msp_identifier == identity.msp_id and _has_role(identity, role.role)


def _matches_unit(identity: Identity, content: bytes, _: int) -> bool:
    unit = decode(protos.OrganizationUnit, content, "a principal")
    return unit.msp_identifier == identity.msp_id and (
        bool(identity.doubt)
        or (unit.organizational_unit_identifier in identity.units and unit.certifiers_identifier == identity.issuers)
    )


def _matches_identity(identity: Identity, content: bytes, _: int) -> bool:
    found = decode(protos.SerializedIdentity, content, "a principal")
    return found.mspid == identity.msp_id and outline_of(found.id_bytes).tbs == identity.outline.tbs


def _matches_anonymity(_: Identity, content: bytes, __: int) -> bool:
    found = decode(protos.MSPIdentityAnonymity, content, "a principal")
    nominal: bool = found.anonymity_type == protos.MSPIdentityAnonymity.NOMINAL
    return nominal


def _matches_all(identity: Identity, content: bytes, depth: int) -> bool:
    parts = decode(protos.CombinedPrincipal, content, "a principal").principals
    return bool(parts) and all(_matches(identity, part, depth=depth + 1) for part in parts)


_MATCHES: Final[Mapping[int, Callable[[Identity, bytes, int], bool]]] = {
    protos.MSPPrincipal.ROLE: _matches_role,
    protos.MSPPrincipal.ORGANIZATION_UNIT: _matches_unit,
    protos.MSPPrincipal.IDENTITY: _matches_identity,
    protos.MSPPrincipal.ANONYMITY: _matches_anonymity,
    protos.MSPPrincipal.COMBINED: _matches_all,
}


def _has_role(identity: Identity, role: int) -> bool:
    if role == protos.MSPRole.MEMBER or identity.doubt:
        return True
    if role == protos.MSPRole.ADMIN:
        return identity.is_admin
    return identity.kind is not None and _ROLES.get(role) is identity.kind
