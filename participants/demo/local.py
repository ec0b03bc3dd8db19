"""A consortium whose every process runs on this machine: each part can be started, and started again, by name."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gateway.artifacts.label import Kind
from network.engine import Engine, driver
from network.home import NetworkHome
from network.identity import Role
from network.ports import free
from network.process import tail
from network.topology import Topology
from participants.demo import founding
from participants.demo.configuration import (
    fingerprint_key,
    write_agent,
    write_gateway,
    write_profiles,
)
from participants.demo.measure import descendants, proportional_set_size
from participants.demo.processes import gateway_address, start_gateway
from participants.plans.approved import ApprovedPlans
from quorate.digest import digest_of
from quorate.errors import ExitCode, UnreachableError

if TYPE_CHECKING:
    from pathlib import Path

    from network.connection import Connection, OrganisationConnection
    from network.engine import RunningNetwork
    from network.process import Process
    from participants.data.bindings import DataBinding
    from participants.demo.founding import People
    from participants.demo.processes import Nursery
    from participants.demo.scenario import Scenario
    from participants.demo.workspace import MemberPlace, Workspace
    from quorate.digest import Digest
    from quorate.records.study import Terms

CONSORTIUM: Final = "Quorate demo consortium"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What a study's terms name, as files of the workspace."""

    plan: Path
    initial: Path
    evaluation: Path
    tensors: list[dict[str, Any]]
    fingerprints: list[Digest]


