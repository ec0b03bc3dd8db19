"""Chaincode events: which come, in which order, from where on."""

from collections.abc import Callable
from typing import Any

import grpc

from quorate.blocks import protos
from tests.parity.actor import Actor, failure, is_late, text
from tests.parity.proposals import Signatory, broken, high_s, none
from tests.parity.registry import situation, variants
from tests.parity.situations.deliver import fetch, position
from tests.parity.stage import Stage

_QUIET_S = 2.0


def _request(
    actor: Actor,
    *,
    start: str | int | None = None,
    after: str = "",
    chaincode: str | None = None,
    network: str | None = None,
    signatory: Signatory | None = None,
    signature: Callable[[bytes], bytes] = lambda signature: signature,
) -> protos.AnyMessage:
    signatory = signatory or actor.signatory
    request = protos.ChaincodeEventsRequest(
        channel_id=actor.network if network is None else network,
        chaincode_id=actor.chaincode if chaincode is None else chaincode,
        identity=signatory.creator,
        after_transaction_id=after,
    )
    if start is not None:
        request.start_position.CopyFrom(position(start))
    raw = request.SerializeToString()
    return protos.SignedChaincodeEventsRequest(request=raw, signature=signature(signatory.sign(raw)))


def _read(actor: Actor, request: protos.AnyMessage, *, at_most: int) -> list[Any]:
    """Return so many events, or those that come until the stream has been quiet, and why it ended."""
    told: list[Any] = []
    with actor.chaincode_events(request, timeout=_QUIET_S if at_most == 0 else 60.0) as stream:
        try:
            for response in stream:
                block = f"<block {response.block_number}>"
                told += [
                    [block, event.tx_id, event.chaincode_id, event.event_name, text(event.payload)]
                    for event in response.events
                ]
                if at_most and len(told) >= at_most:
                    break
        except grpc.RpcError as error:
            told.append("DEADLINE_EXCEEDED" if is_late(error) else failure(error))
    return told


def height(stage: Stage) -> int:
    """Return the number of the next block."""
    return len(fetch(stage.alder, "DeliverFiltered", "oldest", "newest"))


@situation("events: one after the other, from a block on")
def _(stage: Stage) -> object:
    start = height(stage)
    ids = [stage.submit("event", stage.key(), f"name{number}", f"payload{number}") for number in range(4)]
    return [ids, _read(stage.alder, _request(stage.alder, start=start), at_most=4)]


@situation("events: many at once keep the order of the block")
def _(stage: Stage) -> object:
    start = height(stage)
    endorsed = [stage.alder.endorse(stage.alder.draft("eventOnly", f"e{number}", "x")) for number in range(12)]
    for one in endorsed:
        stage.alder.submit(stage.alder.sign(one.envelope), tx_id=one.tx_id)
    for one in endorsed:
        stage.alder.status(one.tx_id)
    return [event[3] for event in _read(stage.alder, _request(stage.alder, start=start), at_most=12)]


@situation("events: after a transaction")
def _(stage: Stage) -> object:
    ids = [stage.submit("event", stage.key(), f"name{number}", "") for number in range(4)]
    return [
        [event[3] for event in _read(stage.alder, _request(stage.alder, after=ids[1]), at_most=2)],
        [event[3] for event in _read(stage.alder, _request(stage.alder, start=0, after=ids[2]), at_most=1)],
    ]


@situation("events: after a transaction without an event")
def _(stage: Stage) -> object:
    before = stage.submit("put", stage.key(), "value")
    stage.submit("event", stage.key(), "name", "")
    return _names(_read(stage.alder, _request(stage.alder, after=before), at_most=0))


@situation("events: after a transaction of another chaincode's")
def _(stage: Stage) -> object:
    before = stage.submit("event", stage.key(), "before", "")
    stage.submit("event", stage.key(), "after", "")
    return _names(_read(stage.alder, _request(stage.alder, after=before, chaincode="absent"), at_most=0))


def _names(told: list[Any]) -> list[Any]:
    return [event[3] if isinstance(event, list) else event for event in told]


@situation("events: after a transaction that is not, from a block on")
def _(stage: Stage) -> object:
    start = height(stage)
    stage.submit("event", stage.key(), "name", "")
    return _names(_read(stage.alder, _request(stage.alder, start=start, after="ef" * 32), at_most=0))


