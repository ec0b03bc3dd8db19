"""The audit room of a gateway: trail, access log and desk, opened together and closed together."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.audit.access.anchor import Anchorer
from gateway.audit.access.desk import Desk
from gateway.audit.access.log import DELETION, AccessLog
from gateway.audit.access.reader import Reader
from gateway.audit.trail.fill import Filler
from gateway.audit.trail.questions import Memory
from gateway.audit.trail.store import Trail
from gateway.fabric.secret_file import read_pem
from quorate.blocks.certificate import certificate_digest, first_certificate, role_of
from quorate.digest import parse_digest

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    from gateway.artifacts.label import Description
    from gateway.artifacts.store import ArtifactStore
    from gateway.fabric import EventStream, Network
    from gateway.service.config import GatewayConfig
    from gateway.service.context import GatewayContext
    from gateway.witness.recall import Recall
    from quorate.blocks.protos import AnyMessage

FOLDER: Final = "audit"
TRAIL: Final = "trail.db"
LOG: Final = "access.db"


class StoreHoldings:
    """What the organisation's artefact store has, as questions ask it."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store

    def holds(self, digest: str) -> bool:
        """Tell whether an artefact is at hand, whole."""
        return self._store.has(parse_digest(digest))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRoom:
    """What reads and what is read.

    Attributes
    ----------
    own
        The gateway's own identity, in whose name it deletes.
    """

    desk: Desk
    filler: Filler
    anchorer: Anchorer
    own: Reader

    def tasks(self) -> list[Coroutine[None, None, None]]:
        """Return what runs beside the server, until cancelled."""
        return [self.filler.run(), self.anchorer.run()]

    async def deleted(self, description: Description, basis: str) -> None:
        """Log that an artefact lost its label, and with the last one its bytes."""
        label = description.label
        asked = {"kind": label.kind.value, "digest": description.digest, "study": label.study, "basis": basis}
        await self.desk.note(self.own, via="gateway", what=DELETION, asked=asked)


@contextmanager
def open_audit(context: GatewayContext, network: Network, recall: Recall) -> Iterator[AuditRoom]:
    """Open the files under the state directory's ``audit``.

    Parameters
    ----------
    recall
        What the gateway has seen as a witness.

    Raises
    ------
    StorageError
        When one of them cannot be used.
    """
    config = context.config
    folder = config.state / FOLDER
    with ExitStack() as stack:
        trail = Trail.open(folder / TRAIL, chaincode=config.chaincode, observer=recall)
        stack.callback(trail.close)
        log = AccessLog.open(folder / LOG, config.msp)
        stack.callback(log.close)

        def blocks(start: int) -> EventStream[AnyMessage]:
            return network.block_events(start_block=start)

        filler = Filler(trail, blocks)
        memory = Memory(reads=log, deleted=log, holdings=StoreHoldings(context.store), hearsay=recall, observing=recall)
        desk = Desk(trail, log, context.state, clock=context.clock, filler=filler, memory=memory)
        audit = config.audit
        anchorer = Anchorer(desk, context.ledger.audit, entries=audit.anchor_entries, seconds=audit.anchor_minutes * 60)
        yield AuditRoom(desk=desk, filler=filler, anchorer=anchorer, own=_own(config))


def _own(config: GatewayConfig) -> Reader:
    certificate = first_certificate(read_pem(config.identity.certificate))
    return Reader(msp=config.msp, role=role_of(certificate), certificate=certificate_digest(certificate))
