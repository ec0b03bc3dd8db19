"""Identities from a Fabric CA: a client of its REST interface, and servers for the organisations of a network."""

from network.identity.fabric_ca.client import FabricCa
from network.identity.fabric_ca.credential import Credential
from network.identity.fabric_ca.endpoint import Endpoint
from network.identity.fabric_ca.records import Change, Identity, Kind, Reason, Registration, Revoked

__all__ = ["Change", "Credential", "Endpoint", "FabricCa", "Identity", "Kind", "Reason", "Registration", "Revoked"]
