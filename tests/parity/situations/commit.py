"""Asking how a transaction was committed."""

from collections.abc import Callable

from quorate.blocks import protos
from tests.parity.actor import Seen
from tests.parity.proposals import broken, high_s, none
from tests.parity.registry import situation, variants
from tests.parity.stage import Stage


@situation("commit status: of a committed transaction, at every organisation")
def _(stage: Stage) -> object:
    tx_id = stage.submit("put", stage.key(), "value")
    return [actor.status(tx_id) for actor in (stage.alder, stage.birch, stage.cedar)]


@situation("commit status: of an unknown transaction, until the deadline")
def _(stage: Stage) -> object:
    return stage.alder.status("cd" * 32, timeout=0.5)["error"]


def _asked(stage: Stage, ask: Callable[[Stage, str], Seen]) -> Seen:
    return ask(stage, stage.submit("put", stage.key(), "value"))


def _request(**fields: object) -> bytes:
    raw: bytes = protos.CommitStatusRequest(**fields).SerializeToString()
    return raw


variants(
    "commit status",
    {
        "asked by another organisation": lambda stage, tx_id: stage.birch.status(tx_id),
        "asked by an administrator": lambda stage, tx_id: stage.actor("alder", stage.admin_of("alder")).status(tx_id),
        "asked by a peer": lambda stage, tx_id: stage.actor("alder", stage.peer_of("birch")).status(tx_id),
        "asked by an orderer": lambda stage, tx_id: stage.actor("alder", stage.orderer).status(tx_id),
        "asked by a stranger": lambda stage, tx_id: stage.actor("alder", stage.stranger).status(tx_id),
        "asked with an expired certificate": lambda stage, tx_id: stage.actor("alder", stage.expired).status(tx_id),
        "asked with a broken signature": lambda stage, tx_id: stage.alder.status(tx_id, signature=broken),
        "asked with a signature of a high S": lambda stage, tx_id: stage.alder.status(tx_id, signature=high_s),
        "asked without a signature": lambda stage, tx_id: stage.alder.status(tx_id, signature=none),
        "asked in another's name": lambda stage, tx_id: stage.alder.status(
            tx_id, identity=stage.birch.signatory.creator
        ),
        "asked by nobody": lambda stage, tx_id: stage.alder.status(tx_id, identity=b""),
        "asked by garbage": lambda stage, tx_id: stage.alder.status(tx_id, identity=b"garbage"),
        "of another channel": lambda stage, tx_id: stage.alder.status(tx_id, network="elsewhere"),
        "of no channel": lambda stage, tx_id: stage.alder.status(tx_id, network=""),
        "of no transaction": lambda stage, _: stage.alder.status("", timeout=1),
        "of an empty request": lambda stage, _: stage.alder.signed_status(b"", b"x"),
        "of a request that is none": lambda stage, _: stage.alder.signed_status(b"\xff\xff", b"x"),
    },
    _asked,
)
