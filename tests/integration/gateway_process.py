"""Gateways as real processes on a real network, for tests."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.fabric import FileIdentity, connect
from gateway.ledger import Ledger
from gateway.service.client import GatewayClient, connect_gateway
from network.identity import Role

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from network.connection import Connection, OrganisationConnection

ROOT = Path(__file__).parents[2]
READY_SECONDS = 120
END_SECONDS = 60


@dataclass
class GatewayProcess:
    """One organisation's gateway."""

    network: Connection
    member: OrganisationConnection
    directory: Path
    limits: str = ""
    others: tuple[str, ...] = ()
    process: asyncio.subprocess.Process | None = None
    address: str = ""

    def configuration(self) -> str:
        paths = self.member.paths
        return f"""
msp_id = "{self.member.msp_id}"
listen = "localhost:0"
state = "state-{self.member.name}"
channel = "{self.network.channel}"
chaincode = "{self.network.chaincode}"
[peer]
endpoint = "{self.member.address}"
others = {json.dumps(self.others)}
tls_ca = "{self.member.tls_ca}"
[identity]
certificate = "{paths.identity(Role.AGGREGATOR).cert}"
key = "{paths.identity(Role.AGGREGATOR).key}"
[tls]
certificate = "{paths.gateway_tls.cert}"
key = "{paths.gateway_tls.key}"
client_certificate = "{paths.gateway_client.cert}"
client_key = "{paths.gateway_client.key}"
ca = "{paths.tls_ca.cert}"
[limits]
disk_reserve_bytes = 0
{self.limits}
"""

    async def start(self) -> dict[str, Any]:
        """Start it, and return its ready line."""
        config = self.directory / f"{self.member.name}.toml"
        config.write_text(self.configuration())
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "quorate",
            "gateway",
            "serve",
            "--config",
            str(config),
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=asyncio.subprocess.PIPE,
        )
        assert self.process.stdout is not None
        try:
            line = await asyncio.wait_for(self.process.stdout.readline(), READY_SECONDS)
            assert line, f"the gateway of {self.member.name} ended: {await self.process.wait()}"
        except BaseException:
            await self.stop(signal.SIGKILL)  # nobody ends what did not start
            raise
        ready: dict[str, Any] = json.loads(line)
        self.address = str(ready["address"])
        return ready

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, and return the exit status; 0 where it was never started."""
        if self.process is None:
            return 0
        if self.process.returncode is None:
            with suppress(ProcessLookupError):  # it ended, and this loop has not heard of it yet
                self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), END_SECONDS)

    async def doctor(self) -> tuple[int | None, list[dict[str, str]]]:
        """Have its configuration and surroundings checked; return the exit status and the findings."""
        config = str(self.directory / f"{self.member.name}.toml")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "quorate", "doctor", "--config", config, "--format", "json"),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await asyncio.wait_for(process.communicate(), 180)
        return process.returncode, json.loads(out)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[GatewayClient]:
        """Connect as the organisation's agent."""
        pair = self.member.paths.agent_tls
        async with connect_gateway(
            self.address, tls_ca=self.member.paths.tls_ca.cert, cert=pair.cert, key=pair.key
        ) as client:
            yield client

    @asynccontextmanager
    async def ledger(self, role: Role) -> AsyncIterator[Ledger]:
        """Call the chaincode through the relay, in a role."""
        pair = self.member.paths.identity(role)
        identity, signer = FileIdentity(msp_id=self.member.msp_id, certificate=pair.cert, key=pair.key).load()
        async with self.client() as client, connect(client.channel, identity, signer) as gateway:
            yield Ledger(gateway.network(self.network.channel).contract(self.network.chaincode))
