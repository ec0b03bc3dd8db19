"""Which images a network is made of: Fabric's official ones unless the environment names others, and ours."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Final, Self

from network.compose.docker import DockerError, docker
from network.topology import Topology

_FABRIC_TAGS: Final = {"3.1": "3.1.5", "2.5": "2.5.16"}
_CA_TAG: Final = "1.5.17"
_HOSTS: Final = ("docker.io/", "ghcr.io/", "")
_SAYS_VERSION: Final = "FABRIC_VER="

PEER: Final = "FABRIC_PEER_IMAGE"
ORDERER: Final = "FABRIC_ORDERER_IMAGE"
CA: Final = "FABRIC_CA_IMAGE"
CHAINCODE: Final = "QUORATE_CHAINCODE_IMAGE"

VARIABLES: Final = (PEER, ORDERER, CA, CHAINCODE)
"""The environment variables that name other images than the usual ones."""


@dataclass(frozen=True)
class Images:
    """The images of one network, by the variables of its compose files, and the version of Fabric that they are of."""

    names: Mapping[str, str]
    fabric_version: str

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
        names = {variable: environment.get(variable) or name for variable, name in usual.items()}
        return cls(names, topology.fabric_version)

    def absent(self) -> list[str]:
        """Return those that the daemon does not have."""
        return [name for name in self.names.values() if _inspect(name) is None]

    def of_other_versions(self) -> dict[str, str]:
        """Return those of peers and orderers that say of themselves to be of another version of Fabric, and which."""
        told = {self.names[variable]: _fabric_version(self.names[variable]) for variable in (PEER, ORDERER)}
        wanted = f"{self.fabric_version}."
        return {name: version for name, version in told.items() if version and not version.startswith(wanted)}

    def unofficial(self) -> list[str]:
        """Return those of Fabric's that did not come from the Hyperledger project's registries."""
        return [name for variable, name in self.names.items() if variable != CHAINCODE and not _is_official(name)]

    def notice(self) -> str:
        """Return a sentence that says whether Fabric's images are the official ones."""
        others = self.unofficial()
        if not others:
            return "Fabric's images are the official ones."
        return f"These are not the official images: {', '.join(others)}."


def _inspect(name: str) -> dict[str, Any] | None:
    try:
        (found,) = json.loads(docker("image", "inspect", name))
    except DockerError:
        return None
    return dict(found)


def _fabric_version(name: str) -> str:
    # Fabric's own images carry it; one that does not say is taken at its word, which is its name.
    variables = ((_inspect(name) or {}).get("Config") or {}).get("Env") or []
    return next((text.removeprefix(_SAYS_VERSION) for text in variables if text.startswith(_SAYS_VERSION)), "")


def _is_official(name: str) -> bool:
    # A name can be given to anything. That a registry's digest goes with it cannot be had without pulling it.
    digests = (_inspect(name) or {}).get("RepoDigests") or []
    wanted = set(_official_repositories(name))
    return any(str(digest).partition("@")[0] in wanted for digest in digests)


def _official_repositories(name: str) -> Iterator[str]:
    repository = name.partition("@")[0].rpartition("/")[2].partition(":")[0]
    return (f"{host}hyperledger/{repository}" for host in _HOSTS)


def _own_version() -> str:
    return metadata.version("quorate")
