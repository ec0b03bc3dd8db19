"""What a program sees that uses our own client: results, errors with their peers, checkpoints, waiting."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from gateway.fabric import Endpoint, FileCheckpointer, FileIdentity, GatewayError, Network, Tls, connect
from network.identity import Role
from tests.parity.registry import situation
from tests.parity.situations.events import height
from tests.parity.stage import Stage


@asynccontextmanager
async def _connected(stage: Stage) -> AsyncIterator[Network]:
    connection = stage.network.connection
    organisation = connection.organisation("alder")
    pair, client = organisation.paths.identity(Role.AGENT), organisation.paths.agent_tls
    tls = Tls.from_files(roots=organisation.tls_ca, certificate=client.cert, key=client.key, server_name="localhost")
    identity = FileIdentity(msp_id=organisation.msp_id, certificate=pair.cert, key=pair.key).load()
    async with connect(Endpoint(organisation.address, tls), *identity) as gateway:
        yield gateway.network(connection.channel)


def _run(stage: Stage, act: Callable[[Network], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with asyncio.timeout(30), _connected(stage) as network:
            return await act(network)

    return asyncio.run(run())


@situation("client: a transaction and its result")
def _(stage: Stage) -> object:
    async def act(network: Network) -> object:
        contract = network.contract(stage.network.connection.chaincode)
        result, commit = await contract.submit_async("increment", stage.key())
        status = await commit.status()
        return [
            result.decode(),
            status.code.name,
            status.successful,
            (await contract.evaluate("get", stage.key())).decode(),
        ]

    return _run(stage, act)


@situation("client: errors and whom they come from")
def _(stage: Stage) -> object:
    async def act(network: Network) -> object:
        contract = network.contract(stage.network.connection.chaincode)
        return [
            await _failure(contract.evaluate("fail", "CODE: sorry")),
            await _failure(contract.submit("fail", "CODE: sorry")),
            await _failure(contract.submit("put", stage.key(), "x", endorsing_organizations=["BirchMSP"])),
            await _failure(network.contract("absent").submit("put", "x", "y")),
        ]

    return _run(stage, act)


async def _failure(call: Awaitable[object]) -> object:
    try:
        await call
    except GatewayError as error:
        details = [[detail.address, detail.msp_id, detail.message] for detail in error.details]
        return [type(error).__name__, error.status.name if error.status else None, sorted(details)]
    return "succeeded"


@situation("client: events resumed from a checkpoint again and again")
def _(stage: Stage) -> object:
    start = height(stage)
    for number in range(4):
        stage.submit("event", stage.key(), f"name{number}", f"payload{number}")
    path = Path(stage.network.home.directory) / "checkpoint"

    async def act(network: Network) -> object:
        seen = []
        for _ in range(4):
            checkpointer = FileCheckpointer(path)
            name = stage.network.connection.chaincode
            async with network.chaincode_events(name, start_block=start, checkpoint=checkpointer) as events:
                event = await anext(events)
                seen.append([event.event_name, event.payload.decode()])
                checkpointer.checkpoint_chaincode_event(event)
        return seen

    try:
        return _run(stage, act)
    finally:
        path.unlink(missing_ok=True)


@situation("client: filtered blocks resumed from a checkpoint")
def _(stage: Stage) -> object:
    start = height(stage)
    ids = [stage.submit("put", stage.key(), str(number)) for number in range(3)]
    path = Path(stage.network.home.directory) / "checkpoint"

    async def act(network: Network) -> object:
        seen: list[list[str]] = []
        for _ in range(3):
            checkpointer = FileCheckpointer(path)
            async with network.filtered_block_events(start_block=start, checkpoint=checkpointer) as blocks:
                block = await anext(blocks)
                seen.append([transaction.txid for transaction in block.filtered_transactions])
                checkpointer.checkpoint_block(block.number)
        return seen == [[tx_id] for tx_id in ids]

    try:
        return _run(stage, act)
    finally:
        path.unlink(missing_ok=True)


@situation("client: twenty transactions at once")
def _(stage: Stage) -> object:
    async def act(network: Network) -> object:
        contract = network.contract(stage.network.connection.chaincode)
        await asyncio.gather(*(contract.submit("put", stage.key(str(number)), "x") for number in range(20)))
        return (await contract.evaluate("range", stage.key(), stage.key("~"))).decode().count("=")

    return _run(stage, act)
