"""The running consortium of a demo: ledger, gateways, agents, and everybody's sessions; up in order, down in order."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gateway.artifacts.label import Kind
from network import embedded_engine
from network.home import NetworkHome
from network.identity import Role
from network.topology import Topology
from participants.demo import founding
from participants.demo.configuration import fingerprint_key, write_agent, write_gateway, write_profiles
from participants.demo.measure import descendants, proportional_set_size
from participants.demo.processes import Nursery, gateway_address, start_gateway
from participants.plans.approved import ApprovedPlans
from quorate.digest import digest_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from pathlib import Path

    from network.embedded_engine import RunningNetwork
    from network.process import Process
    from participants.data.bindings import DataBinding
    from participants.demo.board import Board
    from participants.demo.founding import People
    from participants.demo.options import DemoOptions
    from participants.demo.scenario import Scenario
    from participants.demo.workspace import MemberPlace, Workspace
    from quorate.records.study import Terms

CONSORTIUM: Final = "Quorate demo consortium"


@dataclass(slots=True, kw_only=True)
class Stage:
    """What runs.

    Attributes
    ----------
    network_up
        Seconds from starting the ledger to its first answer.
    """

    workspace: Workspace
    scenario: Scenario
    options: DemoOptions
    network: RunningNetwork
    network_up: float
    nursery: Nursery
    places: Mapping[str, MemberPlace]
    gateways: Mapping[str, Process]
    agents: dict[str, int]
    people: People
    terms: Terms

    def memory(self) -> int:
        """Return the memory of all processes together, this one included (PSS, bytes)."""
        pids = {self.network.process.pid, *(process.pid for process in self.gateways.values())}
        return proportional_set_size(pids | descendants(self.nursery.process.pid) | {os.getpid()})


@asynccontextmanager
async def stage(options: DemoOptions, scenario: Scenario, workspace: Workspace, board: Board) -> AsyncIterator[Stage]:
    """Bring a consortium up to a running study; take it down in the end unless it is to be kept.

    Raises
    ------
    QuorateError
        What any of its steps raised; everything started is taken down then.
    """
    async with AsyncExitStack() as stack:
        nursery = await Nursery.start(_made(workspace.directory / "nursery"))
        _when_done(stack, options, end=nursery.close, leave=nursery.release)
        board.say("starting the ledger and the members' gateways while the training stack is imported")
        network, seconds = _network(scenario, workspace, keep=options.keep)
        _when_done(stack, options, end=lambda: asyncio.to_thread(network.stop), leave=network.process.release)
        places = {name: workspace.member(name) for name in scenario.members}
        gateways = _gateways(network, places, keep=options.keep)
        _when_done(stack, options, end=lambda: _stop(gateways), leave=lambda: _release(gateways))
        addresses = await _addresses(network, places, gateways)
        people = await stack.enter_async_context(founding.everyone(places))
        keys = {name: fingerprint_key(place) for name, place in places.items()}
        await founding.found(people, title=CONSORTIUM, fingerprint_keys={n: k.read_bytes() for n, k in keys.items()})
        board.say(f"consortium founded: {', '.join(scenario.members)}")
        await nursery.wait_ready()
        agents = await _agents(nursery, network, places, addresses, scenario)
        terms = await _agreed(nursery, workspace, scenario, people, keys=keys, options=options)
        board.say("study voted, accepted by every participant, and started")
        yield Stage(
            workspace=workspace,
            scenario=scenario,
            options=options,
            network=network,
            network_up=seconds,
            nursery=nursery,
            places=places,
            gateways=gateways,
            agents=agents,
            people=people,
            terms=terms,
        )


def _when_done(
    stack: AsyncExitStack, options: DemoOptions, *, end: Callable[[], Awaitable[object]], leave: Callable[[], None]
) -> None:
    """End something when the demo ends, but leave it when the demo ended well and is to be kept."""

    async def callback(kind: type[BaseException] | None, _error: object, _trace: object) -> bool:
        if kind is None and options.keep:
            leave()
        else:
            await end()
        return False

    stack.push_async_exit(callback)


def _network(scenario: Scenario, workspace: Workspace, *, keep: bool) -> tuple[RunningNetwork, float]:
    topology = Topology.for_members(scenario.members)
    began = time.monotonic()
    # In this thread: the kernel ends what dies with its parent when the *thread* that launched it ends.
    network = embedded_engine.start(NetworkHome(workspace.network), topology, dies_with_parent=not keep)
    return network, time.monotonic() - began


def _gateways(network: RunningNetwork, places: Mapping[str, MemberPlace], *, keep: bool) -> dict[str, Process]:
    connection = network.connection
    for place, organisation in zip(places.values(), connection.organisations, strict=True):
        write_gateway(place, organisation, channel=connection.channel, chaincode=connection.chaincode)
    return {name: start_gateway(place, name, dies_with_parent=not keep) for name, place in places.items()}


async def _addresses(
    network: RunningNetwork, places: Mapping[str, MemberPlace], gateways: Mapping[str, Process]
) -> dict[str, str]:
    found = await asyncio.gather(*(gateway_address(process) for process in gateways.values()))
    addresses = dict(zip(gateways, found, strict=True))
    connection = network.connection
    for (name, place), organisation in zip(places.items(), connection.organisations, strict=True):
        write_profiles(
            place,
            organisation,
            gateway=addresses[name],
            channel=connection.channel,
            chaincode=connection.chaincode,
        )
    return addresses


async def _agents(
    nursery: Nursery,
    network: RunningNetwork,
    places: Mapping[str, MemberPlace],
    addresses: Mapping[str, str],
    scenario: Scenario,
) -> dict[str, int]:
    document = scenario.plan.encode()
    connection = network.connection
    agents: dict[str, int] = {}
    for (name, place), organisation, binding in zip(
        places.items(), connection.organisations, scenario.bindings, strict=True
    ):
        # The operator's approval: in the demo, whoever runs it answers for the plan that ships with Quorate.
        ApprovedPlans(place.plans).approve(digest_of(document), document)
        write_agent(
            place,
            organisation,
            gateway=addresses[name],
            binding=binding,
            channel=connection.channel,
            chaincode=connection.chaincode,
        )
        agents[name] = await nursery.agent(place.agent_config, place.log("agent"))
    return agents


async def _agreed(
    nursery: Nursery,
    workspace: Workspace,
    scenario: Scenario,
    people: People,
    *,
    keys: Mapping[str, Path],
    options: DemoOptions,
) -> Terms:
    plan = workspace.directory / "plan.json"
    plan.write_bytes(scenario.plan.encode())
    initial, evaluation = workspace.directory / "initial.safetensors", workspace.directory / "evaluation.safetensors"
    prepared, fingerprints = await asyncio.gather(
        nursery.job(
            "prepare",
            plan=str(plan),
            study=founding.STUDY,
            scale_bits=founding.SCALE_BITS,
            initial=str(initial),
            evaluation=as_json(scenario.evaluation),
            evaluation_out=str(evaluation),
        ),
        nursery.job(
            "fingerprints",
            bindings=[as_json(binding) for binding in scenario.bindings],
            keys=[str(key) for key in keys.values()],
        ),
    )
    await founding.register(people, scenario, fingerprints, cap=options.cap)
    policy = await people.of(Role.OPERATOR)[0].ledger.policy.get()
    terms = founding.terms_of(
        scenario,
        people,
        rounds=options.rounds,
        plan=digest_of(plan.read_bytes()),
        tensors=prepared["tensors"],
        initial=prepared["initial"],
        evaluation=digest_of(evaluation.read_bytes()),
        policy_version=policy.version,
    )
    files = {Kind.PLAN: plan, Kind.INITIAL_MODEL: initial, Kind.EVALUATION: evaluation}
    await founding.agree(people, terms, files=files)
    return terms


def as_json(binding: DataBinding) -> dict[str, Any]:
    """Return a binding as plain JSON."""
    return binding.model_dump(mode="json", exclude_none=True)


def _made(directory: Path) -> Path:
    directory.mkdir(mode=0o700, exist_ok=True)
    return directory


async def _stop(gateways: Mapping[str, Process]) -> None:
    await asyncio.gather(*(asyncio.to_thread(process.stop) for process in gateways.values()))


def _release(gateways: Mapping[str, Process]) -> None:
    for process in gateways.values():
        process.release()
