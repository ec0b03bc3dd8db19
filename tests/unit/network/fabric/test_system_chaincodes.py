"""What is asked of a peer's system chaincodes, and what becomes of its answers."""

from contextlib import asynccontextmanager

import pytest

from network.fabric import system_chaincodes
from network.fabric.endorser import ProposalError, open_endorser
from quorate.blocks import protos
from quorate.errors import IntegrityError
from tests.unit.network.lifecycle.fake_channel import Refusal, channel


@asynccontextmanager
async def peer_that(**answers):
    """Open a peer that answers so; names are ``cscc_GetChannels`` and the like."""
    async with channel() as (_, organisations):
        alder = organisations["AlderMSP"]
        alder.peers[0].answers = {tuple(name.split("_", 1)): answer for name, answer in answers.items()}
        async with open_endorser(alder.endpoints[0], alder.identity, alder.signer) as endorser:
            yield endorser


def echo(channel, arguments):
    return b"|".join([channel.encode(), *arguments])


async def test_joining_is_asked_once_and_may_be_repeated():
    joined = []

    def join(where, arguments):
        if joined:
            raise Refusal(500, "cannot create ledger from genesis block: ledger [quorate] already exists with state")
        joined.append((where, *arguments))
        return b""

    async with peer_that(cscc_JoinChain=join) as endorser:
        assert await system_chaincodes.join_channel(endorser, b"genesis")
        assert not await system_chaincodes.join_channel(endorser, b"genesis")
    assert joined == [("", b"genesis")]


async def test_a_refusal_to_join_is_passed_on():
    def deny(_channel, _arguments):
        raise Refusal(500, "access denied for [JoinChain]: not an admin")

    async with peer_that(cscc_JoinChain=deny) as endorser:
        with pytest.raises(ProposalError) as caught:
            await system_chaincodes.join_channel(endorser, b"genesis")
    assert (caught.value.code, caught.value.exit_code) == ("DENIED", 4)


async def test_channels_and_heights():
    channels = protos.ChannelQueryResponse(channels=[{"channel_id": "b"}, {"channel_id": "a"}])
    info = protos.BlockchainInfo(height=7, currentBlockHash=b"now", previousBlockHash=b"before")
    async with peer_that(
        cscc_GetChannels=lambda *_: channels.SerializeToString(), qscc_GetChainInfo=lambda *_: info.SerializeToString()
    ) as endorser:
        assert await system_chaincodes.joined_channels(endorser) == ("a", "b")
        found = await system_chaincodes.chain_info(endorser, "quorate")
    assert (found.height, found.current_hash, found.previous_hash) == (7, b"now", b"before")


async def test_an_answer_that_cannot_be_read():
    async with peer_that(cscc_GetChannels=lambda *_: b"\xff") as endorser:
        with pytest.raises(IntegrityError, match="cannot be read"):
            await system_chaincodes.joined_channels(endorser)


@pytest.mark.parametrize(
    ("name", "ask", "expected"),
    [
        ("qscc_GetBlockByNumber", lambda e: system_chaincodes.block_by_number(e, "quorate", 4), b"quorate|quorate|4"),
        (
            "qscc_GetBlockByTxID",
            lambda e: system_chaincodes.block_by_transaction(e, "quorate", "t"),
            b"quorate|quorate|t",
        ),
        (
            "qscc_GetBlockByHash",
            lambda e: system_chaincodes.block_by_hash(e, "quorate", b"\x00h"),
            b"quorate|quorate|\x00h",
        ),
        (
            "qscc_GetTransactionByID",
            lambda e: system_chaincodes.transaction_by_id(e, "quorate", "t"),
            b"quorate|quorate|t",
        ),
        ("cscc_GetChannelConfig", lambda e: system_chaincodes.channel_config(e, "quorate"), b"quorate|quorate"),
        ("cscc_GetConfigBlock", lambda e: system_chaincodes.config_block(e, "quorate"), b"quorate|quorate"),
    ],
)
async def test_each_question_goes_to_its_function(name, ask, expected):
    async with peer_that(**{name: echo}) as endorser:
        assert await ask(endorser) == expected
