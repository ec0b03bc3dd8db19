"""Fabric's protobuf messages, the one door to ``fabric_protos``.

The package ships no type stubs, so its names are `Any` to a type checker; everything else imports the messages from
here. Only messages: importing this module imports no gRPC.
"""

from typing import Any, TypeAlias

from fabric_protos.common.common_pb2 import (
    Block,
    BlockData,
    BlockHeader,
    BlockMetadata,
    BlockMetadataIndex,
    ChannelHeader,
    Envelope,
    Header,
    HeaderType,
    IdentifierHeader,
    LastConfig,
    Metadata,
    MetadataSignature,
    OrdererBlockMetadata,
    Payload,
    SignatureHeader,
    Status,
)
from fabric_protos.common.configtx_pb2 import (
    Config,
    ConfigEnvelope,
    ConfigGroup,
    ConfigPolicy,
    ConfigUpdate,
    ConfigUpdateEnvelope,
    ConfigValue,
)
from fabric_protos.common.configuration_pb2 import Capabilities, Consortium, Orderers
from fabric_protos.common.ledger_pb2 import BlockchainInfo
from fabric_protos.common.policies_pb2 import ImplicitMetaPolicy, Policy, SignaturePolicy, SignaturePolicyEnvelope
from fabric_protos.discovery.protocol_pb2 import AuthInfo, ChaincodeQuery, SignedRequest
from fabric_protos.discovery.protocol_pb2 import Query as DiscoveryQuery
from fabric_protos.discovery.protocol_pb2 import Request as DiscoveryRequest
from fabric_protos.discovery.protocol_pb2 import Response as DiscoveryResponse
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
from fabric_protos.ledger.rwset.kvrwset.kv_rwset_pb2 import HashedRWSet, KVMetadataWrite, KVRWSet, QueryReads
from fabric_protos.ledger.rwset.rwset_pb2 import TxPvtReadWriteSet, TxReadWriteSet
from fabric_protos.msp.identities_pb2 import SerializedIdentity
from fabric_protos.msp.msp_config_pb2 import FabricMSPConfig, MSPConfig
from fabric_protos.msp.msp_principal_pb2 import (
    CombinedPrincipal,
    MSPIdentityAnonymity,
    MSPPrincipal,
    MSPRole,
    OrganizationUnit,
)
from fabric_protos.orderer.ab_pb2 import SeekInfo, SeekNewest, SeekNextCommit, SeekPosition, SeekSpecified
from fabric_protos.peer.chaincode_event_pb2 import ChaincodeEvent
from fabric_protos.peer.chaincode_pb2 import ChaincodeID, ChaincodeInput, ChaincodeInvocationSpec, ChaincodeSpec
from fabric_protos.peer.collection_pb2 import (
    CollectionConfig,
    CollectionConfigPackage,
    CollectionPolicyConfig,
    StaticCollectionConfig,
)
from fabric_protos.peer.events_pb2 import BlockAndPrivateData, DeliverResponse, FilteredBlock
from fabric_protos.peer.lifecycle.chaincode_definition_pb2 import ChaincodeValidationInfo
from fabric_protos.peer.lifecycle.db_pb2 import StateData, StateMetadata
from fabric_protos.peer.lifecycle.lifecycle_pb2 import (
    ApproveChaincodeDefinitionForMyOrgArgs,
    ApproveChaincodeDefinitionForMyOrgResult,
    ChaincodeSource,
    CheckCommitReadinessArgs,
    CheckCommitReadinessResult,
    CommitChaincodeDefinitionArgs,
    CommitChaincodeDefinitionResult,
    GetInstalledChaincodePackageArgs,
    GetInstalledChaincodePackageResult,
    InstallChaincodeArgs,
    InstallChaincodeResult,
    QueryApprovedChaincodeDefinitionArgs,
    QueryApprovedChaincodeDefinitionResult,
    QueryChaincodeDefinitionArgs,
    QueryChaincodeDefinitionResult,
    QueryInstalledChaincodesArgs,
    QueryInstalledChaincodesResult,
)
from fabric_protos.peer.policy_pb2 import ApplicationPolicy
from fabric_protos.peer.proposal_pb2 import (
    ChaincodeAction,
    ChaincodeHeaderExtension,
    ChaincodeProposalPayload,
    Proposal,
    SignedProposal,
)
from fabric_protos.peer.proposal_response_pb2 import (
    ChaincodeCall,
    ChaincodeInterest,
    Endorsement,
    ProposalResponse,
    ProposalResponsePayload,
    Response,
)
from fabric_protos.peer.query_pb2 import ChannelQueryResponse
from fabric_protos.peer.transaction_pb2 import (
    ChaincodeActionPayload,
    ChaincodeEndorsedAction,
    ProcessedTransaction,
    Transaction,
    TransactionAction,
    TxValidationCode,
)

