"""The native engine's driver: start, stop, status and logs of a network of Fabric's own processes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from network.chaincode_node import is_serving
from network.engine import ChaincodeProgram
from network.fabric.identities import identities_of
from network.fabric.plan import Place, Plan
from network.fabric.programs import FabricPrograms
from network.home import NetworkHome
from network.logs import follow_log, writer_of
from network.native.authorities import answers
from network.native.plan import read_plan
from network.native.running import NativeNetwork
from network.native.start import start_network
from network.own_programs import find_chaincode_program
from network.process_node import stop_recorded
from network.readiness import is_healthy
from network.status import State, Status, of_process
from network.topology import Topology
from quorate.errors import UsageError


@dataclass(frozen=True)
class NativeDriver:
    """The native engine, as `network.engine.Driver`.

    Attributes
    ----------
    fabric_bin
        Where Fabric's programs are; otherwise they are looked for, as `network.fabric.programs` says.
    """

    fabric_bin: Path | None = None

    def missing(self) -> str | None:
        """Return None if this engine can run here, else what is missing."""
        try:
            FabricPrograms.find(self.fabric_bin)
            find_chaincode_program()
        except UsageError as error:
            return f"{error} {error.hint}"
        return None

    def start(
        self,
        home: NetworkHome,
        topology: Topology,
        *,
        chaincode: ChaincodeProgram | None = None,
        dies_with_parent: bool = False,
    ) -> NativeNetwork:
        """Start a network, or what of it does not run, and return once its chaincode answers on every peer.

        Errors are those of `network.engine.Driver`.
        """
        programs = FabricPrograms.find(self.fabric_bin)
        programs.require(topology.fabric_version)
        with home.locked():
            return start_network(home, topology, programs, chaincode, dies_with_parent=dies_with_parent)

    def stop(self, home: NetworkHome) -> bool:
        """End the network in a directory, whoever started it, and tell whether anything of it was running."""
        with home.locked():
            was_running = stop_recorded(sorted(home.nodes.glob("*/node.pid")))
            home.connection.unlink(missing_ok=True)
        return was_running

    def status(self, home: NetworkHome) -> list[Status]:
        """Return how each process is found, and whether it answers."""
        if not home.topology.exists():
            return []
        plan = read_plan(home, Topology.load(home.topology))
        return [_found(place, plan) for place in plan.places]

    def logs(self, home: NetworkHome) -> Mapping[str, Path]:
        """Return the logs by node name."""
        if not home.topology.exists():
            return {}
        plan = read_plan(home, Topology.load(home.topology))
        return {place.name: place.log for place in plan.places}

    def follow(self, home: NetworkHome, name: str) -> Iterator[str]:
        """Yield a node's log, then what is added to it, until the node ends."""
        log = self.logs(home)[name]
        return follow_log(log, writer_of(log))


def _found(place: Place, plan: Plan) -> Status:
    found = of_process(place.name, place.kind, place.pid_file, place.log, address=place.address)
    if found.state is not State.RUNNING or _answers(place, plan):
        return found
    return found.but(State.SILENT)


def _answers(place: Place, plan: Plan) -> bool:
    identities = identities_of(plan.home, plan.topology)
    if place.kind == "chaincode":
        return is_serving(place.address, identities.organisations[place.owner])
    if place.kind == "ca":
        return answers(place, plan, identities)
    return is_healthy(place.operations)
