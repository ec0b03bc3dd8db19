"""Every check of a relayed call that comes before the peer hears of it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from gateway.service.methods import Audience, Context, Door
from gateway.service.status import BusyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.service.drain import Drain
    from gateway.service.limiter import Rate, Slots
    from gateway.service.relay.request import Asked
    from gateway.service.relay.rules import Rules


class Guard:
    """Who calls, how often, how much at once, how large, and what for.

    Parameters
    ----------
    door
        Knows the callers.
    rules
        What may be asked for.
    rate
        How many calls a second an identity may make. An identity here is a TLS certificate: it is proven, while the
        creator inside a request is only claimed until the peer has checked it.
    calls, streams
        How many calls, and how many streams, an identity may have open at once.
    drain
        Ends streams when the gateway stops.
    message_bytes
        How large a request may be.
    """

    def __init__(
        self, door: Door, rules: Rules, *, rate: Rate, calls: Slots, streams: Slots, drain: Drain, message_bytes: int
    ) -> None:
        self._door = door
        self._rules = rules
        self._rate = rate
        self._calls = calls
        self._streams = streams
        self._drain = drain
        self._message_bytes = message_bytes

    @contextmanager
    def call(self, context: Context, data: bytes, read: Callable[[bytes], Asked]) -> Iterator[None]:
        """Hold a place for one call; raises what the caller is to be told."""
        identity = self._enter(context)
        self.check(data, read)
        with self._calls.take(identity):
            yield

    @contextmanager
    def stream(self, context: Context) -> Iterator[None]:
        """Hold a place for one stream; its requests are to be checked one by one."""
        with self._streams.take(self._enter(context)), self._drain.stream():
            yield

    def check(self, data: bytes, read: Callable[[bytes], Asked]) -> None:
        """Check one request by itself."""
        if len(data) > self._message_bytes:
            raise BusyError(f"the request has {len(data)} bytes, more than the {self._message_bytes} that are relayed")
        self._rules.check(read(data))

    def _enter(self, context: Context) -> str:
        identity = self._door.admit(context, Audience.OWN).caller.certificate
        self._rate.spend(identity)
        return identity
