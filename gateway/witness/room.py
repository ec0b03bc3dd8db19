"""The witness of one gateway process: its files, its tasks, its service."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Self

from gateway.audit.sign import ProfileSealer
from gateway.witness.divergence import Divergences
from gateway.witness.members import Members, compare
from gateway.witness.memory import Memory
from gateway.witness.recall import Recall
from gateway.witness.service import WitnessService
from gateway.witness.statement import Witness
from gateway.witness.watch import watch

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable
    from pathlib import Path

    import grpc

    from gateway.fabric import EventStream, Network
    from gateway.service.clock import Clock
    from gateway.service.config import GatewayConfig
    from gateway.service.methods import Door
    from gateway.service.peers import MemberGateways
    from quorate.blocks.protos import AnyMessage

_FOLDER: Final = "witness"


def memory_file(state: Path) -> Path:
    """Return where a gateway remembers the blocks that it has seen."""
    return state / _FOLDER / "blocks"


def divergences_file(state: Path) -> Path:
    """Return where a gateway keeps the divergences that it has found."""
    return state / _FOLDER / "divergences.jsonl"


class WitnessRoom:
    """Everything that makes a gateway a witness.

    Raises
    ------
    IntegrityError, StorageError
        When its files were changed, or cannot be used.
    """

    def __init__(self, config: GatewayConfig, network: Network, gateways: MemberGateways, clock: Clock) -> None:
        self._config = config
        self._network = network
        self._clock = clock
        self._memory = Memory(memory_file(config.state))
        self._divergences = Divergences(divergences_file(config.state))
        self._members = Members(gateways)
        self._files = ExitStack()

    def __enter__(self) -> Self:
        self._files.enter_context(self._memory)
        return self

    def __exit__(self, *_: object) -> None:
        self._files.close()

    def recall(self, members: Callable[[], Iterable[str]]) -> Recall:
        """Return what the audit trail may ask; `members` tells whose gateways there are."""
        return Recall(self._memory, divergences_file(self._config.state), members=members)

    def tasks(self) -> tuple[Coroutine[None, None, None], ...]:
        """Return what remembers the own peer's blocks, and what compares with the other members; neither ends."""
        return (
            watch(self._blocks, self._memory, self._divergences, self._clock, msp=self._config.msp),
            compare(self._members, self._memory, self._divergences, self._clock),
        )

    def handlers(self, door: Door) -> grpc.GenericRpcHandler:
        """Return the service for a server."""
        identity = self._config.identity
        sealer = ProfileSealer.of_files(self._config.msp_id, identity.certificate, identity.key)
        witness = Witness(self._memory, sealer, self._clock, channel=self._config.channel)
        return WitnessService(witness, self._members, msp=self._config.msp).handlers(door)

    def _blocks(self, start: int, /) -> EventStream[AnyMessage]:
        return self._network.block_events(start_block=start)
