"""Proposals that are refused before any chaincode runs, evaluated and endorsed alike."""

from collections.abc import Callable

from quorate.blocks import protos
from tests.parity.actor import Actor, Seen
from tests.parity.proposals import Draft, broken, garbage, high_s, none, now
from tests.parity.registry import variants
from tests.parity.stage import Stage


def _both(actor: Actor, make: Callable[[], Draft]) -> dict[str, Seen]:
    return {"evaluate": actor.evaluate(make()), "endorse": actor.endorse(make()).seen}


Edit = Callable[[Stage, Draft], dict[str, object]]


def _edited(stage: Stage, edit: Edit) -> object:
    def make() -> Draft:
        draft = stage.alder.draft("put", stage.key(), "value")
        for name, value in edit(stage, draft).items():
            setattr(draft, name, value)
        return draft

    return _both(stage.alder, make)


def _set(**values: object) -> Edit:
    return lambda _, __: values


def _extension(name: str) -> bytes:
    raw: bytes = protos.ChaincodeHeaderExtension(chaincode_id=protos.ChaincodeID(name=name)).SerializeToString()
    return raw


def _identity(msp_id: str, content: bytes) -> bytes:
    raw: bytes = protos.SerializedIdentity(mspid=msp_id, id_bytes=content).SerializeToString()
    return raw


variants(
    "proposal",
    {
        "a broken signature": _set(signature=broken),
        "a signature with a high S": _set(signature=high_s),
        "no signature": _set(signature=none),
        "a signature that is none": _set(signature=garbage),
        "signed by another organisation's client": lambda stage, draft: {
            "creator": draft.signatory.creator,
            "signatory": stage.birch.signatory,
        },
        "a client of another organisation": lambda stage, _: {"signatory": stage.birch.signatory},
        "an unknown authority's certificate": lambda stage, _: {"signatory": stage.stranger},
        "an expired certificate": lambda stage, _: {"signatory": stage.expired},
        "an unknown organisation": lambda _, draft: {
            "creator": draft.signatory.creator.replace(b"AlderMSP", b"NobodMSP")
        },
        "another organisation's name": lambda _, draft: {
            "creator": draft.signatory.creator.replace(b"AlderMSP", b"BirchMSP")
        },
        "a creator that is none": _set(creator=b"nobody at all"),
        "a creator without a certificate": _set(creator=_identity("AlderMSP", b"")),
        "a creator whose certificate is none": _set(creator=_identity("AlderMSP", b"not PEM")),
        "no creator": _set(creator=b""),
        "no nonce": _set(nonce=b""),
        "an administrator": lambda stage, _: {"signatory": stage.admin_of("alder")},
        "a peer": lambda stage, _: {"signatory": stage.peer_of("alder")},
        "an orderer": lambda stage, _: {"signatory": stage.orderer},
        "another transaction id": _set(tx_id="ab" * 32),
        "no transaction id": _set(tx_id=""),
        "a transaction id that is none": _set(tx_id="x"),
        "another channel": _set(channel="elsewhere"),
        "no channel": _set(channel=""),
        "another channel in the header only": _set(header_channel="elsewhere"),
        "another channel in the request only": lambda stage, _: {
            "channel": "elsewhere",
            "header_channel": stage.alder.network,
        },
        "type message": _set(type=0),
        "type configuration": _set(type=1),
        "type configuration update": _set(type=2),
        "type unknown": _set(type=77),
        "an epoch": _set(epoch=1),
        "no timestamp": _set(has_timestamp=False),
        "a timestamp of an hour ago": lambda _, __: {"timestamp": now(-3600)},
        "a timestamp an hour ahead": lambda _, __: {"timestamp": now(3600)},
        "another chaincode in the extension": _set(extension=_extension("other")),
        "no chaincode in the extension": _set(extension=_extension("")),
        "no extension": _set(extension=b""),
        "an extension that is none": _set(extension=b"\xff\xff"),
        "no invocation": _set(invocation=b""),
        "an invocation that is none": _set(invocation=b"\xff\xff"),
        "another chaincode": _set(chaincode="absent"),
        "no chaincode": _set(chaincode=""),
    },
    _edited,
)


def _spoilt(stage: Stage, spoil: Callable[[protos.AnyMessage], None]) -> object:
    draft = stage.alder.draft("put", stage.key(), "value")
    return {
        "evaluate": stage.alder.evaluate(draft, spoil=spoil),
        "endorse": stage.alder.endorse(draft, spoil=spoil).seen,
    }


def _bytes(content: bytes) -> Callable[[protos.AnyMessage], None]:
    def spoil(request: protos.AnyMessage) -> None:
        request.proposed_transaction.proposal_bytes = content

    return spoil


variants(
    "request",
    {
        "without a proposal": lambda request: request.ClearField("proposed_transaction"),
        "with an empty proposal": _bytes(b""),
        "with a proposal that is none": _bytes(b"\xff\xff\xff"),
        "with a proposal without headers": _bytes(protos.Proposal(payload=b"x").SerializeToString()),
        "with headers that are none": _bytes(protos.Proposal(header=b"\xff\xff").SerializeToString()),
        "without a transaction id": lambda request: request.ClearField("transaction_id"),
        "with another transaction id": lambda request: setattr(request, "transaction_id", "another"),
        "without a channel": lambda request: request.ClearField("channel_id"),
        "with another channel": lambda request: setattr(request, "channel_id", "elsewhere"),
    },
    _spoilt,
)


def _repeated(stage: Stage, _: None) -> object:
    """Endorse and evaluate a proposal whose transaction is committed already."""
    draft = stage.alder.draft("put", stage.key(), "value")
    draft.nonce = b"0123456789abcdef01234567" + stage.key().encode()
    tx_id, seen = stage.alder.transact(draft)
    stage.everywhere(tx_id)
    return [seen["code"], _both(stage.alder, lambda: draft)]


variants("proposal", {"one that is committed already": None}, _repeated)
