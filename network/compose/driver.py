"""The container engine's driver: start, stop, status and logs of a network of Fabric's images."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from network.compose import prerequisites
from network.compose.containers import Container, containers_of
from network.compose.images import Images
from network.compose.logs import follow
from network.compose.plan import read_plan
from network.compose.prepare import Draft
from network.compose.project import project_of
from network.compose.running import ComposeNetwork, reached_at, save_logs, take_down
from network.compose.start import start_network
from network.engine import ChaincodeProgram
from network.fabric.plan import Place, Plan
from network.fabric.programs import FabricPrograms
from network.home import NetworkHome
from network.logs import read_log
from network.status import State, Status
from network.topology import Topology
from quorate.errors import UsageError


@dataclass(frozen=True)
class ComposeDriver:
    """The container engine, as `network.engine.Driver`.

    Attributes
    ----------
    fabric_bin
        Where Fabric's programs for this machine are, of which `configtxgen` and `osnadmin` are used; otherwise they are
        looked for, as `network.fabric.programs` says.
    """

    fabric_bin: Path | None = None

    def missing(self, topology: Topology | None = None) -> str | None:
        """Return None if this engine can run here, else what is missing, for a topology or for the usual one."""
        if found := prerequisites.missing(_images(topology or Topology.for_members(["any"]))):
            return found
        try:
            FabricPrograms.find(self.fabric_bin)
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
    ) -> ComposeNetwork:
        """Start a network, or what of it does not run, and return once its chaincode answers on every peer.

        Errors are those of `network.engine.Driver`.
        """
        if found := self.missing(topology):
            raise UsageError(found, hint="Get what is missing, or use another engine, such as --engine embedded.")
        with home.locked():
            return start_network(self.draft(home, topology), chaincode, dies_with_parent=dies_with_parent)

    def draft(self, home: NetworkHome, topology: Topology) -> Draft:
        """Plan a network in a directory whose lock is held, and start nothing. Errors are those of `Draft.of`."""
        return Draft.of(home, topology, _images(topology), FabricPrograms.find(self.fabric_bin))

    def stop(self, home: NetworkHome) -> bool:
        """End the network in a directory, whoever started it, and tell whether anything of it was running.

        Its containers, its network and what Docker kept for it are removed; the ledger stays in the directory.
        """
        plan = _plan(home)
        if plan is None:
            return False
        with home.locked():
            was_running = take_down(project_of(home, plan.topology), _logs(plan))
            home.connection.unlink(missing_ok=True)
        return was_running

    def status(self, home: NetworkHome) -> list[Status]:
        """Return how each container is found; they are stopped if the network is not up."""
        plan = _plan(home)
        if plan is None:
            return []
        found, is_up = containers_of(project_of(home, plan.topology).name), home.connection.exists()
        return [_status(place, found.get(place.name), is_up=is_up) for place in plan.places]

    def logs(self, home: NetworkHome) -> Mapping[str, Path]:
        """Return the logs by node name: copies of what Docker has at this moment, else of what it last had."""
        plan = _plan(home)
        if plan is None:
            return {}
        save_logs(project_of(home, plan.topology), _logs(plan))
        return _logs(plan)

    def follow(self, home: NetworkHome, name: str) -> Iterator[str]:
        """Yield a node's log, then what is added to it, until its container ends; without one, what it last had."""
        plan = _plan(home)
        found = containers_of(project_of(home, plan.topology).name) if plan else {}
        return follow(found[name].id) if name in found else read_log(self.logs(home)[name])


def _images(topology: Topology) -> Images:
    return Images.of(topology, os.environ)


def _plan(home: NetworkHome) -> Plan | None:
    return read_plan(home, Topology.load(home.topology)) if home.topology.exists() else None


def _logs(plan: Plan) -> dict[str, Path]:
    return {place.name: place.log for place in plan.places}


def _status(place: Place, container: Container | None, *, is_up: bool) -> Status:
    absent = State.CRASHED if is_up else State.STOPPED
    return Status(
        name=place.name,
        kind=place.kind,
        state=container.state if container else absent,
        pid=container.pid if container and container.runs else None,
        address=reached_at(place),
        log=place.log,
    )
