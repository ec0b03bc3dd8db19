"""Submitting: what the gateway and the orderer take, and what becomes of it."""

from collections.abc import Callable
from typing import Any

import grpc

from quorate.blocks import protos
from tests.parity.actor import Actor, Seen, endorsed_action_of, failure, payload_of
from tests.parity.proposals import broken, high_s
from tests.parity.registry import situation, variants
from tests.parity.stage import ORDERER, Stage

Edit = Callable[[Stage, protos.AnyMessage], protos.AnyMessage]


def _prepared(stage: Stage) -> tuple[str, protos.AnyMessage]:
    endorsed = stage.alder.endorse(stage.alder.draft("put", stage.key(), "value"))
    if endorsed.envelope is None:
        raise AssertionError(endorsed.seen)
    return endorsed.tx_id, endorsed.envelope


def _sent(stage: Stage, edit: Edit) -> Any:
    """Submit an edited transaction; if it is taken, say how it was committed."""
    tx_id, envelope = _prepared(stage)
    seen = stage.alder.submit(edit(stage, envelope), tx_id=tx_id)
    if "submitted" not in seen:
        return seen
    seen |= stage.alder.status(tx_id)
    stage.everywhere(tx_id)
    return [seen, stage.read("get", stage.key())]


def _signed_with(change: Callable[[bytes], bytes]) -> Edit:
    def edit(stage: Stage, envelope: protos.AnyMessage) -> protos.AnyMessage:
        envelope.signature = change(stage.alder.signatory.sign(envelope.payload))
        return envelope

    return edit


def _signed_by(who: Callable[[Stage], Actor]) -> Edit:
    return lambda stage, envelope: who(stage).sign(envelope)


def _payload(change: Callable[[protos.AnyMessage], None]) -> Edit:
    def edit(stage: Stage, envelope: protos.AnyMessage) -> protos.AnyMessage:
        payload = payload_of(envelope)
        change(payload)
        return stage.alder.sign(protos.Envelope(payload=payload.SerializeToString()))

    return edit


def _header(change: Callable[[protos.AnyMessage], None]) -> Edit:
    def spoil(payload: protos.AnyMessage) -> None:
        header = protos.ChannelHeader.FromString(payload.header.channel_header)
        change(header)
        payload.header.channel_header = header.SerializeToString()

    return _payload(spoil)


def _action(change: Callable[[protos.AnyMessage], None]) -> Edit:
    def spoil(payload: protos.AnyMessage) -> None:
        transaction = protos.Transaction.FromString(payload.data)
        action = protos.ChaincodeActionPayload.FromString(transaction.actions[0].payload)
        change(action)
        transaction.actions[0].payload = action.SerializeToString()
        payload.data = transaction.SerializeToString()

    return _payload(spoil)


def _without_endorsements(action: protos.AnyMessage) -> None:
    del action.action.endorsements[:]


def _with_one_endorsement(action: protos.AnyMessage) -> None:
    del action.action.endorsements[1:]


def _with_one_endorsement_twice(action: protos.AnyMessage) -> None:
    action.action.endorsements[1].CopyFrom(action.action.endorsements[0])


def _with_a_broken_endorsement(action: protos.AnyMessage) -> None:
    action.action.endorsements[0].signature = broken(action.action.endorsements[0].signature)


def _with_a_high_endorsement(action: protos.AnyMessage) -> None:
    action.action.endorsements[0].signature = high_s(action.action.endorsements[0].signature)


def _with_another_value(action: protos.AnyMessage) -> None:
    response = action.action.proposal_response_payload
    action.action.proposal_response_payload = response.replace(b"value", b"VALUE")


def _with_another_argument(action: protos.AnyMessage) -> None:
    action.chaincode_proposal_payload = action.chaincode_proposal_payload.replace(b"value", b"VALUE")


