"""The processes of a native network, each with its settings written and ready to be launched."""

import ssl
from functools import partial
from pathlib import Path
from typing import Final

from network.fabric.core_settings import PeerSettings, core_yaml
from network.fabric.identities import Identities
from network.fabric.msp import write_msp
from network.fabric.orderer_settings import OrdererSettings, orderer_yaml
from network.fabric.plan import Place, Plan
from network.fabric.programs import FabricPrograms
from network.fabric.run_program import OVERRIDES
from network.identity import KeyPair, OrdererPaths, OrganisationPaths
from network.process import Process, Program
from network.process_node import ProcessNode
from network.readiness import shakes_hands, wait_until

BUILDER: Final = Path(__file__).resolve().parents[1] / "fabric" / "builder"
_LOGGING: Final = {
    "FABRIC_LOGGING_SPEC": "info:gossip=warning:policies=warning:comm.grpc.server=warning:grpc=error",
    "FABRIC_LOGGING_FORMAT": "%{time:2006-01-02T15:04:05.000Z07:00} %{level} [%{module}] %{message}",  # not coloured
}


def orderer_node(
    place: Place, plan: Plan, identities: Identities, programs: FabricPrograms, *, dies_with_parent: bool
) -> ProcessNode:
    """Write an orderer node's settings and return the node."""
    paths = identities.orderer
    tls = paths.node_tls_at(place.index)
    settings = OrdererSettings(
        msp_id=plan.topology.orderer.msp_id,
        listen=place.address,
        admin=place.admin,
        operations=place.operations,
        msp=write_msp(place.directory / "msp", paths, signer=paths.node_at(place.index)),
        data=place.data,
        tls=tls.directory,
        tls_authority=paths.tls_ca.cert,
        client_authorities=identities.tls_authorities,
        consensus=plan.topology.consensus,
    )
    (place.directory / "orderer.yaml").write_text(orderer_yaml(settings), encoding="utf-8")
    return _node(place, (str(programs.orderer),), paths, tls, dies_with_parent=dies_with_parent)


def peer_node(
    place: Place, plan: Plan, identities: Identities, programs: FabricPrograms, *, dies_with_parent: bool
) -> ProcessNode:
    """Write a peer's settings and return the node."""
    paths = identities.organisations[place.owner]
    tls = paths.peer_tls_at(place.index)
    settings = PeerSettings(
        name=place.name,
        msp_id=next(one.msp_id for one in plan.topology.organisations if one.name == place.owner),
        listen=place.address,
        address=place.address,
        operations=place.operations,
        siblings=[other.address for other in plan.peers_of(place.owner) if other != place],
        msp=write_msp(place.directory / "msp", paths, signer=paths.peer_at(place.index)),
        data=place.data,
        tls=tls.directory,
        tls_authorities=[paths.tls_ca.cert],
        builder=BUILDER,
        fabric_version=plan.topology.fabric_version,
        orderers_stand_in=plan.topology.orderers_stand_in,
    )
    (place.directory / "core.yaml").write_text(core_yaml(settings), encoding="utf-8")
    return _node(place, (str(programs.peer), "node", "start"), paths, tls, dies_with_parent=dies_with_parent)


def _node(
    place: Place,
    command: tuple[str, ...],
    paths: OrganisationPaths | OrdererPaths,
    tls: KeyPair,
    *,
    dies_with_parent: bool,
) -> ProcessNode:
    program = Program(
        name=place.name,
        command=command,
        log=place.log,
        pid_file=place.pid_file,
        environment={"FABRIC_CFG_PATH": str(place.directory), **_LOGGING},
        without=OVERRIDES,
        announces=False,
        dies_with_parent=dies_with_parent,
    )
    ready = partial(_ready, address=place.address, authority=paths.tls_ca.cert, tls=tls)
    return ProcessNode(name=place.name, kind=place.kind, address=place.address, program=program, ready=ready)


def _ready(process: Process, timeout_s: float, *, address: str, authority: Path, tls: KeyPair) -> None:
    # Its operations service answers before its clients' service does, so the latter is asked.
    context = ssl.create_default_context(cafile=authority)
    context.load_cert_chain(tls.cert, tls.key)
    wait_until(process, lambda: shakes_hands(address, context), timeout_s)
