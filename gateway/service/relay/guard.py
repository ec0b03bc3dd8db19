"""Every check of a relayed call that comes before the peer hears of it."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.service.methods import Audience, Context, Door
from quorate.errors import LimitError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from gateway.service.drain import Drain
    from gateway.service.limiter import Rate, Slots
    from gateway.service.relay.request import Asked
    from gateway.service.relay.rules import Rules
    from gateway.service.relay.turns import Turns


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayLimits:
    """How much, how often and how many at once.

    Attributes
    ----------
    message_bytes
        How large a request may be.
    rate
        How many calls a second an identity may make.
    calls, streams
        How many calls, and how many streams, an identity may have open at once.
    peer_calls
        How many calls of all identities together are open at the peer, which refuses everyone beyond its own bound.
    peer_streams
        The same for streams; they are counted under one name.
    """

    message_bytes: int
    rate: Rate
    calls: Slots
    streams: Slots
    peer_calls: Turns
    peer_streams: Slots


class Guard:
    """Who calls, how often, how much at once, how large, and what for.

    An identity here is a TLS certificate: it is proven, while the creator inside a request is only claimed until the
    peer has checked it.

    Parameters
    ----------
    door
        Knows the callers.
    rules
        What may be asked for.
    limits
        How much of it.
    drain
        Ends streams when the gateway stops.
    """

    def __init__(self, door: Door, rules: Rules, limits: RelayLimits, drain: Drain) -> None:
        self._door = door
        self._rules = rules
        self._limits = limits
        self._drain = drain

    @asynccontextmanager
    async def call(self, context: Context, data: bytes, read: Callable[[bytes], Asked]) -> AsyncIterator[None]:
        """Hold a place for one call; raises what the caller is to be told."""
        identity = self.enter(context)
        self.check(identity, data, read)
        with self._limits.calls.take(identity):
            async with self._limits.peer_calls.take(identity):
                yield

    @contextmanager
    def stream(self, context: Context) -> Iterator[str]:
        """Hold a place for one stream, and return whose; its requests are to be checked one by one."""
        limits, identity = self._limits, self.enter(context)
        with limits.streams.take(identity), limits.peer_streams.take("all"), self._drain.stream():
            yield identity

    def check(self, identity: str, data: bytes, read: Callable[[bytes], Asked]) -> None:
        """Check one request of an identity by itself."""
        if len(data) > self._limits.message_bytes:
            raise LimitError(
                f"the request has {len(data)} bytes, more than the {self._limits.message_bytes} of"
                " limits.message_bytes: send less, or keep large content out of arguments"
            )
        self._rules.check(read(data), identity)

    def enter(self, context: Context) -> str:
        """Let a caller of the own organisation in and count the call; returns the identity."""
        identity = self._door.admit(context, Audience.OWN).caller.certificate
        self._limits.rate.spend(identity)
        return identity
