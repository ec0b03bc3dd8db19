"""Transactions that were endorsed on the same state: who wins, and with which code the others are refused."""

from tests.parity.actor import code_name
from tests.parity.registry import situation, variants
from tests.parity.situations.deliver import fetch
from tests.parity.stage import Stage

Call = tuple[str, ...]


def _together(stage: Stage, case: tuple[tuple[Call, ...], tuple[Call, ...]]) -> object:
    """Endorse all on one state, submit all, and return how each was committed and what is left."""
    before, calls = case

    def own(call: Call) -> Call:
        return tuple(arg.replace("%", stage.key()) for arg in call)

    for call in before:
        stage.submit(*own(call))
    endorsed = [stage.alder.endorse(stage.alder.draft(*own(call))) for call in calls]
    for one in endorsed:
        if one.envelope is None:
            raise AssertionError(one.seen)
        stage.alder.submit(stage.alder.sign(one.envelope), tx_id=one.tx_id)
    codes = [stage.alder.status(one.tx_id)["code"] for one in endorsed]
    stage.everywhere(*(one.tx_id for one in endorsed))
    return [codes, stage.read("range", stage.key(), stage.key("~"))]


variants(
    "conflict",
    {
        "the same counter": ((), (("increment", "%a"), ("increment", "%a"))),
        "the same counter five times": ((), (("increment", "%a"),) * 5),
        "different counters": ((), (("increment", "%a"), ("increment", "%b"))),
        "writes without reads": ((), (("put", "%a", "1"), ("put", "%a", "2"))),
        "a read of what is deleted": ((("put", "%a", "1"),), (("delete", "%a"), ("increment", "%a"))),
        "a read of what is written with the same value": (
            (("put", "%a", "1"),),
            (("put", "%a", "1"), ("increment", "%a")),
        ),
        "a deletion of what is deleted": ((("put", "%a", "1"),), (("delete", "%a"), ("delete", "%a"))),
        "a key added to a range": ((), (("put", "%m", "1"), ("countInto", "%", "%~", "%~count"))),
        "a key taken from a range": ((("put", "%m", "1"),), (("delete", "%m"), ("countInto", "%", "%~", "%~count"))),
        "a key of a range written anew": (
            (("put", "%m", "1"),),
            (("put", "%m", "1"), ("countInto", "%", "%~", "%~count")),
        ),
        "a key beside a range": ((), (("put", "%x", "1"), ("countInto", "%a", "%c", "%~count"))),
        "a key at the end of a range": ((), (("put", "%c", "1"), ("countInto", "%a", "%c", "%~count"))),
        "a key at the beginning of a range": ((), (("put", "%a", "1"), ("countInto", "%a", "%c", "%~count"))),
        "a range before the key is added": ((), (("countInto", "%", "%~", "%~count"), ("put", "%m", "1"))),
        "a query that only reads": ((("put", "%a", "1"),), (("put", "%a", "2"), ("get", "%a"))),
        "history is not compared": ((("put", "%a", "1"),), (("put", "%a", "2"), ("history", "%a"))),
    },
    _together,
)


@situation("conflict: a key with its own policy")
def _(stage: Stage) -> object:
    stage.submit("own", stage.key(), "BirchMSP")
    seen = [
        stage.transact("put", stage.key(), str(organisations), organisations=organisations)[1].get("code")
        for organisations in (("AlderMSP", "CedarMSP"), ("BirchMSP",), ("AlderMSP", "BirchMSP"), ())
    ]
    return [seen, stage.read("owned", stage.key())]


@situation("conflict: endorsements of too few organisations")
def _(stage: Stage) -> object:
    return [
        stage.transact("put", stage.key(), "value", organisations=organisations)[1]
        for organisations in (("AlderMSP",), ("BirchMSP",), ("AlderMSP", "CedarMSP"))
    ]


@situation("conflict: codes in the filtered block are those of the commit status")
def _(stage: Stage) -> object:
    endorsed = [stage.alder.endorse(stage.alder.draft("increment", stage.key())) for _ in range(3)]
    for one in endorsed:
        stage.alder.submit(stage.alder.sign(one.envelope), tx_id=one.tx_id)
    told = {one.tx_id: stage.alder.status(one.tx_id)["code"] for one in endorsed}
    found = {}
    for response in fetch(stage.alder, "DeliverFiltered", "oldest", "newest"):
        for transaction in response.filtered_block.filtered_transactions:
            found[transaction.txid] = code_name(transaction.tx_validation_code)
    return [list(told.values()), all(found[tx_id] == code for tx_id, code in told.items())]
