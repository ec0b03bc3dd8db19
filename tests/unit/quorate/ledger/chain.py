"""Blocks and transactions as orderers and peers make them, honestly or, where asked, not."""

import hashlib
import secrets

from quorate.blocks import protos
from quorate.blocks.commit_hash import next_commit_hash
from quorate.blocks.errors import BlockError
from quorate.blocks.header import BlockHeader, data_hash
from quorate.blocks.transaction import decode_transaction
from quorate.blocks.validation.state import State
from quorate.blocks.validation.writes import changes_of

LIFECYCLE = "_lifecycle"


def transaction(
    creator, chaincode, arguments, *, writes, endorsers, time_ms, event=b"", status=200, nonce=None, mangle=None,
    outcome=None, change=None, spec="",
):  # fmt: skip
    """Return an entry: `writes` maps (namespace, key) to a value, or `outcome` is the whole read and write set.

    `change` may alter the chaincode's action before it is endorsed, `mangle` all parts before they are signed;
    `spec` is another chaincode that the proposal's body names.
    """
    nonce = nonce or secrets.token_bytes(24)
    tx_id = hashlib.sha256(nonce + creator.serialized).hexdigest()
    name = protos.ChaincodeID(name=chaincode, version="1.0")
    channel = protos.ChannelHeader(
        type=protos.HeaderType.ENDORSER_TRANSACTION,
        channel_id="quorate",
        tx_id=tx_id,
        extension=protos.ChaincodeHeaderExtension(chaincode_id=protos.ChaincodeID(name=chaincode)).SerializeToString(),
    )
    channel.timestamp.FromMilliseconds(time_ms)
    signature_header = protos.SignatureHeader(creator=creator.serialized, nonce=nonce).SerializeToString()
    called = protos.ChaincodeID(name=spec) if spec else name
    invocation = protos.ChaincodeSpec(chaincode_id=called, input=protos.ChaincodeInput(args=arguments))
    proposal = protos.ChaincodeProposalPayload(
        input=protos.ChaincodeInvocationSpec(chaincode_spec=invocation).SerializeToString()
    ).SerializeToString()
    headers = channel.SerializeToString()
    action = protos.ChaincodeAction(
        results=results(writes) if outcome is None else outcome,
        chaincode_id=name,
        response=protos.Response(status=status),
        events=_event(chaincode, tx_id, event),
    )
    if change:
        change(action)
    response = protos.ProposalResponsePayload(
        proposal_hash=hashlib.sha256(headers + signature_header + proposal).digest(),
        extension=action.SerializeToString(),
    ).SerializeToString()
    parts = {
        "channel_header": headers,
        "signature_header": signature_header,
        "response": response,
        "endorsements": [
            protos.Endorsement(endorser=peer.serialized, signature=peer.sign(response + peer.serialized))
            for peer in endorsers
        ],
        "sign": creator.sign,
    }
    if mangle:
        mangle(parts)
    endorsed = protos.ChaincodeEndorsedAction(
        proposal_response_payload=parts["response"], endorsements=parts["endorsements"]
    )
    outer = protos.ChaincodeActionPayload(chaincode_proposal_payload=proposal, action=endorsed)
    body = protos.Transaction(
        actions=[protos.TransactionAction(header=signature_header, payload=outer.SerializeToString())]
    )
    payload = protos.Payload(
        header=protos.Header(channel_header=parts["channel_header"], signature_header=parts["signature_header"]),
        data=body.SerializeToString(),
    ).SerializeToString()
    return protos.Envelope(payload=payload, signature=parts["sign"](payload)).SerializeToString()


def results(writes):
    found = protos.TxReadWriteSet()
    for namespace in sorted({namespace for namespace, _ in writes}):
        inner = protos.KVRWSet()
        for (where, key), value in sorted(writes.items()):
            if where == namespace:
                inner.writes.add(key=key, is_delete=value is None, value=value or b"")
        found.ns_rwset.add(namespace=namespace, rwset=inner.SerializeToString())
    return found.SerializeToString()


def _event(chaincode, tx_id, payload):
    if not payload:
        return b""
    return protos.ChaincodeEvent(
        chaincode_id=chaincode, tx_id=tx_id, event_name="quorate", payload=payload
    ).SerializeToString()


