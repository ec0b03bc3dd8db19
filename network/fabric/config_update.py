"""Changing one value of a channel's configuration that one organisation's administrators may change alone."""

import asyncio
import os
from collections.abc import Callable, Sequence
from typing import Final

from google.protobuf.message import DecodeError

from gateway.fabric.endpoint import Endpoint
from gateway.fabric.signing_identity import SigningIdentity
from network.fabric.broadcast import broadcast
from network.fabric.endorser import Endorser
from network.fabric.system_chaincodes import channel_config
from quorate.blocks import protos
from quorate.errors import IntegrityError, NotFoundError, TimedOutError

DEADLINE_S: Final = 30.0
_LOOK_AGAIN_S: Final = 0.1
_NONCE_BYTES: Final = 24


async def update_value(
    endorser: Endorser,
    orderer: Endpoint,
    *,
    channel: str,
    path: Sequence[str],
    key: str,
    change: Callable[[bytes], bytes],
    deadline_s: float = DEADLINE_S,
) -> bool:
    """Change one value of a channel's configuration and wait until the peer has it; tell whether anything changed.

    Parameters
    ----------
    endorser
        A peer of the channel, asked as an administrator of the organisation whose value it is. It signs the update.
    orderer
        Where the update is handed in.
    channel
        The channel's name.
    path
        The groups from the root of the configuration to the value's: ``("Application", "AlderMSP")``.
    key
        The value's name.
    change
        Makes the new value of the present one. One that is the same is not handed in.
    deadline_s
        Seconds for all of it.

    Raises
    ------
    ProposalError
        The peer did not answer, or the administrator is not one of the channel.
    NotFoundError
        The configuration has no such value.
    ConflictError
        Somebody else changed the configuration meanwhile.
    DeniedError
        The administrator may not change it.
    UnreachableError, TimedOutError
        The orderer did not take it, or the peer did not show it in time.
    """
    try:
        async with asyncio.timeout(deadline_s):
            config = await _config(endorser, channel)
            present = _value(config.channel_group, path, key)
            wanted = change(present.value)
            if wanted == present.value:
                return False
            update = changed(channel, config.channel_group, path, key, wanted)
            envelope = await signed(endorser.signing, channel, update)
            await broadcast(orderer, envelope, deadline_s=deadline_s)
            # A peer does not say when it has taken in a configuration.
            while _value((await _config(endorser, channel)).channel_group, path, key).value != wanted:  # noqa: ASYNC110
                await asyncio.sleep(_LOOK_AGAIN_S)
            return True
    except TimeoutError:
        raise TimedOutError(
            f"{endorser.address} has no new configuration of {channel} within {deadline_s:g} s.",
            hint="Look at the channel's configuration: the update may still take effect.",
        ) from None


def changed(channel: str, root: protos.AnyMessage, path: Sequence[str], key: str, wanted: bytes) -> protos.AnyMessage:
    """Return the ``ConfigUpdate`` that gives one value another content, and leaves all else as it is."""
    update = protos.ConfigUpdate(channel_id=channel)
    read, write = update.read_set, update.write_set
    present = root
    for name in (None, *path):
        if name is not None:
            present, read, write = present.groups[name], read.groups[name], write.groups[name]
        read.version = write.version = present.version
    before = present.values[key]
    value = write.values[key]
    value.version, value.mod_policy, value.value = before.version + 1, before.mod_policy, wanted
    return update


async def signed(signing: SigningIdentity, channel: str, update: protos.AnyMessage) -> protos.AnyMessage:
    """Return the ``Envelope`` of a configuration update, signed by one organisation's administrator."""
    update_bytes = update.SerializeToString()
    header = _signature_header(signing)
    signature = protos.ConfigSignature(signature_header=header, signature=await signing.sign(header + update_bytes))
    channel_header = protos.ChannelHeader(type=protos.HeaderType.CONFIG_UPDATE, channel_id=channel)
    channel_header.timestamp.GetCurrentTime()
    payload = protos.Payload(
        header=protos.Header(
            channel_header=channel_header.SerializeToString(), signature_header=_signature_header(signing)
        ),
        data=protos.ConfigUpdateEnvelope(config_update=update_bytes, signatures=[signature]).SerializeToString(),
    ).SerializeToString()
    return protos.Envelope(payload=payload, signature=await signing.sign(payload))


def _signature_header(signing: SigningIdentity) -> bytes:
    header: bytes = protos.SignatureHeader(creator=signing.creator, nonce=os.urandom(_NONCE_BYTES)).SerializeToString()
    return header


async def _config(endorser: Endorser, channel: str) -> protos.AnyMessage:
    try:
        return protos.Config.FromString(await channel_config(endorser, channel))
    except DecodeError as error:
        raise IntegrityError(f"{endorser.address} answered with bytes that cannot be read.", cause=error) from error


def _value(root: protos.AnyMessage, path: Sequence[str], key: str) -> protos.AnyMessage:
    group = root
    for name in path:
        if name not in group.groups:
            raise NotFoundError(f"The channel's configuration has no group {'/'.join(path)}.")
        group = group.groups[name]
    if key not in group.values:
        raise NotFoundError(f"The channel's configuration has no value {'/'.join((*path, key))}.")
    return group.values[key]
