"""A client of Fabric's Gateway service: identities, transactions, events, blocks. Knows nothing of our contracts."""

from gateway.fabric.chaincode_events import ChaincodeEvent
from gateway.fabric.checkpointer import Checkpointer, FileCheckpointer, InMemoryCheckpointer
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
from gateway.fabric.identity import FileIdentity, Identity
from gateway.fabric.network import Network
from gateway.fabric.options import Deadlines, Limits
from gateway.fabric.proposal import Proposal
from gateway.fabric.refusal import ChaincodeRefusal, chaincode_refusal
from gateway.fabric.signer import OfflineSigner, PrivateKeySigner, Signer
from gateway.fabric.status import Status
from gateway.fabric.transaction import Transaction
from quorate.blocks.codes import TxValidationCode

__all__ = [
    "ChaincodeEvent",
    "ChaincodeRefusal",
    "Checkpointer",
    "Commit",
    "CommitError",
    "CommitStatusError",
    "Contract",
    "Deadlines",
    "EndorseError",
    "Endpoint",
    "ErrorDetail",
    "EventStream",
    "FileCheckpointer",
    "FileIdentity",
    "Gateway",
    "GatewayError",
    "Identity",
    "InMemoryCheckpointer",
    "Limits",
    "Network",
    "OfflineSigner",
    "PreparedTransactionError",
    "PrivateKeySigner",
    "Proposal",
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