class LocalConsortium:
    """The ledger, gateways, agents and people of one workspace.

    Parameters
    ----------
    workspace
        Where every file lies.
    scenario
        Who the members are, and what they train.
    nursery
        Forks the agents; may be shared and is not closed here.
    keep
        Let the processes outlive this one.
    engine
        What the ledger runs on.
    """

    def __init__(
        self,
        workspace: Workspace,
        scenario: Scenario,
        nursery: Nursery,
        *,
        keep: bool = False,
        engine: Engine = Engine.EMBEDDED,
    ) -> None:
        self.workspace = workspace
        self.scenario = scenario
        self.nursery = nursery
        self.engine = engine
        self.places: dict[str, MemberPlace] = {name: workspace.member(name) for name in scenario.members}
        self.gateways: dict[str, Process] = {}
        self.addresses: dict[str, str] = {}
        self.agents: dict[str, int] = {}
        self.network_up = 0.0
        self.topology = Topology.for_members(scenario.members)
        """What the ledger's peers are like; read when the ledger starts."""
        self._keep = keep
        self._network: RunningNetwork | None = None
        self._people = AsyncExitStack()
        self.people: People | None = None

    @property
    def network(self) -> RunningNetwork:
        """The ledger, as it runs."""
        if self._network is None:
            raise RuntimeError("the ledger has not been started")
        return self._network

    @property
    def connection(self) -> Connection:
        """How to reach the ledger."""
        return self.network.connection

    def organisation(self, name: str) -> OrganisationConnection:
        """Return a member's peer, certificates and keys."""
        return self.connection.organisations[list(self.places).index(name)]

    def start_network(self) -> None:
        """Start the ledger, or start it again where it was.

        To be called in the main thread: what dies with its parent ends with the *thread* that launched it.
        """
        began = time.monotonic()
        home = NetworkHome(self.workspace.network)
        self._network = driver(self.engine).start(home, self.topology, dies_with_parent=not self._keep)
        self.network_up = time.monotonic() - began

    async def start_gateways(self) -> None:
        """Start every member's gateway, all at once, and write what its people and agent need to reach it."""
        taken: set[int] = set()
        for name, place in self.places.items():
            taken.add(port := free(taken=taken))  # where it comes back when it is started again
            write_gateway(
                place,
                self.organisation(name),
                port=port,
                channel=self.connection.channel,
                chaincode=self.connection.chaincode,
            )
        await asyncio.gather(*map(self.start_gateway, self.places))
        for name, place in self.places.items():
            write_profiles(
                place,
                self.organisation(name),
                gateway=self.addresses[name],
                channel=self.connection.channel,
                chaincode=self.connection.chaincode,
            )

    async def start_gateway(self, name: str) -> None:
        """Start a member's gateway by its configuration file, and return once it answers."""
        self.gateways[name] = start_gateway(self.places[name], name, dies_with_parent=not self._keep)
        self.addresses[name] = await gateway_address(self.gateways[name])

    async def start_agents(self) -> None:
        """Approve the scenario's plan for every member, and start the agents."""
        document = self.scenario.plan.encode()
        for name, binding in zip(self.places, self.scenario.bindings, strict=True):
            # The operator's approval: whoever runs the demo answers for the plan that ships with Quorate.
            ApprovedPlans(self.places[name].plans).approve(digest_of(document), document)
            write_agent(
                self.places[name],
                self.organisation(name),
                gateway=self.addresses[name],
                binding=binding,
                channel=self.connection.channel,
                chaincode=self.connection.chaincode,
            )
        await asyncio.gather(*map(self.start_agent, self.places))

    async def start_agent(self, name: str) -> None:
        """Start a member's agent by its configuration file."""
        place = self.places[name]
        self.agents[name] = await self.nursery.agent(place.agent_config, place.log("agent"))

    async def agent_ended(self, name: str) -> None:
        """Return once a member's agent has ended since its budget is spent, which the ledger tells with its numbers.

        Raises
        ------
        UnreachableError
            When the agent ended by itself otherwise, as at its import; the message quotes the end of its log.
        """
        status = await self.nursery.ended(self.agents[name])
        if status != ExitCode.BUDGET:
            log = self.places[name].log("agent")
            raise UnreachableError(
                f"the agent of {name} ended with status {status}:\n{tail(log, lines=12)}", hint=f"See {log}"
            )

    async def found(self) -> People:
        """Open everybody's sessions and found the consortium."""
        self.people = await self._people.enter_async_context(founding.everyone(self.places))
        keys = {name: fingerprint_key(place).read_bytes() for name, place in self.places.items()}
        await founding.found(self.people, title=CONSORTIUM, fingerprint_keys=keys)
        return self.people

    async def prepare(self) -> Prepared:
        """Write plan, initial model and evaluation set, and take every data set's fingerprint."""
        directory = self.workspace.directory
        plan = directory / "plan.json"
        plan.write_bytes(self.scenario.plan.encode())
        initial, evaluation = directory / "initial.safetensors", directory / "evaluation.safetensors"
        prepared, fingerprints = await asyncio.gather(
            self.nursery.job(
                "prepare",
                plan=str(plan),
                study=founding.STUDY,
                scale_bits=founding.SCALE_BITS,
                initial=str(initial),
                evaluation=as_json(self.scenario.evaluation),
                evaluation_out=str(evaluation),
            ),
            self.nursery.job(
                "fingerprints",
                bindings=[as_json(binding) for binding in self.scenario.bindings],
                keys=[str(fingerprint_key(place)) for place in self.places.values()],
            ),
        )
        return Prepared(
            plan=plan,
            initial=initial,
            evaluation=evaluation,
            tensors=prepared["tensors"],
            fingerprints=fingerprints,
        )

    async def terms(self, prepared: Prepared, *, rounds: int, people: People) -> Terms:
        """Return the terms of the scenario's study."""
        policy = await people.of(Role.OPERATOR)[0].ledger.policy.get()
        return founding.terms_of(
            self.scenario,
            people,
            rounds=rounds,
            plan=digest_of(prepared.plan.read_bytes()),
            tensors=prepared.tensors,
            initial=digest_of(prepared.initial.read_bytes()),
            evaluation=digest_of(prepared.evaluation.read_bytes()),
            policy_version=policy.version,
        )

    async def agree(self, terms: Terms, prepared: Prepared, *, cap: str, people: People) -> None:
        """Register every data set, then propose, vote, accept and start the study."""
        await founding.register(people, self.scenario, prepared.fingerprints, cap=cap)
        files = {
            Kind.PLAN: prepared.plan,
            Kind.INITIAL_MODEL: prepared.initial,
            Kind.EVALUATION: prepared.evaluation,
        }
        await founding.agree(people, terms, files=files)

    def memory(self) -> int:
        """Return the memory of all processes together, this one included (PSS, bytes)."""
        ledger = {node.pid for node in self.network.nodes.values() if node.pid is not None}
        pids = ledger | {os.getpid(), *(process.pid for process in self.gateways.values())}
        return proportional_set_size(pids | descendants(self.nursery.process.pid))

    async def close(self) -> None:
        """Close the sessions; end gateways and ledger. Agents end with the nursery."""
        await self._people.aclose()
        await asyncio.gather(*(asyncio.to_thread(process.stop) for process in self.gateways.values()))
        if self._network is not None:
            await asyncio.to_thread(self._network.stop)

    async def release(self) -> None:
        """Close the sessions and let everything else outlive this process."""
        await self._people.aclose()
        for process in self.gateways.values():
            process.release()
        self.network.release()


def as_json(binding: DataBinding) -> dict[str, Any]:
    """Return a binding as plain JSON."""
    value: dict[str, Any] = binding.model_dump(mode="json", exclude_none=True)
    return value
