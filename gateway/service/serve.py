"""One gateway process from its configuration to its end: builds every room, runs their tasks, drains on request."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from gateway.artifacts.alone import alone_in
from gateway.artifacts.exchange import Exchange
from gateway.artifacts.store import ArtifactStore
from gateway.artifacts.wire import SERVICE as ARTIFACTS
from gateway.audit.access.query import Own
from gateway.fabric import FileCheckpointer
from gateway.fabric.tls_files import read_certificates, read_pair
from gateway.fabric.tls_names import names_in
from gateway.ledger import Ledger, Retry
from gateway.service.announce import announce_self, follow_members
from gateway.service.artifacts import ArtifactsService
from gateway.service.audit import SERVICE as AUDIT
from gateway.service.audit import AuditService
from gateway.service.audit_room import AuditRoom, open_audit
from gateway.service.callers import Roots
from gateway.service.clock import SystemClock
from gateway.service.context import GatewayContext
from gateway.service.drain import Drain
from gateway.service.follow import Follower
from gateway.service.health import SERVICE as HEALTH
from gateway.service.health import HealthService
from gateway.service.known_roots import FILE as NAMES
from gateway.service.known_roots import read_names
from gateway.service.limiter import Rate, Slots
from gateway.service.methods import Door
from gateway.service.peer import open_peer
from gateway.service.peers import MemberGateways
from gateway.service.policy import LedgerPolicies
from gateway.service.reflection import ReflectionService
from gateway.service.relay.forward import DELIVER, GATEWAY, Relay
from gateway.service.relay.guard import Guard, RelayLimits
from gateway.service.relay.rules import Allowed, Rules
from gateway.service.relay.turns import Turns
from gateway.service.retention import Sweeper
from gateway.service.server import GatewayServer, credentials
from gateway.service.state import Projection
from gateway.service.studies import SERVICE as STUDIES
from gateway.service.studies import StudiesService
from gateway.witness.members import SERVICE as WITNESS
from gateway.witness.room import WitnessRoom
from quorate.errors import UsageError
from quorate.records.functions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    import grpc

    from gateway.artifacts.objects import Objects
    from gateway.fabric import ChaincodeEvent, Checkpointer, EventStream, Network
    from gateway.portal.room import PortalRoom
    from gateway.service.config import GatewayConfig
    from gateway.service.failover import PeerChannel
    from gateway.witness.recall import Recall

_log = logging.getLogger(__name__)

_SERVICES: Final = (GATEWAY, DELIVER, ARTIFACTS, STUDIES, AUDIT, WITNESS, HEALTH)


class Aggregator(Protocol):
    """What takes part in rounds; runs until cancelled."""

    def __call__(self, context: GatewayContext) -> Coroutine[None, None, None]:
        """Return the coroutine to run."""
        ...


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway that answers."""

    context: GatewayContext
    address: str


async def serve_until(
    config: GatewayConfig,
    aggregator: Aggregator,
    *,
    ready: Callable[[Running], None],
    stop: asyncio.Event,
) -> None:
    """Run a gateway until `stop` is set.

    Parameters
    ----------
    aggregator
        Runs beside the server, with the same context.
    ready
        Called once the server answers.
    stop
        Ends it: new calls are refused, those under way get the drain time.

    Raises
    ------
    QuorateError
        When the configuration's files cannot be used, or the address cannot be listened on.
    """
    async with _build(config) as parts:
        port = await parts.server.start(config.listen, credentials(config.tls, parts.roots))
        address = config.announce or f"{config.listen.rpartition(':')[0]}:{port}"
        try:
            async with asyncio.TaskGroup() as tasks:
                running = [tasks.create_task(task) for task in _tasks(parts, aggregator, address)]
                ready(Running(parts.context, address))
                await stop.wait()
                _log.info("stopping")
                for task in running:
                    task.cancel()
            await parts.audit.anchorer.finish()
        finally:
            await parts.health.set_serving(False)
            parts.drain.begin()
            await parts.server.stop(config.timeouts.drain)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    context: GatewayContext
    tls_root: bytes
    roots: Roots
    gateways: MemberGateways
    follower: Follower
    health: HealthService
    audit: AuditRoom
    witness: WitnessRoom
    portal: PortalRoom | None
    drain: Drain
    server: GatewayServer


def _tasks(parts: _Parts, aggregator: Aggregator, address: str) -> list[Coroutine[None, None, None]]:
    context, config = parts.context, parts.context.config
    sweeper = Sweeper(
        context.store,
        context.state,
        context.clock,
        rules=config.retention,
        unfinished_seconds=config.timeouts.unfinished_upload,
        deleted=parts.audit.deleted,
    )
    root = parts.tls_root.decode("ascii", "replace")

    async def when_loaded() -> None:
        await parts.follower.loaded.wait()
        parts.audit.desk.ready.set()
        await parts.health.set_serving(True)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(sweeper.run())
            tasks.create_task(announce_self(context.ledger, context.state, context.msp, address=address, tls_root=root))
            tasks.create_task(aggregator(context))

    members = follow_members(context.state, parts.roots, parts.gateways, names=config.state / NAMES)
    portal = [] if parts.portal is None else [parts.portal.run()]
    beside = [*parts.audit.tasks(), *parts.witness.tasks(), *portal]
    return [parts.follower.run(), members, when_loaded(), *map(_apart, beside)]


async def _apart(task: Coroutine[None, None, None]) -> None:
    """Run what officers need so that a defect in it leaves the members' rounds alone."""
    try:
        await task
    except Exception:  # noqa: BLE001 - whatever it was is in the log, and the rounds are not stopped by it
        _log.exception("a part of the gateway has ended and the others go on; restart the gateway to have it again")


