"""Certificates: who may speak for an organisation. The development CA issues here what a real CA would."""

from network.identity.development import issue_orderer, issue_organisation
from network.identity.layout import KeyPair, OrdererPaths, OrganisationPaths, Role

__all__ = ["KeyPair", "OrdererPaths", "OrganisationPaths", "Role", "issue_orderer", "issue_organisation"]
