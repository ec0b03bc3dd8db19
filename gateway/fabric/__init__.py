"""A client of Fabric's Gateway service: identities, transactions, events, blocks. Knows nothing of our contracts."""

from gateway.fabric.call_options import CallOptions, DefaultCallOptions
from gateway.fabric.chaincode_events import ChaincodeEvent
from gateway.fabric.checkpointer import Checkpoint, Checkpointer, FileCheckpointer, InMemoryCheckpointer
from gateway.fabric.commit import Commit
from gateway.fabric.connect import connect
from gateway.fabric.contract import Contract
from gateway.fabric.endpoint import Endpoint, Tls
from gateway.fabric.errors import (
    CommitError,
    CommitStatusError,
    EndorseError,
    ErrorDetail,
    GatewayError,
    PreparedTransactionError,
    SubmitError,
    TransactionError,
)
from gateway.fabric.event_stream import EventStream
from gateway.fabric.gateway import Gateway
from gateway.fabric.hsm import HSMSigner, HSMSignerFactory, HSMSignerOptions
from gateway.fabric.identity import FileIdentity, Identity
from gateway.fabric.network import Network
from gateway.fabric.options import Deadlines, Limits
from gateway.fabric.private_key_signer import PrivateKeySigner
from gateway.fabric.proposal import Proposal
from gateway.fabric.refusal import ChaincodeRefusal, chaincode_refusal
from gateway.fabric.requests import (
    BlockAndPrivateDataEventsRequest,
    BlockEventsRequest,
    ChaincodeEventsRequest,
    FilteredBlockEventsRequest,
)
from gateway.fabric.signer import AsyncSigner, OfflineSigner, Sign, Signer
from gateway.fabric.status import Status
from gateway.fabric.transaction import Transaction
from quorate.blocks.codes import TxValidationCode

__all__ = [
    "AsyncSigner",
    "BlockAndPrivateDataEventsRequest",
    "BlockEventsRequest",
    "CallOptions",
    "ChaincodeEvent",
    "ChaincodeEventsRequest",
    "ChaincodeRefusal",
    "Checkpoint",
    "Checkpointer",
    "Commit",
    "CommitError",
    "CommitStatusError",
    "Contract",
    "Deadlines",
    "DefaultCallOptions",
    "EndorseError",
    "Endpoint",
    "ErrorDetail",
    "EventStream",
    "FileCheckpointer",
    "FileIdentity",
    "FilteredBlockEventsRequest",
    "Gateway",
    "GatewayError",
    "HSMSigner",
    "HSMSignerFactory",
    "HSMSignerOptions",
    "Identity",
    "InMemoryCheckpointer",
    "Limits",
    "Network",
    "OfflineSigner",
    "PreparedTransactionError",
    "PrivateKeySigner",
    "Proposal",
    "Sign",
    "Signer",
    "Status",
    "SubmitError",
    "Tls",
    "Transaction",
    "TransactionError",
    "TxValidationCode",
    "chaincode_refusal",
    "connect",
]
