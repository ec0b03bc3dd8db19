"""What a chaincode is told about the state, ranges, history, private data and other chaincodes."""

from tests.parity.actor import Seen
from tests.parity.registry import situation, variants
from tests.parity.stage import Stage


def _call(stage: Stage, args: tuple[str, ...]) -> Seen:
    return stage.alder.evaluate(stage.alder.draft(*args))


variants(
    "state",
    {
        "a write to an empty key": ("put", "", "x"),
        "a write to a key that is no text": ("put", "\ud7ff\u0000\uffff", "x"),
        "a write to a composite key's room": ("put", "\u0000x", "x"),
        "a deletion of what is not": ("delete", "nothing is here"),
        "a deletion of an empty key": ("delete", ""),
        "reading what was just written": ("putAndGet", "state~fresh", "value"),
        "two keys of which one is not": ("several", "warm~alder", "nothing is here"),
        "two keys of which one is empty": ("several", "warm~alder", ""),
        "many writes in one message": ("batch", "state~batch", "1500"),
        "a value of 5 MB": ("putLarge", "state~large", "5000000"),
        "a composite key with an empty attribute": ("composite", "kind", "", "x"),
        "a composite key without a kind": ("composite", "", "a", "x"),
        "a range that begins with an empty key": ("range", "", "warm~b"),
        "a range of nothing": ("range", "x", "x"),
        "a range backwards": ("range", "warm~b", "warm~a"),
        "a range over everything warm": ("range", "warm~", "warm~~"),
        "a page of none": ("page", "warm~", "warm~~", "0", ""),
        "a page below none": ("page", "warm~", "warm~~", "-1", ""),
        "a page of two": ("page", "warm~", "warm~~", "2", ""),
        "a page from a bookmark": ("page", "warm~", "warm~~", "2", "warm~cedar"),
        "a page from a bookmark that is not": ("page", "warm~", "warm~~", "2", "warm~b"),
        "a page from a bookmark outside": ("page", "warm~", "warm~~", "2", "zzz"),
        "a page that is larger than the range": ("page", "warm~", "warm~~", "200", ""),
        "a write after a page": ("pageInto", "warm~", "warm~~", "state~page"),
        "a rich query": ("query", '{"selector":{}}'),
        "a rich query that is none": ("query", "select *"),
        "history of what is not": ("history", "nothing is here"),
        "history of an empty key": ("history", ""),
        "composite keys by their beginning": ("partial", "kind", ""),
        "policy of a key that is not": ("owned", "nothing is here"),
        "private data written": ("privatePut", "collection", "key"),
        "private data written without a collection": ("privatePut", "", "key"),
        "private data read": ("privateGet", "collection", "key"),
        "private data deleted": ("privateDelete", "collection", "key"),
        "private data purged": ("privatePurge", "collection", "key"),
        "hash of private data": ("privateHash", "collection", "key"),
        "range of private data": ("privateRange", "collection"),
        "query of private data": ("privateQuery", "collection"),
        "a call of a chaincode that is not": ("call", "absent", "get x", ""),
        "a call of itself": ("call", "quorate", "get warm~alder", ""),
        "a call of itself that fails": ("call", "quorate", "fail sorry", ""),
        "a call of itself on another channel": ("call", "quorate", "get warm~alder", "elsewhere"),
        "a call of itself by the channel's name": ("call", "quorate", "get warm~alder", "quorate"),
        "a call without a name": ("call", "", "get x", ""),
        "two events of which the last counts": ("twoEvents", "one", "two"),
        "an event without a name": ("eventOnly", "", "payload"),
    },
    _call,
)


@situation("state: a value of 5 MB, written and read")
def _(stage: Stage) -> object:
    stage.submit("putLarge", stage.key(), "5000000")
    return stage.read("getLength", stage.key())


@situation("state: a transaction without an effect")
def _(stage: Stage) -> object:
    return stage.transact("length", "abc")[1]


@situation("state: an empty value is a deletion")
def _(stage: Stage) -> object:
    stage.submit("put", stage.key(), "value")
    stage.submit("put", stage.key(), "")
    return stage.read("get", stage.key())


@situation("state: 250 keys in a range")
def _(stage: Stage) -> object:
    stage.submit("fill", stage.key(), "250")
    listed = stage.read("range", stage.key(), stage.key("~"))
    counted = stage.transact("countInto", stage.key(), stage.key("~"), "counted")[1]
    first = stage.alder.evaluate(stage.alder.draft("page", stage.key(), stage.key("~"), "3", ""))
    return [listed, counted, first]


@situation("state: pages one after the other")
def _(stage: Stage) -> object:
    stage.submit("fill", stage.key(), "5")
    pages, bookmark = [], ""
    for _ in range(4):
        page = stage.read("page", stage.key(), stage.key("~"), "2", bookmark)
        pages.append(page)
        bookmark = page.rpartition("|")[2]
    return pages


@situation("state: history of a key")
def _(stage: Stage) -> object:
    ids = [stage.submit("put", stage.key(), "one"), stage.submit("put", stage.key(), "two")]
    stage.submit("put", stage.key("longer"), "other")
    ids += [stage.submit("delete", stage.key()), stage.submit("put", stage.key(), "three")]
    return [ids, stage.read("history", stage.key())]


@situation("state: composite keys")
def _(stage: Stage) -> object:
    for attribute in ("b", "a", "c"):
        stage.submit("composite", stage.key(), attribute, "value")
    return [stage.read("partial", stage.key(), ""), stage.read("range", stage.key(), stage.key("~"))]


@situation("state: many writes in one message, committed")
def _(stage: Stage) -> object:
    seen = stage.transact("batch", stage.key(), "1500")[1]
    return [seen, len(stage.alder.evaluate(stage.alder.draft("range", stage.key(), stage.key("~")))["payload"])]


@situation("state: a call of itself, submitted")
def _(stage: Stage) -> object:
    seen = stage.transact("call", "quorate", f"put {stage.key()} value", "")[1]
    return [seen, stage.read("get", stage.key())]