@asynccontextmanager
async def _build(config: GatewayConfig) -> AsyncIterator[_Parts]:
    limits, tls = config.limits, config.tls
    client, tls_root = read_pair(tls.client_certificate, tls.client_key), read_certificates(tls.ca)
    async with AsyncExitStack() as stack:
        stack.enter_context(alone_in(config.state))
        channel, network = await stack.enter_async_context(open_peer(config, client))
        store = await ArtifactStore.open(
            config.state / "artifacts", objects=_objects(config), reserve=limits.disk_reserve_bytes
        )
        gateways = MemberGateways(config.msp, certificate=client[0], key=client[1])
        stack.push_async_callback(gateways.close)
        contract = network.contract(config.chaincode)
        # What is read for the view is read from the peer that sent the event: nothing to wait for if it says no.
        reads = Ledger(contract, retry=Retry(stale=0))
        context = GatewayContext(
            config=config,
            msp=config.msp,
            ledger=Ledger(contract),
            store=store,
            exchange=Exchange(store, gateways, limits=limits.sizes, parallel=limits.fetches_at_once),
            state=Projection(config.msp, reads),
            clock=SystemClock(),
        )
        roots, drain = Roots(config.msp, tls_root, read_names(config.state / NAMES)), Drain()
        witness = stack.enter_context(WitnessRoom(config, network, gateways, context.clock))
        recall = witness.recall(lambda: set(context.state.members) - {config.msp})
        audit = stack.enter_context(open_audit(context, network, recall))
        watching = Slots(limits.streams_at_once, limit="limits.streams_at_once")
        health, door = HealthService(_SERVICES, watching, drain), Door(roots)
        yield _Parts(
            context=context,
            tls_root=tls_root,
            roots=roots,
            gateways=gateways,
            follower=_follower(context, network),
            health=health,
            audit=audit,
            witness=witness,
            portal=_portal(context, audit, recall),
            drain=drain,
            server=GatewayServer(
                [*_handlers(context, door, channel, health, drain=drain, audit=audit), witness.handlers(door)],
                message_bytes=limits.message_bytes,
            ),
        )


def _portal(context: GatewayContext, audit: AuditRoom, recall: Recall) -> PortalRoom | None:
    section = context.config.portal
    if section is None:
        return None
    try:
        from gateway.portal.room import open_portal  # noqa: PLC0415 - most gateways have no web server installed
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in {"quorate", "gateway"}:
            raise
        raise UsageError(
            f"the portal needs the Python package {error.name}, which is not installed",
            hint="Install the extra: pip install 'quorate[portal]'",
            cause=error,
        ) from error
    return open_portal(
        context.config,
        section,
        audit.desk,
        context.clock,
        trouble=lambda: audit.filler.trouble,
        divergence=lambda: next((f"{found.organisations[0]}: {found.what}" for found in recall.divergences()), None),
    )


def _objects(config: GatewayConfig) -> Objects | None:
    if not config.objects:
        return None
    from gateway.artifacts.cloud import CloudObjects  # noqa: PLC0415 - few gateways pay for obstore's import

    return CloudObjects.at(config.objects)


def _follower(context: GatewayContext, network: Network) -> Follower:
    config = context.config

    def events(checkpointer: Checkpointer) -> EventStream[ChaincodeEvent]:
        return network.chaincode_events(config.chaincode, start_block=0, checkpoint=checkpointer)

    return Follower(context.state, events, FileCheckpointer(config.state / "events.json"))


def _handlers(
    context: GatewayContext, door: Door, channel: PeerChannel, health: HealthService, *, drain: Drain, audit: AuditRoom
) -> list[grpc.GenericRpcHandler]:
    config, limits = context.config, context.config.limits
    streams = Slots(limits.streams_at_once, limit="limits.streams_at_once")
    rules = Rules(
        msp=config.msp,
        channel=config.channel,
        chaincode=config.chaincode,
        functions=frozenset(FUNCTIONS if limits.functions is None else limits.functions),
        listed={
            caller.certificate: Allowed(
                functions=frozenset(caller.functions), events=caller.events, blocks=caller.blocks
            )
            for caller in config.callers
        },
        unlisted=limits.unlisted_callers,
    )
    relay_limits = RelayLimits(
        message_bytes=limits.message_bytes,
        rate=Rate(limits.calls_per_second, burst=limits.burst),
        calls=Slots(limits.calls_at_once, limit="limits.calls_at_once"),
        streams=streams,
        peer_calls=Turns(limits.peer_calls_at_once, seconds=config.timeouts.queue, limit="limits.peer_calls_at_once"),
        peer_streams=Slots(limits.peer_streams_at_once, limit="limits.peer_streams_at_once", who="this gateway"),
    )
    artifacts = ArtifactsService(
        context.store,
        context.state,
        LedgerPolicies(lambda: context.state.policy),
        limits=limits.sizes,
        slots=Slots(limits.transfers_at_once, limit="limits.transfers_at_once"),
    )
    own = Own(msp=config.msp, channel=config.channel, names=lambda: names_in(config.tls.certificate))
    reflection = [ReflectionService(_SERVICES, drain).handlers(door)] if config.reflection else []
    return [
        *reflection,
        *Relay(channel, Guard(door, rules, relay_limits, drain), config.timeouts).handlers(),
        artifacts.handlers(door),
        StudiesService(context.state, streams, drain).handlers(door),
        AuditService(audit.desk, own, slots=streams, drain=drain).handlers(door),
        health.handlers(door),
    ]
