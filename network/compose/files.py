"""The compose files of a network, as documents: one service for each node, every difference left to `.env`."""

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any, Final

from network.compose.env import variable
from network.compose.services import CHAINCODE_PORT, Service

BASE_FILE: Final = "base.yaml"
MEMBERS_FILE: Final = "compose.yaml"
ORDERER_FILES: Final = {"raft": "compose.raft.yaml", "smartbft": "compose.bft.yaml"}

CONFIGURATION: Final = PurePosixPath("/etc/hyperledger/fabric")
"""Where Fabric's images look for a node's settings; its keys and certificates are beside them."""
DATA: Final = PurePosixPath("/var/hyperledger")
"""Where a node of Fabric keeps its part of the ledger."""
CHAINCODE: Final = PurePosixPath("/run/quorate")
"""Where a chaincode's keys and certificates are."""


def compose_file(services: Iterable[Service]) -> dict[str, Any]:
    """Return a compose file of these services."""
    return {
        "services": {service.name: _service(service) for service in services},
        "networks": {"ledger": {}},
    }


def _service(service: Service) -> dict[str, Any]:
    document: dict[str, Any] = {
        "extends": {"file": BASE_FILE, "service": service.kind},
        "networks": {"ledger": {"aliases": [service.host]}},
    }
    if service.published:
        document["ports"] = [
            f"127.0.0.1:${{{variable('PORT', name)}:?}}:{inside}" for inside, name in service.published.items()
        ]
    if service.kind == "chaincode":
        return document | _chaincode(service)
    document["volumes"] = [
        _bind(f"nodes/{service.name}/config", str(CONFIGURATION), read_only=True),
        _bind(f"ledger/{service.name}", str(DATA)),
    ]
    return document


def _chaincode(service: Service) -> dict[str, Any]:
    return {
        "environment": {
            "CHAINCODE_SERVER_ADDRESS": f"0.0.0.0:{CHAINCODE_PORT}",
            "CHAINCODE_ID": f"${{{variable('CHAINCODE_ID', service.organisation)}:?}}",
            "CORE_CHAINCODE_ID_NAME": f"${{{variable('CHAINCODE_ID', service.organisation)}:?}}",
            "CHAINCODE_TLS_KEY": str(CHAINCODE / "tls" / "key.pem"),
            "CHAINCODE_TLS_CERT": str(CHAINCODE / "tls" / "cert.pem"),
            "CHAINCODE_CLIENT_CA_CERT": str(CHAINCODE / "authorities" / f"{service.organisation}.pem"),
        },
        "volumes": [_bind(f"nodes/{service.name}/config", str(CHAINCODE), read_only=True)],
    }


def _bind(source: str, target: str, *, read_only: bool = False) -> dict[str, Any]:
    # A path that is not there is a mistake; Docker would make it, as root.
    mount = {
        "type": "bind",
        "source": f"${{NET_DIR:?}}/{source}",
        "target": target,
        "bind": {"create_host_path": False},
    }
    return mount | {"read_only": True} if read_only else mount
