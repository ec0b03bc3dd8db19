"""Everything of a network of containers that must be there before they start, and what is done once they run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from network.compose.authorities import issue_from_authorities
from network.compose.images import Images
from network.compose.material import write_material
from network.compose.plan import make_plan
from network.compose.project import Project, project_of
from network.compose.writer import write_project
from network.connection import Connection
from network.engine import ChaincodeProgram
from network.fabric.chaincode import join_and_deploy, packages
from network.fabric.channel import join_orderers, make_genesis
from network.fabric.connect import connection_of
from network.fabric.identities import Identities, issue_identities
from network.fabric.plan import Plan
from network.fabric.programs import FabricPrograms
from network.home import NetworkHome
from network.lifecycle import ChaincodePackage
from network.topology import Topology
from quorate.blocks.block import decode_block

ENGINE: Final = "compose"
NOTICE: Final = (
    "Fabric's peers and orderers in containers, all on this machine, with every organisation's keys unencrypted beside "
    "them: for development and tests only."
)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A network that has a place, ports and a name, and nothing else yet."""

    plan: Plan
    project: Project
    images: Images
    programs: FabricPrograms

    @classmethod
    def of(cls, home: NetworkHome, topology: Topology, images: Images, programs: FabricPrograms) -> "Draft":
        """Plan a network in a directory.

        Raises
        ------
        ConflictError
            If the ledger in it was made from another topology or by another engine.
        """
        home.adopt(topology, ENGINE)
        draft = cls(
            plan=make_plan(home, topology), project=project_of(home, topology), images=images, programs=programs
        )
        for directory in (home.ledger, draft.project.directory):
            directory.mkdir(mode=0o700, exist_ok=True)
        return draft

    def prepare(self, chaincode: ChaincodeProgram | None = None) -> "Prepared":
        """Make what lacks: identities, for which CAs are started if there are to be any, first block, compose files."""
        identities = self._identities()
        made = packages(self.plan, identities)
        genesis = make_genesis(self.plan, identities, self.programs)
        write_material(self.plan, identities)
        ids = {name: package.package_id for name, package in made.items()}
        write_project(self.plan, self.images, ids, chaincode)
        return Prepared(draft=self, identities=identities, packages=made, genesis=genesis)

    def _identities(self) -> Identities:
        if self.plan.topology.ca == "development":
            return issue_identities(self.plan.home, self.plan.topology)
        return issue_from_authorities(self.plan, self.images)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A network whose containers only need to be started."""

    draft: Draft
    identities: Identities
    packages: Mapping[str, ChaincodePackage]
    genesis: bytes

    def complete(self) -> Connection:
        """Make a channel with a chaincode of the containers that run by now, and return how to connect to it.

        What is done already is not done again.
        """
        plan, draft = self.draft.plan, self.draft
        join_orderers(plan, self.identities, draft.programs)
        join_and_deploy(plan, self.identities, self.genesis, self.packages)
        connection = connection_of(
            plan,
            self.identities,
            decode_block(self.genesis).header.digest,
            engine=ENGINE,
            notice=f"{NOTICE} {draft.images.notice()}",
        )
        connection.save(plan.home.connection)
        return connection
