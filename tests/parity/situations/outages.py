"""An organisation's chaincode that crashes, is away, and comes back."""

from tests.parity.actor import Seen
from tests.parity.registry import situation
from tests.parity.stage import Stage


def _evaluated(stage: Stage, *args: str, organisations: tuple[str, ...] = ()) -> Seen:
    return stage.alder.evaluate(stage.alder.draft(*args), organisations=organisations)


@situation("outage: a chaincode that crashes on a call")
def _(stage: Stage) -> object:
    chaincode = stage.network.nodes["chaincode.birch"]
    seen = [_evaluated(stage, "panic", organisations=("BirchMSP",))]
    chaincode.kill()  # it has ended already; what is known of it is put right
    chaincode.start()
    return [*seen, _evaluated(stage, "length", "abc", organisations=("BirchMSP",))]


@situation("outage: another organisation's chaincode is away")
def _(stage: Stage) -> object:
    chaincode = stage.network.nodes["chaincode.birch"]
    chaincode.kill()
    _evaluated(stage, "length", "abc", organisations=("BirchMSP",))  # which may be the one that finds out
    draft = stage.alder.draft("put", stage.key(), "value")
    told = [
        _evaluated(stage, "length", "abc", organisations=("BirchMSP",)),
        _evaluated(stage, "length", "abc", organisations=("BirchMSP", "CedarMSP")),
        stage.alder.endorse(draft, organisations=("AlderMSP", "BirchMSP")).seen,
        stage.alder.endorse(draft).seen,
    ]
    chaincode.start()
    return [*told, _evaluated(stage, "length", "abc", organisations=("BirchMSP",))]


@situation("outage: the own chaincode is away")
def _(stage: Stage) -> object:
    chaincode = stage.network.nodes["chaincode.alder"]
    chaincode.kill()
    _evaluated(stage, "length", "abc", organisations=("AlderMSP",))  # which may be the one that finds out
    draft = stage.alder.draft("put", stage.key(), "value")
    told = [
        _evaluated(stage, "length", "abc"),
        stage.alder.endorse(draft).seen,
        stage.birch.endorse(stage.birch.draft("put", stage.key(), "value")).seen,
    ]
    chaincode.start()
    return [*told, _evaluated(stage, "length", "abc")]
