"""Fabric's protobuf messages, the one door to ``fabric_protos``.

The package ships no type stubs, so its names are `Any` to a type checker; everything else imports the messages from
here. Only messages: importing this module imports no gRPC.
"""

from typing import Any, TypeAlias

from fabric_protos.common.common_pb2 import (
    Block,
    BlockMetadata,
    BlockMetadataIndex,
    ChannelHeader,
    Envelope,
    Header,
    HeaderType,
    Metadata,
    MetadataSignature,
    Payload,
    SignatureHeader,
    Status,
)
from fabric_protos.gateway.gateway_pb2 import (
    ChaincodeEventsRequest,
    ChaincodeEventsResponse,
    CommitStatusRequest,
    CommitStatusResponse,
    EndorseRequest,
    EndorseResponse,
    ErrorDetail,
    EvaluateRequest,
    EvaluateResponse,
    PreparedTransaction,
    ProposedTransaction,
    SignedChaincodeEventsRequest,
    SignedCommitStatusRequest,
    SubmitRequest,
    SubmitResponse,
)
from fabric_protos.ledger.rwset.kvrwset.kv_rwset_pb2 import HashedRWSet, KVRWSet
from fabric_protos.ledger.rwset.rwset_pb2 import TxReadWriteSet
from fabric_protos.msp.identities_pb2 import SerializedIdentity
from fabric_protos.orderer.ab_pb2 import SeekInfo, SeekNewest, SeekNextCommit, SeekPosition, SeekSpecified
from fabric_protos.peer.chaincode_event_pb2 import ChaincodeEvent
from fabric_protos.peer.chaincode_pb2 import ChaincodeID, ChaincodeInput, ChaincodeInvocationSpec, ChaincodeSpec
from fabric_protos.peer.events_pb2 import DeliverResponse, FilteredBlock
from fabric_protos.peer.proposal_pb2 import (
    ChaincodeAction,
    ChaincodeHeaderExtension,
    ChaincodeProposalPayload,
    Proposal,
    SignedProposal,
)
from fabric_protos.peer.proposal_response_pb2 import Endorsement, ProposalResponsePayload, Response
from fabric_protos.peer.transaction_pb2 import (
    ChaincodeActionPayload,
    ChaincodeEndorsedAction,
    Transaction,
    TransactionAction,
    TxValidationCode,
)

AnyMessage: TypeAlias = Any
"""One of these messages; what it holds is checked by tests, not by types."""

__all__ = [
    "AnyMessage",
    "Block",
    "BlockMetadata",
    "BlockMetadataIndex",
    "ChaincodeAction",
    "ChaincodeActionPayload",
    "ChaincodeEndorsedAction",
    "ChaincodeEvent",
    "ChaincodeEventsRequest",
    "ChaincodeEventsResponse",
    "ChaincodeHeaderExtension",
    "ChaincodeID",
    "ChaincodeInput",
    "ChaincodeInvocationSpec",
    "ChaincodeProposalPayload",
    "ChaincodeSpec",
    "ChannelHeader",
    "CommitStatusRequest",
    "CommitStatusResponse",
    "DeliverResponse",
    "EndorseRequest",
    "EndorseResponse",
    "Endorsement",
    "Envelope",
    "ErrorDetail",
    "EvaluateRequest",
    "EvaluateResponse",
    "FilteredBlock",
    "HashedRWSet",
    "Header",
    "HeaderType",
    "KVRWSet",
    "Metadata",
    "MetadataSignature",
    "Payload",
    "PreparedTransaction",
    "Proposal",
    "ProposalResponsePayload",
    "ProposedTransaction",
    "Response",
    "SeekInfo",
    "SeekNewest",
    "SeekNextCommit",
    "SeekPosition",
    "SeekSpecified",
    "SerializedIdentity",
    "SignatureHeader",
    "SignedChaincodeEventsRequest",
    "SignedCommitStatusRequest",
    "SignedProposal",
    "Status",
    "SubmitRequest",
    "SubmitResponse",
    "Transaction",
    "TransactionAction",
    "TxReadWriteSet",
    "TxValidationCode",
]