variants(
    "submit",
    {
        "an honest transaction": _signed_with(lambda signature: signature),
        "without a signature": lambda _, envelope: envelope,
        "with a broken signature": _signed_with(broken),
        "with a signature of a high S": _signed_with(high_s),
        "with a signature that is none": _signed_with(lambda _: b"this is no signature"),
        "signed by another client": _signed_by(lambda stage: stage.birch),
        "an empty payload": lambda _, __: protos.Envelope(signature=b"x"),
        "a payload that is none": lambda _, __: protos.Envelope(payload=b"\xff\xff", signature=b"x"),
        "a payload without headers": lambda stage, _: stage.alder.sign(
            protos.Envelope(payload=protos.Payload(data=b"x").SerializeToString())
        ),
        "headers that are none": _payload(lambda payload: setattr(payload.header, "channel_header", b"\xff\xff")),
        "another channel": _header(lambda header: setattr(header, "channel_id", "elsewhere")),
        "no channel": _header(lambda header: setattr(header, "channel_id", "")),
        "type message": _header(lambda header: setattr(header, "type", 0)),
        "type configuration": _header(lambda header: setattr(header, "type", 1)),
        "no endorsement": _action(_without_endorsements),
        "one endorsement of two": _action(_with_one_endorsement),
        "one endorsement twice": _action(_with_one_endorsement_twice),
        "a broken endorsement": _action(_with_a_broken_endorsement),
        "an endorsement with a high S": _action(_with_a_high_endorsement),
        "another value than was endorsed": _action(_with_another_value),
        "another argument than was endorsed": _action(_with_another_argument),
        "an epoch": _header(lambda header: setattr(header, "epoch", 1)),
    },
    _sent,
)


@situation("submit: type configuration update")
def _(stage: Stage) -> object:
    # Why it is refused is told in other words: the embedded network has no configuration updates at all.
    seen = _sent(stage, _header(lambda header: setattr(header, "type", 2)))
    return [seen["error"], seen["message"].partition(", info=")[0]]


@situation("submit: nothing")
def _(stage: Stage) -> object:
    return stage.alder.submit(None)


@situation("submit: to another channel by the request only")
def _(stage: Stage) -> object:
    tx_id, envelope = _prepared(stage)
    request = protos.SubmitRequest(
        transaction_id=tx_id, channel_id="elsewhere", prepared_transaction=stage.alder.sign(envelope)
    )
    return _request(stage.alder, request)


@situation("submit: without a channel in the request")
def _(stage: Stage) -> object:
    tx_id, envelope = _prepared(stage)
    return _request(
        stage.alder, protos.SubmitRequest(transaction_id=tx_id, prepared_transaction=stage.alder.sign(envelope))
    )


@situation("submit: without a transaction id in the request")
def _(stage: Stage) -> object:
    tx_id, envelope = _prepared(stage)
    seen = stage.alder.submit(stage.alder.sign(envelope))
    return [seen, stage.alder.status(tx_id)]


def _request(actor: Actor, request: protos.AnyMessage) -> Seen:
    try:
        actor.unary("Submit", protos.SubmitResponse, request, 20)
    except grpc.RpcError as error:
        return failure(error)
    return {"submitted": True}


@situation("submit: at another organisation's gateway")
def _(stage: Stage) -> object:
    tx_id, envelope = _prepared(stage)
    seen = stage.birch.submit(stage.alder.sign(envelope), tx_id=tx_id)
    return [seen, stage.birch.status(tx_id)]


@situation("submit: the same transaction twice at once")
def _(stage: Stage) -> object:
    tx_id, envelope = _prepared(stage)
    seen = [stage.alder.submit(stage.alder.sign(envelope), tx_id=tx_id) for _ in range(2)]
    return [seen, stage.alder.status(tx_id)["code"]]


@situation("submit: the same transaction again after its commit")
def _(stage: Stage) -> object:
    tx_id, envelope = _prepared(stage)
    stage.alder.sign(envelope)
    first = [stage.alder.submit(envelope, tx_id=tx_id), stage.alder.status(tx_id)]
    second = [stage.alder.submit(envelope, tx_id=tx_id), stage.alder.status(tx_id)]
    return [first, second]


