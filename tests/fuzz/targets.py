"""What is read from others, as functions of bytes: each either takes its input or refuses it as an error of ours.

A target gets whatever a fuzzer makes up. Nothing but a `QuorateError` may come out, and not much memory may go in.
"""

import hashlib
import io
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np

from quorate import canonical
from quorate.blocks import protos
from quorate.blocks.block import decode_block
from quorate.blocks.config import ChannelConfig
from quorate.blocks.config_update import verify_update
from quorate.blocks.decode import decode
from quorate.blocks.orderer import decode_signatures
from quorate.blocks.transaction import decode_transaction, indexed_id
from quorate.blocks.validation.validator import Validator
from quorate.errors import QuorateError
from quorate.policy import check
from quorate.records.functions import FUNCTIONS
from quorate.tensors import Header, Reader, encode
from quorate.verify import verify_bundle
from quorate.verify.bundle.headers import encode_header, read_headers
from quorate.verify.bundle.witness import Witnessed
from tests.unit.quorate.ledger.bundles import export
from tests.unit.quorate.ledger.consortium import POLICY, SCHEMA, Consortium, Ledger
from tests.unit.quorate.ledger.forgery import signed
from tests.unit.quorate.ledger.witnesses import statement

HEADER = Header.initial_model("one")
MESSAGES = (
    protos.Envelope,
    protos.Payload,
    protos.ChannelHeader,
    protos.Transaction,
    protos.TxReadWriteSet,
    protos.KVRWSet,
    protos.SignaturePolicyEnvelope,
    protos.ConfigEnvelope,
)


@cache
def consortium():
    made = Consortium(Ledger(("Alder", "Birch"), per_block=8), rounds=1)
    made.round(1)
    made.ledger.cut()
    return made


@cache
def config():
    return ChannelConfig(consortium().ledger.chain.blocks[0].data.data[0])


@cache
def scratch():
    return Path(tempfile.mkdtemp(prefix="fuzz-")) / "bundle.qeb"


def block(data):
    found = decode_block(data)
    decode_signatures(found.slot(0))
    Validator(whole=True).decide(found, config())


def entry(data):
    indexed_id(data)
    decode_transaction(data)


def decided(data):
    """An entry that a peer would look at: alone in the block after the first."""
    chain = consortium().ledger.chain.blocks
    made = protos.Block(header=chain[1].header, data=protos.BlockData(data=[data]))
    made.metadata.metadata.extend([b"", b"", b"\0", b"", b""])
    made.header.data_hash = hashlib.sha256(data).digest()
    found = decode_block(made.SerializeToString())
    validator = Validator(whole=True)
    validator.found()
    validator.decide(found, config())


def configuration(data):
    verify_update(config(), ChannelConfig(data))


def certificate(data):
    """What a member's own authority signs as a certificate; everything before the signature is its choice."""
    member = consortium().members[0]
    identity = protos.SerializedIdentity(mspid=member.msp_id, id_bytes=signed(member.ca, data))
    _ = config().directory.perhaps(identity.SerializeToString()).outline.role


def message(data):
    """The first byte chooses the message; what was read is read again from what it is written as."""
    kind = MESSAGES[data[0] % len(MESSAGES)] if data else MESSAGES[0]
    found = decode(kind, data[1:], "the message")
    assert decode(kind, found.SerializeToString(), "the message") == found


def headers(data):
    for _ in read_headers(io.BytesIO(data)):
        pass


def bundle(data):
    scratch().write_bytes(data)
    verify_bundle(scratch(), trust_bundle_genesis=True, first_failure_only=True)


def tensors(data):
    with Reader(data, SCHEMA, HEADER) as reader:
        for _ in reader.chunks():
            pass


def records(data):
    """The first byte chooses the function, the rest is its document."""
    names = sorted(FUNCTIONS)
    function = FUNCTIONS[names[data[0] % len(names)]] if data else FUNCTIONS[names[0]]
    for kind in (function.request, function.answer):
        try:
            kind.parse(data[1:], limit=canonical.DOCUMENT_LIMIT)
        except QuorateError:
            continue


def witness(data):
    _ = Witnessed.read(data).raw_signature


def policy(data):
    check(data.decode("utf-8", "replace"))


def blocks():
    return [found.SerializeToString() for found in consortium().ledger.chain.blocks]


def entries():
    return [found for block in consortium().ledger.chain.blocks for found in block.data.data]


def seed_certificates():
    signers = (consortium().members[0].peer, consortium().members[0].roles["agent"])
    return [signer.issued.certificate.tbs_certificate_bytes for signer in signers]


def seed_messages():
    spelled = (b"", b"\x8a\x80\x80\x80\x80\x80\x00\x01x", b"\x4b\x53\x54\x4c", b"\x48" + 9 * b"\xff" + b"\x01")
    return [bytes([number]) + part for number in range(len(MESSAGES)) for part in spelled] + [
        b"\0" + entry for entry in entries()[:3]
    ]


def seed_bundle():
    target = scratch().with_name("seed.qeb")
    if not target.exists():
        export(consortium().ledger, target)
    return target.read_bytes()


def seed_documents():
    calls = [decode_transaction(found).action.arguments for found in entries()[2:]]
    names = sorted(FUNCTIONS)
    return [bytes([names.index(name.decode())]) + document for name, document in calls]


TARGETS = {
    "block": (block, blocks),
    "entry": (entry, entries),
    "decided": (decided, lambda: entries()[1:]),
    "configuration": (configuration, lambda: entries()[:1]),
    "certificate": (certificate, seed_certificates),
    "message": (message, seed_messages),
    "headers": (headers, lambda: [b"".join(map(encode_header, consortium().ledger.chain.blocks))]),
    "bundle": (bundle, lambda: [seed_bundle()]),
    "tensors": (tensors, lambda: [encode(SCHEMA, HEADER, {"weight": np.arange(3)})]),
    "records": (records, seed_documents),
    "witness": (witness, lambda: [statement(consortium().ledger, consortium().members[0])]),
    "policy": (policy, lambda: [POLICY.encode()]),
}
"""By name: the function, and what makes its seeds."""


def run(name, data):
    """Give a target its input; a refusal is an answer."""
    with suppress(QuorateError):
        TARGETS[name][0](data)
