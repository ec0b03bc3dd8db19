"""Connecting to a gateway, and blocking until it is done."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from gateway.fabric.connect import connect as connect_async
from gateway.fabric.endpoint import Endpoint
from gateway.fabric.sync.background import SHARED
from gateway.fabric.sync.gateway import Gateway
from quorate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from gateway.fabric.call_options import DefaultCallOptions
    from gateway.fabric.hash import Hash
    from gateway.fabric.identity import Identity
    from gateway.fabric.options import Deadlines, Limits
    from gateway.fabric.signer import AsyncSigner, Sign, Signer


@contextmanager
def connect(
    endpoint: str | Endpoint,
    identity: Identity,
    signer: Signer | AsyncSigner | Sign | None = None,
    *,
    hash: Hash | None = None,  # noqa: A002  # the official clients' name
    deadlines: Deadlines | None = None,
    limits: Limits | None = None,
    call_options: DefaultCallOptions | None = None,
    chaincode_calls: Mapping[str, Collection[str]] | None = None,
) -> Iterator[Gateway]:
    """Open a gateway for one identity, and close it with all that it has under way in the end.

    The parameters and errors are those of `gateway.fabric.connect`, except that an open channel cannot be shared: it
    would belong to another event loop.
    """
    if not isinstance(endpoint, str | Endpoint):
        raise UsageError(f"{type(endpoint).__name__} is neither an address nor an Endpoint")
    connected = connect_async(
        endpoint,
        identity,
        signer,
        hash=hash,
        deadlines=deadlines,
        limits=limits,
        call_options=call_options,
        chaincode_calls=chaincode_calls,
    )
    background = SHARED.get()
    gateway = background.run(connected.__aenter__())
    try:
        yield Gateway(background, gateway)
    finally:
        background.run(connected.__aexit__(None, None, None))
