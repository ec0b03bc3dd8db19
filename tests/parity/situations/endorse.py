"""Endorsing: whose endorsements are collected, and what is said of those who fail."""

from quorate.blocks import protos
from tests.parity.actor import Endorsed, Seen, endorsed_action_of, payload_of
from tests.parity.registry import situation, variants
from tests.parity.stage import Stage


def _endorsers(endorsed: Endorsed) -> object:
    if endorsed.envelope is None:
        return endorsed.seen
    found = endorsed_action_of(endorsed.envelope).action.endorsements
    return sorted(protos.SerializedIdentity.FromString(one.endorser).mspid for one in found)


@situation("endorse: as many organisations as the policy needs")
def _(stage: Stage) -> object:
    endorsed = stage.alder.endorse(stage.alder.draft("put", stage.key(), "value"))
    endorsers = _endorsers(endorsed)
    return [endorsed.seen, len(endorsers) if isinstance(endorsers, list) else endorsers, "AlderMSP" in endorsers]


@situation("endorse: what a prepared transaction holds")
def _(stage: Stage) -> object:
    draft = stage.alder.draft("put", stage.key(), "value", transient={"secret": b"x"})
    envelope = stage.alder.endorse(draft, organisations=("AlderMSP", "BirchMSP")).envelope
    if envelope is None:
        return "nothing"
    payload = payload_of(envelope)
    header = protos.ChannelHeader.FromString(payload.header.channel_header)
    action = endorsed_action_of(envelope)
    visible = protos.ChaincodeProposalPayload.FromString(action.chaincode_proposal_payload)
    return {
        "signature": len(envelope.signature),
        "type": header.type,
        "channel": header.channel_id,
        "own header": protos.Transaction.FromString(payload.data).actions[0].header == payload.header.signature_header,
        "transient": len(visible.TransientMap),
    }


def _named(stage: Stage, organisations: tuple[str, ...]) -> object:
    return _endorsers(stage.alder.endorse(stage.alder.draft("put", stage.key(), "value"), organisations=organisations))


variants(
    "endorse by",
    {
        "one named organisation": ("BirchMSP",),
        "all organisations": ("AlderMSP", "BirchMSP", "CedarMSP"),
        "one organisation named twice": ("BirchMSP", "BirchMSP"),
        "an organisation that is not": ("NobodyMSP",),
        "two organisations of which one is not": ("BirchMSP", "NobodyMSP"),
        "two organisations that are not": ("NobodyMSP", "NoneMSP"),
        "the orderer's organisation": ("OrdererMSP",),
        "an organisation without a name": ("",),
    },
    _named,
)


def _call(stage: Stage, args: tuple[str, ...]) -> Seen:
    return stage.alder.endorse(stage.alder.draft(*args)).seen


variants(
    "endorse",
    {
        "a chaincode error": ("fail", "CODE: sorry"),
        "an empty chaincode error": ("fail", ""),
        "an unknown function": ("frobnicate",),
        "no arguments at all": (),
        "response 201": ("status", "201", "made", "it"),
        "response 399": ("status", "399", "", "almost"),
        "response 400": ("status", "400", "bad", "payload"),
        "response 499": ("status", "499", "bad", "payload"),
        "response 500 with a payload": ("status", "500", "down", "payload"),
        "response 503": ("status", "503", "", ""),
        "response 0": ("status", "0", "nothing", ""),
        "response 100": ("status", "100", "go on", ""),
        "a function that only reads": ("get", "nothing is here"),
        "a failure at the own organisation": ("failAt", "alder", "endorse~failure"),
    },
    _call,
)


def _at_all(stage: Stage, args: tuple[str, ...]) -> Seen:
    return stage.alder.endorse(stage.alder.draft(*args), organisations=("AlderMSP", "BirchMSP", "CedarMSP")).seen


variants(
    "endorse by all",
    {
        "a chaincode error": ("fail", "CODE: sorry"),
        "a failure at one": ("failAt", "cedar", "endorse~failure"),
        "a failure at the own organisation": ("failAt", "alder", "endorse~failure"),
        "response 400": ("status", "400", "bad", ""),
    },
    _at_all,
)


@situation("endorse: a result that differs everywhere")
def _(stage: Stage) -> object:
    # Whose answer comes first, and so is the one that others differ from, is chance.
    told = []
    for organisations in ((), ("AlderMSP", "BirchMSP", "CedarMSP")):
        seen = stage.alder.endorse(stage.alder.draft("random", stage.key()), organisations=organisations).seen
        details = seen.pop("details", [])
        told.append([seen, sorted({detail["message"] for detail in details}), len(details)])
    return told


@situation("endorse by all: a result that differs at one")
def _(stage: Stage) -> object:
    # The one that differs is found, or the two that differ from it if it answered first.
    draft = stage.alder.draft("differAt", "birch", stage.key())
    seen = stage.alder.endorse(draft, organisations=("AlderMSP", "BirchMSP", "CedarMSP")).seen
    found = [detail["msp_id"] for detail in seen["details"]]
    messages = {detail["message"] for detail in seen.pop("details")}
    return [seen, sorted(messages), found in (["BirchMSP"], ["AlderMSP", "CedarMSP"])]


@situation("endorse: a failure at one is made good by another")
def _(stage: Stage) -> object:
    endorsed = stage.alder.endorse(stage.alder.draft("failAt", "birch", stage.key()))
    return [_endorsers(endorsed), endorsed.seen]


@situation("endorse: a result that differs at one is made good by another")
def _(stage: Stage) -> object:
    endorsed = stage.alder.endorse(stage.alder.draft("differAt", "birch", stage.key()))
    return [_endorsers(endorsed), endorsed.seen]


@situation("endorse: transient data without named organisations")
def _(stage: Stage) -> object:
    draft = stage.alder.draft("transientInto", "name", stage.key(), transient={"name": b"value"})
    tx_id, seen = stage.alder.transact(draft)
    stage.everywhere(tx_id)
    return [seen, stage.read("get", stage.key())]


@situation("endorse: a chaincode that is not")
def _(stage: Stage) -> object:
    return stage.alder.endorse(stage.alder.draft("put", "x", "y", chaincode="absent")).seen


@situation("endorse: a chaincode that is not, by named organisations")
def _(stage: Stage) -> object:
    return stage.alder.endorse(
        stage.alder.draft("put", "x", "y", chaincode="absent"), organisations=("AlderMSP", "BirchMSP")
    ).seen


@situation("endorse: a deadline shorter than the chaincode takes")
def _(stage: Stage) -> object:
    return stage.alder.endorse(stage.alder.draft("sleep", "1500"), timeout=0.5).seen


@situation("endorse: an argument of 8 MB")
def _(stage: Stage) -> object:
    return stage.alder.endorse(stage.alder.draft("length", b"a" * 8_000_000)).seen


@situation("endorse: a system chaincode")
def _(stage: Stage) -> object:
    return stage.alder.endorse(stage.alder.draft("GetChainInfo", "quorate", chaincode="qscc")).seen
