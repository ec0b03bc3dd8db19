"""The same client for programs without an event loop: the same names, and every call blocks until it is done.

One thread runs an event loop for all gateways that are open; calls may come from any number of other threads. Ctrl-C
ends the call that waits, on both sides, and is then raised as usual. What does not wait (identities, signers, options,
errors, checkpointers) is the same as in `gateway.fabric`, and imported from there. `SubmitError.commit` is the
`Commit` of this package.
"""

from gateway.fabric.sync.connect import connect
from gateway.fabric.sync.contract import Contract
from gateway.fabric.sync.event_stream import EventStream
from gateway.fabric.sync.gateway import Gateway
from gateway.fabric.sync.network import Network
from gateway.fabric.sync.requests import (
    BlockAndPrivateDataEventsRequest,
    BlockEventsRequest,
    ChaincodeEventsRequest,
    FilteredBlockEventsRequest,
)
from gateway.fabric.sync.transaction import Commit, Proposal, Transaction

__all__ = [
    "BlockAndPrivateDataEventsRequest",
    "BlockEventsRequest",
    "ChaincodeEventsRequest",
    "Commit",
    "Contract",
    "EventStream",
    "FilteredBlockEventsRequest",
    "Gateway",
    "Network",
    "Proposal",
    "Transaction",
    "connect",
]
