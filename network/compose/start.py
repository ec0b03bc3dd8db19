"""From a topology to a network of containers whose chaincode answers."""

from typing import Final

from network.compose.authorities import issue_from_authorities
from network.compose.containers import containers_of
from network.compose.docker import DockerError
from network.compose.guard import Guard, forget
from network.compose.images import Images
from network.compose.material import write_material
from network.compose.plan import make_plan
from network.compose.project import Project, project_of
from network.compose.running import ComposeNetwork, nodes_of, save_logs, take_down
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
from network.process import tail
from network.topology import Topology
from quorate.blocks.block import decode_block
from quorate.errors import ConflictError, UnreachableError

NOTICE: Final = (
    "Fabric's peers and orderers in containers, all on this machine, with every organisation's keys unencrypted beside "
    "them: for development and tests only."
)
_ENGINE: Final = "compose"
_LAST_LINES: Final = 8


def start_network(
    home: NetworkHome,
    topology: Topology,
    images: Images,
    programs: FabricPrograms,
    chaincode: ChaincodeProgram | None,
    *,
    dies_with_parent: bool,
) -> ComposeNetwork:
    """Start what does not run of the network in a directory, whose lock is held, and wait until its chaincode answers.

    Errors are those of `network.engine.Driver.start`. If it fails, its containers are removed.
    """
    home.adopt(topology, _ENGINE)
    plan, project = make_plan(home, topology), project_of(home, topology)
    _refuse_if_running(plan, project)
    home.ledger.mkdir(mode=0o700, exist_ok=True)
    project.directory.mkdir(mode=0o700, exist_ok=True)
    forget(project)
    if dies_with_parent:
        Guard.set(project)
    try:
        connection = _bring_up(plan, project, images, programs, chaincode)
        connection.save(home.connection)
    except BaseException:
        take_down(project, {place.name: place.log for place in plan.places})
        raise
    return ComposeNetwork(home=home, connection=connection, nodes=nodes_of(plan, project), project=project)


def _bring_up(
    plan: Plan, project: Project, images: Images, programs: FabricPrograms, chaincode: ChaincodeProgram | None
) -> Connection:
    try:
        identities = _identities(plan, images)
        made = packages(plan, identities)
        genesis = make_genesis(plan, identities, programs)
        write_material(plan, identities)
        write_project(plan, images, {name: package.package_id for name, package in made.items()}, chaincode)
        project.up()
    except DockerError as error:
        raise _with_last_words(error, plan, project) from error
    join_orderers(plan, identities, programs)
    join_and_deploy(plan, identities, genesis, made)
    digest, notice = decode_block(genesis).header.digest, f"{NOTICE} {images.notice()}"
    return connection_of(plan, identities, digest, engine=_ENGINE, notice=notice)


def _identities(plan: Plan, images: Images) -> Identities:
    if plan.topology.ca == "development":
        return issue_identities(plan.home, plan.topology)
    return issue_from_authorities(plan, images)


def _refuse_if_running(plan: Plan, project: Project) -> None:
    found = containers_of(project.name)
    if all(place.name in found and found[place.name].runs for place in plan.places):
        raise ConflictError(
            f"The network in {plan.home.directory} runs already.",
            hint="Connect to it, or end it: quorate network down",
        )


def _with_last_words(error: DockerError, plan: Plan, project: Project) -> UnreachableError:
    """Return the error with what the first container that is not well has said."""
    save_logs(project, {place.name: place.log for place in plan.places})
    found = containers_of(project.name)
    for place in plan.places:
        container = found.get(place.name)
        if container is None or (container.runs and container.health == "healthy"):
            continue
        state = f"is {container.health or 'silent'}" if container.runs else "has ended"
        return UnreachableError(
            f"{error.message}\n{place.name} {state}. Its last words:\n{tail(place.log, lines=_LAST_LINES)}",
            hint=f"Read its log: {place.log}",
            cause=error,
        )
    return error
