"""What the relay adds to a call: the same Evaluate straight to a peer that answers at once, and through a gateway.

Peer, gateway and caller are processes of their own, over mutual TLS on loopback; calls follow one another.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import grpc

from gateway.fabric import Endpoint, FileIdentity, OfflineSigner, Tls, connect
from gateway.service.callers import Roots
from gateway.service.config import TimeoutsSection, TlsSection
from gateway.service.drain import Drain
from gateway.service.failover import Peer, PeerChannel
from gateway.service.limiter import Rate, Slots
from gateway.service.methods import Door
from gateway.service.relay.forward import GATEWAY, Relay
from gateway.service.relay.guard import Guard, RelayLimits
from gateway.service.relay.rules import Rules
from gateway.service.relay.turns import Turns
from gateway.service.server import GatewayServer, credentials
from network.identity import OrganisationPaths, Role, issue_organisation
from quorate.blocks import protos
from quorate.identifiers import MspId

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

CALLS: Final = 1000
_WARM: Final = 100
_SECONDS: Final = 60.0
_MSP: Final = MspId("AlderMSP")
_METHOD: Final = f"/{GATEWAY}/Evaluate"


def run(calls: int = CALLS) -> dict[str, Any]:
    """Return milliseconds of one call: directly, through the relay, and the difference of the medians."""
    directory = Path(tempfile.mkdtemp(prefix="quorate-relay-"))
    context = multiprocessing.get_context("spawn")
    pipes, processes = [], []
    try:
        paths = issue_organisation(directory, "alder")
        address = ""
        addresses = []
        for serve in (_peer, _gateway):
            here, there = context.Pipe()
            process = context.Process(target=serve, args=(there, paths, address), daemon=True)
            process.start()
            there.close()
            address = _answer(here)
            pipes.append(here)
            processes.append(process)
            addresses.append(address)
        direct, relayed = (asyncio.run(_call(address, paths, calls)) for address in addresses)
        for pipe, process in zip(pipes, processes, strict=True):
            pipe.send("stop")
            process.join(_SECONDS)
    finally:
        shutil.rmtree(directory)
    return {
        "calls": calls,
        "direct_ms_median": round(statistics.median(direct), 3),
        "relayed_ms_median": round(statistics.median(relayed), 3),
        "relayed_ms_p99": round(statistics.quantiles(relayed, n=100)[98], 3),
        "overhead_ms_median": round(statistics.median(relayed) - statistics.median(direct), 3),
    }


async def _call(address: str, paths: OrganisationPaths, calls: int) -> list[float]:
    pair, tls = paths.identity(Role.AGENT), paths.agent_tls
    identity, _ = FileIdentity(msp_id=_MSP, certificate=pair.cert, key=pair.key).load()
    endpoint = Endpoint(address, Tls.from_files(roots=paths.tls_ca.cert, certificate=tls.cert, key=tls.key))
    took = []
    async with endpoint.channel() as channel, connect(channel, identity, OfflineSigner()) as gateway:
        proposal = gateway.network("quorate").contract("quorate").new_proposal("round:Get", "x" * 200)
        proposed = protos.ProposedTransaction.FromString(proposal.bytes)
        request = protos.EvaluateRequest(
            transaction_id=proposed.transaction_id, channel_id="quorate", proposed_transaction=proposed.proposal
        ).SerializeToString()
        evaluate = channel.unary_unary(_METHOD)
        for index in range(_WARM + calls):
            started = time.perf_counter()
            await evaluate(request, timeout=5)
            if index >= _WARM:
                took.append((time.perf_counter() - started) * 1000)
    return took


def _peer(pipe: Connection, paths: OrganisationPaths, _address: str) -> None:
    answer = protos.EvaluateResponse(result=protos.Response(status=200, payload=b"x" * 1000)).SerializeToString()

    async def evaluate(_request: bytes, _context: object) -> bytes:
        return answer

    async def serve() -> None:
        server = grpc.aio.server()
        method = grpc.unary_unary_rpc_method_handler(evaluate)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(GATEWAY, {"Evaluate": method}),))
        pair = (paths.peer_tls.key.read_bytes(), paths.peer_tls.cert.read_bytes())
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
        await server.start()
        pipe.send(f"localhost:{port}")
        await asyncio.to_thread(pipe.recv)
        await server.stop(0)

    asyncio.run(serve())


def _gateway(pipe: Connection, paths: OrganisationPaths, address: str) -> None:
    async def serve() -> None:
        client = paths.gateway_client
        tls = Tls.from_files(roots=paths.tls_ca.cert, certificate=client.cert, key=client.key)
        roots = Roots(_MSP, paths.tls_ca.cert.read_bytes())
        limits = RelayLimits(
            message_bytes=1_000_000,
            rate=Rate(1e9, burst=1_000_000),
            calls=Slots(100, limit="calls"),
            streams=Slots(10, limit="streams"),
            peer_calls=Turns(100, seconds=5, limit="peer calls"),
            peer_streams=Slots(10, limit="peer streams"),
        )
        rules = Rules(msp=_MSP, channel="quorate", chaincode="quorate", functions=frozenset({"round:Get"}))
        guard = Guard(Door(roots), rules, limits, Drain())
        section = TlsSection(
            certificate=paths.gateway_tls.cert,
            key=paths.gateway_tls.key,
            client_certificate=client.cert,
            client_key=client.key,
            ca=paths.tls_ca.cert,
        )
        async with PeerChannel(_MSP, [Peer(address, Endpoint(address, tls).channel())]) as channel:
            server = GatewayServer(Relay(channel, guard, TimeoutsSection()).handlers(), message_bytes=1_000_000)
            port = await server.start("127.0.0.1:0", credentials(section, roots))
            pipe.send(f"localhost:{port}")
            await asyncio.to_thread(pipe.recv)
            await server.stop(0)

    asyncio.run(serve())


def _answer(pipe: Connection) -> str:
    if not pipe.poll(_SECONDS):
        raise RuntimeError("a server does not answer")
    return str(pipe.recv())


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(), indent=2) + "\n")
