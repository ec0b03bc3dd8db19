"""Private data collections of a chaincode definition."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from network.lifecycle.endorsement_policy import endorsement_policy, signature_policy
from quorate.blocks import protos
from quorate.errors import UsageError

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, kw_only=True)
class Collection:
    """Data that only some members' peers keep; the ledger holds its hashes.

    Attributes
    ----------
    name
        The collection's name in the chaincode.
    members
        Who keeps it: a signature policy, usually ``OR('AlderMSP.member', …)``.
    required_peers, maximum_peers
        To how many other peers it must, and may, be passed on before an endorsement is given.
    blocks_to_live
        After how many blocks it is deleted; 0 means never.
    endorsement
        Who must endorse writes to it; empty means the chaincode's own policy.
    """

    name: str
    members: str
    required_peers: int = 0
    maximum_peers: int = 1
    blocks_to_live: int = 0
    member_only_read: bool = True
    member_only_write: bool = True
    endorsement: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise UsageError(f"{self.name[:100]!r} is no name of a collection")
        if not 0 <= self.required_peers <= self.maximum_peers or self.blocks_to_live < 0:
            raise UsageError(f"the numbers of the collection {self.name} do not fit together")

    def message(self) -> protos.AnyMessage:
        """Return it as definitions carry it (``CollectionConfig``)."""
        static = protos.StaticCollectionConfig(
            name=self.name,
            member_orgs_policy=protos.CollectionPolicyConfig(signature_policy=signature_policy(self.members)),
            required_peer_count=self.required_peers,
            maximum_peer_count=self.maximum_peers,
            block_to_live=self.blocks_to_live,
            member_only_read=self.member_only_read,
            member_only_write=self.member_only_write,
        )
        if self.endorsement:
            static.endorsement_policy.ParseFromString(endorsement_policy(self.endorsement))
        return protos.CollectionConfig(static_collection_config=static)


def collection_package(collections: Iterable[Collection]) -> bytes:
    """Return collections as definitions carry them (``CollectionConfigPackage``); empty without any."""
    package = protos.CollectionConfigPackage(config=[collection.message() for collection in collections])
    serialized: bytes = package.SerializeToString(deterministic=True)
    return serialized
