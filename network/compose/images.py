"""Which images a network is made of: Fabric's official ones unless the environment names others, and ours."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Final, Self

from network.compose.docker import DockerError, docker, succeeds
from network.topology import Topology

_FABRIC_TAGS: Final = {"3.1": "3.1.5", "2.5": "2.5.16"}
_CA_TAG: Final = "1.5.17"
_HOSTS: Final = ("docker.io/", "ghcr.io/", "")

PEER: Final = "FABRIC_PEER_IMAGE"
ORDERER: Final = "FABRIC_ORDERER_IMAGE"
CA: Final = "FABRIC_CA_IMAGE"
CHAINCODE: Final = "QUORATE_CHAINCODE_IMAGE"

VARIABLES: Final = (PEER, ORDERER, CA, CHAINCODE)
"""The environment variables that name other images than the usual ones."""


@dataclass(frozen=True)
class Images:
    """The images of one network, by the variables of its compose files."""

    names: Mapping[str, str]

    @classmethod
    def of(cls, topology: Topology, environment: Mapping[str, str]) -> Self:
        """Return the images of a topology: as the environment names them, else the official ones of its version."""
        tag = _FABRIC_TAGS[topology.fabric_version]
        usual = {
            PEER: f"hyperledger/fabric-peer:{tag}",
            ORDERER: f"hyperledger/fabric-orderer:{tag}",
            CHAINCODE: f"quorate/chaincode:{_own_version()}",
        }
        if topology.ca == "fabric-ca":
            usual[CA] = f"hyperledger/fabric-ca:{_CA_TAG}"
        return cls({variable: environment.get(variable) or name for variable, name in usual.items()})

    def absent(self) -> list[str]:
        """Return those that the daemon does not have."""
        return [name for name in self.names.values() if not succeeds("image", "inspect", name)]

    def unofficial(self) -> list[str]:
        """Return those of Fabric's that did not come from the Hyperledger project's registries."""
        return [name for variable, name in self.names.items() if variable != CHAINCODE and not _is_official(name)]

    def notice(self) -> str:
        """Return a sentence that says whether Fabric's images are the official ones."""
        others = self.unofficial()
        if not others:
            return "Fabric's images are the official ones."
        return f"These are not the official images: {', '.join(others)}."


def _is_official(name: str) -> bool:
    # A name can be given to anything. That a registry's digest goes with it cannot be had without pulling it.
    try:
        digests = json.loads(docker("image", "inspect", "--format", "{{json .RepoDigests}}", name))
    except DockerError:
        return False
    wanted = set(_official_repositories(name))
    return any(str(digest).partition("@")[0] in wanted for digest in digests or ())


def _official_repositories(name: str) -> Iterator[str]:
    repository = name.partition("@")[0].rpartition("/")[2].partition(":")[0]
    return (f"{host}hyperledger/{repository}" for host in _HOSTS)


def _own_version() -> str:
    return metadata.version("quorate")
