"""Evaluating: results, errors, whom the gateway asks."""

from tests.parity.actor import Seen
from tests.parity.registry import situation, variants
from tests.parity.stage import Stage


@situation("evaluate: a value that was written")
def _(stage: Stage) -> object:
    stage.submit("put", stage.key(), "value")
    return [actor.evaluate(actor.draft("get", stage.key())) for actor in (stage.alder, stage.birch, stage.cedar)]


@situation("evaluate: a writing function leaves no trace")
def _(stage: Stage) -> object:
    seen = stage.alder.evaluate(stage.alder.draft("increment", stage.key()))
    return [seen, stage.read("get", stage.key())]


def _call(stage: Stage, args: tuple[str | bytes, ...]) -> Seen:
    return stage.alder.evaluate(stage.alder.draft(*args))


variants(
    "evaluate",
    {
        "a key that is not": ("get", "nothing is here"),
        "an empty key": ("get", ""),
        "an unknown function": ("frobnicate",),
        "an empty function name": ("",),
        "a function with a contract's name": ("contract:get", "x"),
        "no arguments at all": (),
        "too few arguments": ("put", "x"),
        "too many arguments": ("get", "x", "y"),
        "bytes that are no text": ("length", b"\xff\xfe\x00\x01"),
        "an empty argument": ("length", ""),
        "an argument of 1 MB": ("length", b"a" * 1_000_000),
        "an argument of 20 MB": ("length", b"a" * 20_000_000),
        "a result of 1 MB": ("large", "1000000"),
        "a result of 20 MB": ("large", "20000000"),
        "a chaincode error": ("fail", "CODE: sorry"),
        "an empty chaincode error": ("fail", ""),
        "a long chaincode error": ("fail", "sorry " * 400),
        "a chaincode error with a line break": ("fail", "one\ntwo"),
        "a chaincode error in other letters": ("fail", "прости"),
        "response 200 with a message": ("status", "200", "well", "done"),
        "response 201": ("status", "201", "made", "it"),
        "response 399": ("status", "399", "", "almost"),
        "response 400": ("status", "400", "bad", "payload"),
        "response 404": ("status", "404", "gone", ""),
        "response 499": ("status", "499", "", ""),
        "response 500 with a payload": ("status", "500", "down", "payload"),
        "response 503": ("status", "503", "", ""),
        "response 0": ("status", "0", "nothing", ""),
        "response 100": ("status", "100", "go on", ""),
        "response -1": ("status", "-1", "below", ""),
        "what the chaincode is told": ("context",),
    },
    _call,
)


def _named(stage: Stage, organisations: tuple[str, ...]) -> Seen:
    return stage.alder.evaluate(stage.alder.draft("length", "abc"), organisations=organisations)


variants(
    "evaluate",
    {
        "by another organisation": ("BirchMSP",),
        "by two organisations": ("BirchMSP", "CedarMSP"),
        "by an organisation that is not": ("NobodyMSP",),
        "by one that is and one that is not": ("NobodyMSP", "CedarMSP"),
        "by an organisation without a name": ("",),
    },
    _named,
)


@situation("evaluate: a failure at the organisation that is named")
def _(stage: Stage) -> object:
    draft = stage.alder.draft("failAt", "birch", stage.key())
    return stage.alder.evaluate(draft, organisations=("BirchMSP",))


@situation("evaluate: transient data")
def _(stage: Stage) -> object:
    return stage.alder.evaluate(stage.alder.draft("transient", "name", transient={"name": b"value", "other": b""}))


@situation("evaluate: transient data to another organisation")
def _(stage: Stage) -> object:
    draft = stage.alder.draft("transient", "name", transient={"name": b"value"})
    return stage.alder.evaluate(draft, organisations=("BirchMSP",))


@situation("evaluate: a chaincode that is not")
def _(stage: Stage) -> object:
    return stage.alder.evaluate(stage.alder.draft("get", "x", chaincode="absent"))


@situation("evaluate: a chaincode without a name")
def _(stage: Stage) -> object:
    return stage.alder.evaluate(stage.alder.draft("get", "x", chaincode=""))


@situation("evaluate: a chaincode with an odd name")
def _(stage: Stage) -> object:
    return stage.alder.evaluate(stage.alder.draft("get", "x", chaincode="no/such?name"))


@situation("evaluate: a deadline shorter than the chaincode takes")
def _(stage: Stage) -> object:
    return stage.alder.evaluate(stage.alder.draft("sleep", "1500"), timeout=0.5)
