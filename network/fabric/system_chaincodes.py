"""What every peer answers about itself and its channels: the system chaincodes ``cscc`` and ``qscc``."""

from dataclasses import dataclass

from google.protobuf.message import DecodeError

from network.fabric.endorser import Endorser, ProposalError
from quorate.blocks import protos
from quorate.errors import IntegrityError

_ALREADY_JOINED = "already exists"


@dataclass(frozen=True, kw_only=True)
class ChainInfo:
    """How far a peer's copy of a channel goes."""

    height: int
    current_hash: bytes
    previous_hash: bytes


async def join_channel(endorser: Endorser, genesis_block: bytes) -> bool:
    """Have a peer join the channel of a genesis block; tell whether it was not yet in it.

    Raises
    ------
    ProposalError
        The peer did not answer or refused; only its organisation's administrators may have it join.
    """
    try:
        await endorser.call("", "cscc", "JoinChain", genesis_block)
    except ProposalError as error:
        if _ALREADY_JOINED in error.reason:
            return False
        raise
    return True


async def joined_channels(endorser: Endorser) -> tuple[str, ...]:
    """Return the names of the channels that a peer has joined."""
    answer = await endorser.call("", "cscc", "GetChannels")
    found = _decode(protos.ChannelQueryResponse, answer, endorser)
    return tuple(sorted(channel.channel_id for channel in found.channels))


async def chain_info(endorser: Endorser, channel: str) -> ChainInfo:
    """Return how far a peer's copy of a channel goes."""
    answer = await endorser.call(channel, "qscc", "GetChainInfo", channel)
    found = _decode(protos.BlockchainInfo, answer, endorser)
    return ChainInfo(height=found.height, current_hash=found.currentBlockHash, previous_hash=found.previousBlockHash)


async def block_by_number(endorser: Endorser, channel: str, number: int) -> bytes:
    """Return a block (``common.Block``) as a peer holds it."""
    return await endorser.call(channel, "qscc", "GetBlockByNumber", channel, str(number))


async def block_by_transaction(endorser: Endorser, channel: str, transaction_id: str) -> bytes:
    """Return the block (``common.Block``) that holds a transaction."""
    return await endorser.call(channel, "qscc", "GetBlockByTxID", channel, transaction_id)


async def block_by_hash(endorser: Endorser, channel: str, header_hash: bytes) -> bytes:
    """Return the block (``common.Block``) whose header has this hash."""
    return await endorser.call(channel, "qscc", "GetBlockByHash", channel, header_hash)


async def transaction_by_id(endorser: Endorser, channel: str, transaction_id: str) -> bytes:
    """Return a transaction and its validation code (``protos.ProcessedTransaction``)."""
    return await endorser.call(channel, "qscc", "GetTransactionByID", channel, transaction_id)


async def channel_config(endorser: Endorser, channel: str) -> bytes:
    """Return a channel's configuration in force (``common.Config``)."""
    return await endorser.call(channel, "cscc", "GetChannelConfig", channel)


async def config_block(endorser: Endorser, channel: str) -> bytes:
    """Return the newest block (``common.Block``) that configures a channel."""
    return await endorser.call(channel, "cscc", "GetConfigBlock", channel)


def _decode(message: protos.AnyMessage, data: bytes, endorser: Endorser) -> protos.AnyMessage:
    try:
        return message.FromString(data)
    except DecodeError as error:
        raise IntegrityError(f"{endorser.address} answered with bytes that cannot be read.", cause=error) from error
