"""System chaincodes: what a client may ask of them through a gateway."""

from collections.abc import Callable

from quorate.blocks import protos
from tests.parity.actor import Seen
from tests.parity.registry import situation, variants
from tests.parity.stage import Stage


def _call(stage: Stage, case: tuple[str, tuple[str | bytes, ...]]) -> Seen:
    chaincode, args = case
    seen = stage.alder.evaluate(stage.alder.draft(*args, chaincode=chaincode))
    if "payload" in seen:
        seen["payload"] = "<something>" if seen["payload"] else "<nothing>"
    return seen


def _definition(name: str) -> bytes:
    raw: bytes = protos.QueryChaincodeDefinitionArgs(name=name).SerializeToString()
    return raw


variants(
    "system",
    {
        "chain info": ("qscc", ("GetChainInfo", "quorate")),
        "chain info of another channel": ("qscc", ("GetChainInfo", "elsewhere")),
        "chain info without a channel": ("qscc", ("GetChainInfo",)),
        "a block": ("qscc", ("GetBlockByNumber", "quorate", "0")),
        "a block that is not": ("qscc", ("GetBlockByNumber", "quorate", "99999")),
        "a block by no number": ("qscc", ("GetBlockByNumber", "quorate", "x")),
        "a block without a number": ("qscc", ("GetBlockByNumber", "quorate")),
        "a block by a hash that is not": ("qscc", ("GetBlockByHash", "quorate", b"\x01" * 32)),
        "a transaction that is not": ("qscc", ("GetTransactionByID", "quorate", "ab" * 32)),
        "a transaction without an id": ("qscc", ("GetTransactionByID", "quorate")),
        "a transaction by an empty id": ("qscc", ("GetTransactionByID", "quorate", "")),
        "a block by a transaction that is not": ("qscc", ("GetBlockByTxID", "quorate", "ab" * 32)),
        "a function of qscc that is not": ("qscc", ("Frobnicate", "quorate")),
        "a function of qscc that is not, with an argument": ("qscc", ("Frobnicate", "quorate", "x")),
        "a definition with too many arguments": ("_lifecycle", ("QueryChaincodeDefinition", b"", b"")),
        "all definitions by garbage": ("_lifecycle", ("QueryChaincodeDefinitions", b"\xff\xff")),
        "cscc without a function": ("cscc", ()),
        "the configuration of another channel": ("cscc", ("GetConfigBlock", "elsewhere")),
        "the configuration of no channel": ("cscc", ("GetConfigBlock",)),
        "qscc without a function": ("qscc", ()),
        "a definition": ("_lifecycle", ("QueryChaincodeDefinition", _definition("quorate"))),
        "a definition that is not": ("_lifecycle", ("QueryChaincodeDefinition", _definition("absent"))),
        "a definition by garbage": ("_lifecycle", ("QueryChaincodeDefinition", b"\xff\xff")),
        "all definitions": ("_lifecycle", ("QueryChaincodeDefinitions", b"")),
        "a function of _lifecycle that is not": ("_lifecycle", ("Frobnicate", b"")),
        "_lifecycle without a function": ("_lifecycle", ()),
        "the channels that a peer has joined": ("cscc", ("GetChannels",)),
        "the channel's configuration": ("cscc", ("GetConfigBlock", "quorate")),
        "a function of cscc that is not": ("cscc", ("Frobnicate", "quorate")),
    },
    _call,
)


def _decoded(
    stage: Stage, args: tuple[str | bytes, ...], read: Callable[[bytes], object], chaincode: str = "qscc"
) -> object:
    draft = stage.alder.draft(*args, chaincode=chaincode)
    signed, tx_id = draft.signed()
    request = protos.EvaluateRequest(transaction_id=tx_id, channel_id=draft.channel, proposed_transaction=signed)
    return read(stage.alder.unary("Evaluate", protos.EvaluateResponse, request, 20).result.payload)


@situation("system: a committed transaction and its block")
def _(stage: Stage) -> object:
    tx_id = stage.submit("put", stage.key(), "value")

    def transaction(raw: bytes) -> object:
        found = protos.ProcessedTransaction.FromString(raw)
        header = protos.Payload.FromString(found.transactionEnvelope.payload).header.channel_header
        return [found.validationCode, protos.ChannelHeader.FromString(header).tx_id == tx_id]

    def block(raw: bytes) -> object:
        found = protos.Block.FromString(raw)
        return [len(found.metadata.metadata), len(found.metadata.metadata[4]) > 0]

    return [
        _decoded(stage, ("GetTransactionByID", "quorate", tx_id), transaction),
        _decoded(stage, ("GetBlockByTxID", "quorate", tx_id), block),
    ]


@situation("system: what a definition says")
def _(stage: Stage) -> object:
    def read(raw: bytes) -> object:
        found = protos.QueryChaincodeDefinitionResult.FromString(raw)
        return [found.sequence, found.version, found.endorsement_plugin, found.validation_plugin, found.init_required]

    return _decoded(stage, ("QueryChaincodeDefinition", _definition("quorate")), read, "_lifecycle")


@situation("system: asked by an orderer")
def _(stage: Stage) -> object:
    actor = stage.actor("alder", stage.orderer)
    return [
        actor.evaluate(actor.draft("GetChainInfo", "quorate", chaincode="qscc")),
        actor.evaluate(actor.draft("GetConfigBlock", "quorate", chaincode="cscc")),
        actor.evaluate(actor.draft("QueryChaincodeDefinition", _definition("quorate"), chaincode="_lifecycle")),
    ]
