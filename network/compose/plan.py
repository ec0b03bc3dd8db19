"""A network of containers before anything of it runs: its services, its ports on this machine, its folders."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from network.compose.env import variable
from network.compose.files import MEMBERS_FILE, ORDERER_FILES
from network.compose.project import Project
from network.compose.services import Service, services_of
from network.home import NetworkHome
from network.ports import keep_or_choose, read_ports
from network.topology import Topology

HOST: Final = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A network of containers in a directory.

    Attributes
    ----------
    home, topology
        Where, and what.
    services : tuple of Service
        Its containers.
    ports : dict of str to int
        This machine's port for each published one, by the name it is kept under.
    """

    home: NetworkHome
    topology: Topology
    services: tuple[Service, ...]
    ports: dict[str, int]

    @classmethod
    def make(cls, home: NetworkHome, topology: Topology) -> Self:
        """Plan a network in a directory; ports that it lacks are chosen and kept."""
        services = tuple(services_of(topology))
        names = [name for service in services for name in service.published.values()]
        asked = {next(iter(service.published.values())): service.asked for service in services if service.asked}
        return cls(
            home=home, topology=topology, services=services, ports=keep_or_choose(_ports(home), names, asked=asked)
        )

    @classmethod
    def read(cls, home: NetworkHome) -> Self:
        """Return the plan of the network that was made in a directory."""
        topology = Topology.load(home.topology)
        return cls(home=home, topology=topology, services=tuple(services_of(topology)), ports=read_ports(_ports(home)))

    @property
    def project(self) -> Project:
        """The Compose project."""
        return Project(
            directory=self.home.directory / "compose",
            files=(MEMBERS_FILE, ORDERER_FILES[self.topology.consensus]),
        )

    @property
    def genesis(self) -> Path:
        """The channel's first block."""
        return self.home.ledger / "genesis.block"

    def of_kind(self, kind: str, organisation: str | None = None) -> tuple[Service, ...]:
        """Return the services of a kind, of one organisation if it is named."""
        return tuple(
            service
            for service in self.services
            if service.kind == kind and organisation in {None, service.organisation}
        )

    def reached_at(self, service: Service, port: int | None = None) -> str | None:
        """Return where this machine reaches a port of a service, its usual one if none is named; None if it does not."""
        name = service.published.get(service.port if port is None else port)
        return None if name is None else f"{HOST}:{self.ports[name]}"

    def configuration(self, service: Service) -> Path:
        """Return the folder that a service finds its settings, keys and certificates in."""
        return self.home.nodes / service.name / "config"

    def data(self, service: Service) -> Path:
        """Return the folder of a service's part of the ledger."""
        return self.home.ledger / service.name

    def log(self, service: Service) -> Path:
        """Return where a copy of a service's log is put."""
        return self.home.nodes / service.name / "node.log"

    def port_variables(self) -> dict[str, str]:
        """Return the ports by the variables that compose files know them by."""
        return {variable("PORT", name): str(port) for name, port in self.ports.items()}


def _ports(home: NetworkHome) -> Path:
    return home.directory / "ports.json"
