"""Chaincode on a channel: packages, installing, approving, committing, and all of it for every member at once."""

from network.lifecycle.collection import Collection, collection_package
from network.lifecycle.definition import Definition
from network.lifecycle.deployment import Deployment, deploy
from network.lifecycle.endorsement_policy import CHANNEL_POLICY, endorsement_policy, signature_policy
from network.lifecycle.errors import DeploymentError
from network.lifecycle.member import Member, MemberSession, open_member
from network.lifecycle.package import ChaincodePackage, service_package
from network.lifecycle.peer import Approved, Committed, Installed, PeerLifecycle, Readiness

__all__ = [
    "CHANNEL_POLICY",
    "Approved",
    "ChaincodePackage",
    "Collection",
    "Committed",
    "Definition",
    "Deployment",
    "DeploymentError",
    "Installed",
    "Member",
    "MemberSession",
    "PeerLifecycle",
    "Readiness",
    "collection_package",
    "deploy",
    "endorsement_policy",
    "open_member",
    "service_package",
    "signature_policy",
]