@situation("events: after a transaction that was refused")
def _(stage: Stage) -> object:
    refused = stage.transact("event", stage.key(), "refused", "", organisations=("BirchMSP",))[0]
    stage.submit("event", stage.key(), "name", "")
    return _names(_read(stage.alder, _request(stage.alder, after=refused), at_most=0))


@situation("events: of transactions that were refused none come")
def _(stage: Stage) -> object:
    start = height(stage)
    stage.transact("event", stage.key(), "refused", "", organisations=("BirchMSP",))
    stage.submit("event", stage.key(), "taken", "")
    return _names(_read(stage.alder, _request(stage.alder, start=start), at_most=1))


@situation("events: of another chaincode none come")
def _(stage: Stage) -> object:
    stage.submit("event", stage.key(), "name", "")
    return _read(stage.alder, _request(stage.alder, start=0, chaincode="absent"), at_most=0)


@situation("events: of no chaincode none come")
def _(stage: Stage) -> object:
    return _read(stage.alder, _request(stage.alder, start=0, chaincode=""), at_most=0)


@situation("events: of a transaction that writes nothing")
def _(stage: Stage) -> object:
    start = height(stage)
    stage.submit("eventOnly", "alone", "payload")
    return _names(_read(stage.alder, _request(stage.alder, start=start), at_most=1))


@situation("events: of two in one transaction the last")
def _(stage: Stage) -> object:
    start = height(stage)
    stage.submit("twoEvents", "one", "two")
    return [event[3:] for event in _read(stage.alder, _request(stage.alder, start=start), at_most=1)]


@situation("events: with an empty payload, and with other letters")
def _(stage: Stage) -> object:
    start = height(stage)
    stage.submit("eventOnly", "пусто", "")
    return [event[3:] for event in _read(stage.alder, _request(stage.alder, start=start), at_most=1)]


@situation("events: with a payload of 2 MB")
def _(stage: Stage) -> object:
    start = height(stage)
    stage.submit("largeEvent", "large", "2000000")
    return [event[3:] for event in _read(stage.alder, _request(stage.alder, start=start), at_most=1)]


@situation("events: at every organisation the same")
def _(stage: Stage) -> object:
    start = height(stage)
    stage.submit("event", stage.key(), "name", "payload")
    told = [_read(actor, _request(actor, start=start), at_most=1) for actor in (stage.alder, stage.birch, stage.cedar)]
    return [told[0], told[0] == told[1] == told[2]]


def _refused(stage: Stage, make: Callable[[Stage], protos.AnyMessage]) -> object:
    return _read(stage.alder, make(stage), at_most=0)


variants(
    "events",
    {
        "from the oldest": lambda stage: _request(stage.alder, start="oldest"),
        "from the newest": lambda stage: _request(stage.alder, start="newest"),
        "from the next": lambda stage: _request(stage.alder, start="next"),
        "from nowhere in particular": lambda stage: _request(stage.alder),
        "from a block far ahead": lambda stage: _request(stage.alder, start=1_000_000),
        "of another channel": lambda stage: _request(stage.alder, network="elsewhere"),
        "of no channel": lambda stage: _request(stage.alder, network=""),
        "with a broken signature": lambda stage: _request(stage.alder, signature=broken),
        "with a signature of a high S": lambda stage: _request(stage.alder, signature=high_s),
        "without a signature": lambda stage: _request(stage.alder, signature=none),
        "by a stranger": lambda stage: _request(stage.alder, signatory=stage.stranger),
        "by an orderer": lambda stage: _request(stage.alder, signatory=stage.orderer),
        "with an expired certificate": lambda stage: _request(stage.alder, signatory=stage.expired),
        "by nobody": lambda stage: _request(
            stage.alder, signatory=Signatory(creator=b"", sign=stage.alder.signatory.sign)
        ),
        "by garbage": lambda stage: _request(
            stage.alder, signatory=Signatory(creator=b"garbage", sign=stage.alder.signatory.sign)
        ),
        "of an empty request": lambda _: protos.SignedChaincodeEventsRequest(),
        "of a request that is none": lambda _: protos.SignedChaincodeEventsRequest(request=b"\xff\xff", signature=b"x"),
    },
    _refused,
)
