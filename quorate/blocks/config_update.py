"""Whether a new configuration is the one before with an update, signed by whom its policies ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from quorate.blocks import protos
from quorate.blocks.decode import decode
from quorate.blocks.errors import BlockError
from quorate.blocks.signature import verify_signature

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from quorate.blocks.config import ChannelConfig
    from quorate.blocks.identity import Identity

_GROUP, _VALUE, _POLICY = "group", "value", "policy"
_ADMINS: Final = "Admins"
_MAX_DEPTH = 16

Element: TypeAlias = tuple[str, tuple[str, ...]]
"""What an element of a configuration is, and its path, the root's being empty."""


def verify_update(before: ChannelConfig, after: ChannelConfig) -> list[Identity]:
    """Return who signed the update that led from one configuration to the next.

    Some of them are in doubt only where the others would not have sufficed.

    Raises
    ------
    BlockError
        When it leads elsewhere, rests on another configuration, or is not signed as the policies of every element that
        it changes demand.
    """
    envelope = _update_envelope(after)
    update = decode(protos.ConfigUpdate, envelope.config_update, "the update")
    if update.channel_id != before.channel:
        raise BlockError(f"the update is for the channel {update.channel_id[:80]!r}")
    current = dict(_elements(before.group))
    delta = _delta(update, current)
    signers = _signers(envelope, before)
    certain = [signer for signer in signers if not signer.doubt]
    try:
        _require_all_allowed(delta, current, before, certain)
        signers = certain
    except BlockError:
        if len(certain) == len(signers):
            raise
        _require_all_allowed(delta, current, before, signers)
    if _assemble((), {**current, **delta}) != after.group:
        raise BlockError("the update does not lead to the configuration that the block carries")
    return signers


def _update_envelope(after: ChannelConfig) -> protos.AnyMessage:
    payload = decode(protos.Payload, after.last_update.payload, "the update")
    header = decode(protos.ChannelHeader, payload.header.channel_header, "the update's header")
    if header.type != protos.HeaderType.CONFIG_UPDATE:
        raise BlockError("the configuration does not carry the update that led to it")
    return decode(protos.ConfigUpdateEnvelope, payload.data, "the update")


def _delta(update: protos.AnyMessage, current: Mapping[Element, protos.AnyMessage]) -> dict[Element, protos.AnyMessage]:
    """Return what the update changes."""
    read = dict(_elements(update.read_set))
    for element, found in read.items():
        if element not in current or current[element].version != found.version:
            raise BlockError(f"the update rests on another version of {_name(element)} than the one in force")
    written = dict(_elements(update.write_set))
    delta = {
        element: found
        for element, found in written.items()
        if element not in read or read[element].version != found.version
    }
    if not delta:
        raise BlockError("the update changes nothing")
    return delta


def _signers(envelope: protos.AnyMessage, config: ChannelConfig) -> list[Identity]:
    """Return whose signatures over the update hold, or may, each member once; one that does not does not count."""
    found: dict[tuple[str, bytes], Identity] = {}
    for signature in envelope.signatures:
        try:
            header = decode(protos.SignatureHeader, signature.signature_header, "a signature's header")
            signer = config.directory.perhaps(header.creator)
            message = signature.signature_header + envelope.config_update
            verify_signature(signer.key, signature.signature, message)
        except BlockError:
            continue
        found.setdefault(signer.who, signer)
    return list(found.values())


def _require_all_allowed(
    delta: Mapping[Element, protos.AnyMessage],
    current: Mapping[Element, protos.AnyMessage],
    config: ChannelConfig,
    signers: list[Identity],
) -> None:
    for element, changed in delta.items():
        _require_allowed(element, changed, current.get(element), config, signers)


def _require_allowed(
    element: Element,
    changed: protos.AnyMessage,
    existing: protos.AnyMessage | None,
    config: ChannelConfig,
    signers: list[Identity],
) -> None:
    if not changed.mod_policy:
        raise BlockError(f"the update lets nobody ever change {_name(element)} again")
    if existing is None:
        # What is new is allowed with the group that comes to hold it, which is another element of the update.
        if changed.version:
            raise BlockError(f"the update makes {_name(element)} at version {changed.version}")
        return
    if changed.version != existing.version + 1:
        message = f"the update takes {_name(element)} from version {existing.version} to {changed.version}"
        raise BlockError(message)
    policy = _policy_path(element, existing.mod_policy)
    if not config.satisfies(policy, signers):
        names = ", ".join(sorted({signer.msp_id for signer in signers})) or "nobody"
        raise BlockError(f"the update of {_name(element)} is signed by {names}, which does not satisfy {policy}")


def _policy_path(element: Element, policy: str) -> str:
    if policy.startswith("/"):
        return policy
    kind, path = element
    return "/".join(("/Channel", *(path if kind == _GROUP else path[:-1]), policy))


def _elements(group: protos.AnyMessage, path: tuple[str, ...] = ()) -> Iterator[tuple[Element, protos.AnyMessage]]:
    if len(path) > _MAX_DEPTH:
        raise BlockError(f"a configuration is nested deeper than {_MAX_DEPTH}")
    yield (_GROUP, path), group
    for name, child in group.groups.items():
        yield from _elements(child, (*path, name))
    for name, value in group.values.items():
        yield (_VALUE, (*path, name)), value
    for name, policy in group.policies.items():
        yield (_POLICY, (*path, name)), policy


def _assemble(path: tuple[str, ...], elements: Mapping[Element, protos.AnyMessage]) -> protos.AnyMessage:
    """Return the group at a path: its own members, each as the elements have it."""
    shape = _get(elements, (_GROUP, path))
    group = protos.ConfigGroup(version=shape.version, mod_policy=shape.mod_policy or _ADMINS)
    for name in shape.groups:
        group.groups[name].CopyFrom(_assemble((*path, name), elements))
    for kind, names, members in ((_VALUE, shape.values, group.values), (_POLICY, shape.policies, group.policies)):
        for name in names:
            members[name].CopyFrom(_get(elements, (kind, (*path, name))))
            members[name].mod_policy = members[name].mod_policy or _ADMINS
    return group


def _get(elements: Mapping[Element, protos.AnyMessage], element: Element) -> protos.AnyMessage:
    if element not in elements:
        raise BlockError(f"the update leaves {_name(element)} without content")
    return elements[element]


def _name(element: Element) -> str:
    return "/".join(("/Channel", *element[1]))[:200]