def definition(chaincode, path="/Channel/Application/Endorsement", *, plugin="vscc", collections=None, blocks=0):
    """Return what defines a chaincode; keys of its collections live for so many blocks, or for ever."""
    policy = protos.ApplicationPolicy(channel_config_policy_reference=path)
    info = protos.ChaincodeValidationInfo(
        validation_plugin=plugin, validation_parameter=policy.SerializeToString()
    ).SerializeToString()
    package = protos.CollectionConfigPackage()
    for name, reference in (collections or {}).items():
        static = package.config.add().static_collection_config
        static.name, static.endorsement_policy.channel_config_policy_reference = name, reference
        static.block_to_live = blocks
    metadata = protos.StateMetadata(datatype="ChaincodeDefinition", fields=["ValidationInfo"]).SerializeToString()
    fields = {"ValidationInfo": info, "Collections": package.SerializeToString()}
    return {(LIFECYCLE, f"namespaces/metadata/{chaincode}"): metadata} | {
        (LIFECYCLE, f"namespaces/fields/{chaincode}/{name}"): protos.StateData(Bytes=data).SerializeToString()
        for name, data in fields.items()
    }


class Chain:
    """Blocks in order, each signed by the orderer."""

    def __init__(self, orderer, genesis_entry):
        self.orderer = orderer
        self.blocks = []
        self.last_config = 0
        self.commit_hash = b""
        self.state = State()
        self._append([genesis_entry], codes=b"", signed=False)

    def append(self, entries, *, codes=None, config=False):
        if config:
            self.last_config = len(self.blocks)
        return self._append(entries, codes=codes or bytes(len(entries)), signed=True)

    def _append(self, entries, *, codes, signed):
        previous = header_of(self.blocks[-1]).hash if self.blocks else b""
        header = BlockHeader(len(self.blocks), previous, data_hash(entries))
        block = protos.Block(
            header=protos.BlockHeader(number=header.number, previous_hash=previous, data_hash=header.data_hash),
            data=protos.BlockData(data=entries),
            metadata=protos.BlockMetadata(metadata=[b"", b"", codes, b"", b""]),
        )
        if signed:
            sign_block(block, self.orderer, self.last_config)
            block.metadata.metadata[4] = self._commit_hash(block)
        self.blocks.append(block)
        return block

    def reseal(self):
        """Make the last block hold together again after its entries were altered, as orderers and peers would."""
        block = self.blocks[-1]
        block.header.data_hash = data_hash(list(block.data.data))
        sign_block(block, self.orderer, self.last_config)
        self.recommit()

    def recommit(self):
        """Compute every commit hash anew, as whoever altered codes would."""
        self.commit_hash, self.state = b"", State()
        for block in self.blocks[1:]:
            block.metadata.metadata[4] = self._commit_hash(block)

    def _commit_hash(self, block):
        codes = block.metadata.metadata[2]
        pending = {}
        for index, entry in enumerate(block.data.data):
            try:
                action = None if codes[index] else decode_transaction(entry).action
            except BlockError:
                return b""  # a peer would not have called it valid
            if action:
                where = {"block": block.header.number, "index": index}
                pending.update(changes_of(action.sets, pending, self.state, **where))
        self.state.apply(pending)
        self.commit_hash = next_commit_hash(codes, pending, self.commit_hash)
        return protos.Metadata(value=self.commit_hash).SerializeToString()

    @property
    def genesis(self):
        return header_of(self.blocks[0]).digest


def header_of(block):
    return BlockHeader(block.header.number, block.header.previous_hash, block.header.data_hash)


def sign_block(block, orderer, last_config):
    last = protos.LastConfig(index=last_config)
    value = protos.OrdererBlockMetadata(last_config=last).SerializeToString()
    signature_header = protos.SignatureHeader(
        creator=orderer.serialized, nonce=secrets.token_bytes(24)
    ).SerializeToString()
    signature = protos.MetadataSignature(
        signature_header=signature_header, signature=orderer.sign(value + signature_header + header_of(block).encoded)
    )
    block.metadata.metadata[0] = protos.Metadata(value=value, signatures=[signature]).SerializeToString()
    block.metadata.metadata[1] = protos.Metadata(value=last.SerializeToString()).SerializeToString()
