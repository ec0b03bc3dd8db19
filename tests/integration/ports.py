"""Ports of loopback that belong to one test: one to listen on later, and one that nobody listens on."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

from network import ports

if TYPE_CHECKING:
    from collections.abc import Iterator

_given: set[int] = set()


def free_port() -> int:
    """Return a port to listen on later: no outgoing connection takes it until then, and no other caller gets it."""
    port = ports.free(taken=_given)
    _given.add(port)
    return port


@contextmanager
def nobody_listens() -> Iterator[int]:
    """Hold a port on which every connection is refused; nobody else can come to listen there."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
