"""What is too large, and what is too many."""

import time
from contextlib import ExitStack

from quorate.blocks import protos
from tests.parity.actor import Actor
from tests.parity.registry import situation
from tests.parity.stage import Stage

_CALLS = 520  # of which 500 find a place


@situation("limit: an argument of 30 MB")
def _(stage: Stage) -> object:
    return stage.alder.evaluate(stage.alder.draft("length", bytes(30_000_000)), timeout=200)


@situation("limit: an argument that the gateway does not take")
def _(stage: Stage) -> object:
    seen = stage.alder.evaluate(stage.alder.draft("length", bytes(104_900_000)), timeout=200)
    return [seen["error"], seen["message"].partition(" (")[0]]  # how much it was depends on the signature's length


@situation("limit: a response that the chaincode's stream does not take")
def _(stage: Stage) -> object:
    return stage.alder.evaluate(stage.alder.draft("large", "105000000"), timeout=200)


@situation("limit: more calls at once than a gateway takes")
def _(stage: Stage) -> object:
    with ExitStack() as streams:
        for _ in range(_CALLS):
            streams.enter_context(stage.birch.chaincode_events(_endless(stage.birch), timeout=200))
        seen = stage.birch.evaluate(stage.birch.draft("length", "abc"))
        until = time.monotonic() + 100
        while "error" not in seen and time.monotonic() < until:  # until a stream has the place that evaluations took
            streams.enter_context(stage.birch.chaincode_events(_endless(stage.birch), timeout=200))
            seen = stage.birch.evaluate(stage.birch.draft("length", "abc"))
    return seen


def _endless(actor: Actor) -> protos.AnyMessage:
    request = protos.ChaincodeEventsRequest(
        channel_id=actor.network, chaincode_id=actor.chaincode, identity=actor.signatory.creator
    ).SerializeToString()
    return protos.SignedChaincodeEventsRequest(request=request, signature=actor.signatory.sign(request))
