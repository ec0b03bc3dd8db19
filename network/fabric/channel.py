"""The channel of a network: its first block, and everybody joining it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from gateway.fabric import Endpoint, FileIdentity, Tls
from network.fabric.configtx import ChannelMember, Consenter, configtx
from network.fabric.endorser import open_endorser
from network.fabric.genesis import keep_or_make_genesis
from network.fabric.identities import Identities
from network.fabric.msp import write_msp
from network.fabric.ordering import join_orderer
from network.fabric.plan import Place, Plan
from network.fabric.programs import FabricPrograms
from network.fabric.system_chaincodes import join_channel
from network.identity import OrganisationPaths

_JOIN_TIMEOUT_S: Final = 60.0


def make_genesis(plan: Plan, identities: Identities, programs: FabricPrograms) -> bytes:
    """Return the channel's first block, made if there is none."""
    scratch = plan.home.directory / "channel"
    scratch.mkdir(mode=0o700, exist_ok=True)
    topology, orderer = plan.topology, plan.topology.orderer
    members = []
    for one in topology.organisations:
        msp, anchor = write_msp(scratch / one.name, identities.organisations[one.name]), plan.peers_of(one.name)[0]
        members.append(ChannelMember(msp_id=one.msp_id, msp=msp, anchor=(anchor.host, anchor.inner_port)))
    ordering = ChannelMember(msp_id=orderer.msp_id, msp=write_msp(scratch / orderer.name, identities.orderer))
    consenters = [
        Consenter(
            host=place.host,
            port=place.inner_port,
            identity=identities.orderer.node_at(place.index).cert,
            tls=identities.orderer.node_tls_at(place.index).cert,
        )
        for place in plan.orderers
    ]
    return keep_or_make_genesis(
        plan.genesis,
        configtxgen=programs.configtxgen,
        channel=topology.channel,
        configtx=configtx(topology, members, ordering, consenters),
        scratch=scratch,
    )


def join_orderers(plan: Plan, identities: Identities, programs: FabricPrograms) -> None:
    """Have every orderer node join the channel, all at the same time."""
    join = partial(
        join_orderer,
        programs.osnadmin,
        paths=identities.orderer,
        channel=plan.topology.channel,
        genesis=plan.genesis,
    )
    with ThreadPoolExecutor(max_workers=len(plan.orderers)) as threads:
        for done in [threads.submit(join, admin=place.admin) for place in plan.orderers]:
            done.result()


async def join_peers(plan: Plan, identities: Identities, genesis: bytes) -> None:
    """Have every peer join the channel, all at the same time."""
    msp_ids = {one.name: one.msp_id for one in plan.topology.organisations}
    async with asyncio.timeout(_JOIN_TIMEOUT_S), asyncio.TaskGroup() as joining:
        for place in plan.peers:
            paths = identities.organisations[place.owner]
            joining.create_task(_join_peer(place, paths, msp_ids[place.owner], genesis))


async def _join_peer(place: Place, paths: OrganisationPaths, msp_id: str, genesis: bytes) -> None:
    identity, signer = administrator(paths, msp_id).load()
    async with open_endorser(peer_endpoint(place, paths), identity, signer) as endorser:
        await join_channel(endorser, genesis)


def administrator(paths: OrganisationPaths, msp_id: str) -> FileIdentity:
    """Return who may administer the organisation's peers."""
    return FileIdentity(msp_id=msp_id, certificate=paths.admin.cert, key=paths.admin.key)


def peer_endpoint(place: Place, paths: OrganisationPaths) -> Endpoint:
    """Return how the organisation itself reaches one of its peers."""
    client = paths.gateway_client
    return Endpoint(
        place.address,
        Tls.from_files(roots=paths.tls_ca.cert, certificate=client.cert, key=client.key, server_name="localhost"),
    )