AnyMessage: TypeAlias = Any
"""One of these messages; what it holds is checked by tests, not by types."""

__all__ = [
    "AnyMessage",
    "ApplicationPolicy",
    "ApproveChaincodeDefinitionForMyOrgArgs",
    "ApproveChaincodeDefinitionForMyOrgResult",
    "AuthInfo",
    "Block",
    "BlockAndPrivateData",
    "BlockData",
    "BlockHeader",
    "BlockMetadata",
    "BlockMetadataIndex",
    "BlockchainInfo",
    "Capabilities",
    "ChaincodeAction",
    "ChaincodeActionPayload",
    "ChaincodeCall",
    "ChaincodeEndorsedAction",
    "ChaincodeEvent",
    "ChaincodeEventsRequest",
    "ChaincodeEventsResponse",
    "ChaincodeHeaderExtension",
    "ChaincodeID",
    "ChaincodeInput",
    "ChaincodeInterest",
    "ChaincodeInvocationSpec",
    "ChaincodeProposalPayload",
    "ChaincodeQuery",
    "ChaincodeSource",
    "ChaincodeSpec",
    "ChaincodeValidationInfo",
    "ChannelHeader",
    "ChannelQueryResponse",
    "CheckCommitReadinessArgs",
    "CheckCommitReadinessResult",
    "CollectionConfig",
    "CollectionConfigPackage",
    "CollectionPolicyConfig",
    "CombinedPrincipal",
    "CommitChaincodeDefinitionArgs",
    "CommitChaincodeDefinitionResult",
    "CommitStatusRequest",
    "CommitStatusResponse",
    "Config",
    "ConfigEnvelope",
    "ConfigGroup",
    "ConfigPolicy",
    "ConfigUpdate",
    "ConfigUpdateEnvelope",
    "ConfigValue",
    "Consortium",
    "DeliverResponse",
    "DiscoveryQuery",
    "DiscoveryRequest",
    "DiscoveryResponse",
    "EndorseRequest",
    "EndorseResponse",
    "Endorsement",
    "Envelope",
    "ErrorDetail",
    "EvaluateRequest",
    "EvaluateResponse",
    "FabricMSPConfig",
    "FilteredBlock",
    "GetInstalledChaincodePackageArgs",
    "GetInstalledChaincodePackageResult",
    "HashedRWSet",
    "Header",
    "HeaderType",
    "IdentifierHeader",
    "ImplicitMetaPolicy",
    "InstallChaincodeArgs",
    "InstallChaincodeResult",
    "KVMetadataWrite",
    "KVRWSet",
    "LastConfig",
    "MSPConfig",
    "MSPIdentityAnonymity",
    "MSPPrincipal",
    "MSPRole",
    "Metadata",
    "MetadataSignature",
    "OrdererBlockMetadata",
    "Orderers",
    "OrganizationUnit",
    "Payload",
    "Policy",
    "PreparedTransaction",
    "ProcessedTransaction",
    "Proposal",
    "ProposalResponse",
    "ProposalResponsePayload",
    "ProposedTransaction",
    "QueryApprovedChaincodeDefinitionArgs",
    "QueryApprovedChaincodeDefinitionResult",
    "QueryChaincodeDefinitionArgs",
    "QueryChaincodeDefinitionResult",
    "QueryInstalledChaincodesArgs",
    "QueryInstalledChaincodesResult",
    "QueryReads",
    "Response",
    "SeekInfo",
    "SeekNewest",
    "SeekNextCommit",
    "SeekPosition",
    "SeekSpecified",
    "SerializedIdentity",
    "SignatureHeader",
    "SignaturePolicy",
    "SignaturePolicyEnvelope",
    "SignedChaincodeEventsRequest",
    "SignedCommitStatusRequest",
    "SignedProposal",
    "SignedRequest",
    "StateData",
    "StateMetadata",
    "StaticCollectionConfig",
    "Status",
    "SubmitRequest",
    "SubmitResponse",
    "Transaction",
    "TransactionAction",
    "TxPvtReadWriteSet",
    "TxReadWriteSet",
    "TxValidationCode",
]
