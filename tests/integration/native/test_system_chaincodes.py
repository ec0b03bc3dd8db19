"""What real peers answer about themselves and their channels, taken apart by our own decoders."""

import asyncio
import hashlib

from gateway.fabric import Endpoint, FileIdentity, Tls, connect
from network.consortium import found_at_once
from network.fabric import system_chaincodes
from network.fabric.endorser import open_endorser
from quorate.blocks import protos
from quorate.blocks.block import decode_block
from quorate.blocks.config import ChannelConfig
from quorate.blocks.transaction import indexed_id
from tests.integration.native.conftest import topology


async def test_channels_blocks_transactions_and_configuration(native, start):
    network = await asyncio.to_thread(start, native, topology("Alder", "Birch"))
    await asyncio.to_thread(found_at_once, network.connection, timeout_s=60)
    alder, _ = network.connection.organisations
    client, admin = alder.paths.gateway_client, alder.paths.admin
    tls = Tls.from_files(roots=alder.tls_ca, certificate=client.cert, key=client.key, server_name=alder.server_name)
    who = FileIdentity(msp_id=alder.msp_id, certificate=admin.cert, key=admin.key).load()
    async with open_endorser(Endpoint(alder.address, tls), *who) as endorser:
        assert await system_chaincodes.joined_channels(endorser) == ("quorate",)
        genesis = await system_chaincodes.block_by_number(endorser, "quorate", 0)
        assert decode_block(genesis).header.digest == network.connection.genesis_digest
        assert not await system_chaincodes.join_channel(endorser, genesis)

        info = await system_chaincodes.chain_info(endorser, "quorate")
        last = await system_chaincodes.block_by_number(endorser, "quorate", info.height - 1)
        newest = decode_block(last)
        assert info.current_hash == newest.header.hash
        assert await system_chaincodes.block_by_hash(endorser, "quorate", info.current_hash) == last

        transaction_id = indexed_id(newest.entries[0])
        assert await system_chaincodes.block_by_transaction(endorser, "quorate", transaction_id) == last
        found = protos.ProcessedTransaction.FromString(
            await system_chaincodes.transaction_by_id(endorser, "quorate", transaction_id)
        )
        assert found.validationCode == 0
        assert found.transactionEnvelope.SerializeToString() == newest.entries[0]

        config = protos.Config.FromString(await system_chaincodes.channel_config(endorser, "quorate"))
        assert set(config.channel_group.groups["Application"].groups) == {"AlderMSP", "BirchMSP"}
        assert await system_chaincodes.config_block(endorser, "quorate") == genesis
        assert ChannelConfig(decode_block(genesis).entries[0]).channel == "quorate"

    async with connect(Endpoint(alder.address, tls), *who) as gateway:
        blocks = [block async for block in gateway.network("quorate").blocks(0, info.height - 1)]
    assert [block.header.number for block in blocks] == list(range(info.height))
    assert hashlib.sha256(blocks[-1].SerializeToString()).digest() == hashlib.sha256(last).digest()