@situation("submit: a proposal endorsed twice and submitted twice")
def _(stage: Stage) -> object:
    draft = stage.alder.draft("increment", stage.key())
    draft.nonce = b"0123456789abcdef01234567" + stage.key().encode()
    endorsed = [stage.alder.endorse(draft) for _ in range(2)]
    seen = []
    for one in endorsed:
        if one.envelope is None:
            raise AssertionError(one.seen)
        seen.append(stage.alder.submit(stage.alder.sign(one.envelope), tx_id=one.tx_id))
    status = stage.alder.status(endorsed[0].tx_id)["code"]
    stage.everywhere(endorsed[0].tx_id)
    return [seen, status, stage.read("get", stage.key())]


@situation("submit: endorsements of a proposal by another creator")
def _(stage: Stage) -> object:
    # The payload of an honest transaction under the signature header of somebody else.
    tx_id, envelope = _prepared(stage)
    payload = payload_of(envelope)
    header = protos.SignatureHeader.FromString(payload.header.signature_header)
    header.creator = stage.birch.signatory.creator
    payload.header.signature_header = header.SerializeToString()
    stolen = stage.birch.sign(protos.Envelope(payload=payload.SerializeToString()))
    return [stage.birch.submit(stolen, tx_id=tx_id), stage.birch.status(tx_id)["code"]]


@situation("submit: a transaction that claims another's id")
def _(stage: Stage) -> object:
    # Whoever knows an id before it is committed can take it: peers index what they refuse, too.
    tx_id, envelope = _prepared(stage)
    claim = payload_of(envelope)
    signature = protos.SignatureHeader(creator=stage.birch.signatory.creator, nonce=b"another nonce of 24 bytes")
    claim.header.signature_header = signature.SerializeToString()
    claimed = stage.birch.submit(stage.birch.sign(protos.Envelope(payload=claim.SerializeToString())), tx_id=tx_id)
    first = stage.alder.status(tx_id)["code"]
    honest = stage.alder.submit(stage.alder.sign(envelope), tx_id=tx_id)
    stage.submit("put", stage.key("after"), "value")
    return [claimed, first, honest, stage.alder.status(tx_id)["code"], stage.read("get", stage.key())]


@situation("submit: 8 MB")
def _(stage: Stage) -> object:
    endorsed = stage.alder.endorse(stage.alder.draft("length", b"a" * 8_000_000))
    if endorsed.envelope is None:
        return endorsed.seen
    seen = stage.alder.submit(stage.alder.sign(endorsed.envelope), tx_id=endorsed.tx_id)
    return [seen, len(endorsed_action_of(endorsed.envelope).action.endorsements), stage.alder.status(endorsed.tx_id)]


def _broadcast(stage: Stage, *envelopes: protos.AnyMessage) -> list[Any]:
    """Hand envelopes to the orderer itself on one stream, and tell what it answers to each."""
    call = stage.channels[ORDERER].stream_stream(
        "/orderer.AtomicBroadcast/Broadcast",
        request_serializer=protos.Envelope.SerializeToString,
        response_deserializer=protos.BroadcastResponse.FromString,
    )(iter(envelopes), timeout=60)
    return [[protos.Status.Name(response.status), response.info] for response in call]


@situation("orderer's broadcast: honest transactions")
def _(stage: Stage) -> object:
    prepared = [_prepared(stage) for _ in range(2)]
    answers = _broadcast(stage, *(stage.alder.sign(envelope) for _, envelope in prepared))
    return [answers, [stage.alder.status(tx_id)["code"] for tx_id, _ in prepared]]


@situation("orderer's broadcast: what is refused ends the stream")
def _(stage: Stage) -> object:
    tx_id, envelope = _prepared(stage)
    stage.alder.sign(envelope)
    spoilt = protos.Envelope(payload=envelope.payload, signature=broken(envelope.signature))
    answers = [_broadcast(stage, spoilt, envelope), _broadcast(stage, protos.Envelope()), _broadcast(stage, envelope)]
    return [answers, stage.alder.status(tx_id)["code"]]
