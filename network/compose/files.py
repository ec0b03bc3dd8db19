"""The compose files of a network, as documents: one service for each node, every difference left to `.env`."""

from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any, Final

from network.compose.env import variable
from network.compose.plan import published
from network.compose.project import BASE_FILE
from network.engine import ChaincodeProgram
from network.fabric.authorities import served
from network.fabric.identities import identities_of
from network.fabric.plan import Place, Plan

CONFIGURATION: Final = PurePosixPath("/etc/hyperledger/fabric")
"""Where Fabric's images look for a node's settings; its keys and certificates are beside them."""
DATA: Final = PurePosixPath("/var/hyperledger")
"""Where a node of Fabric keeps its part of the ledger."""
CHAINCODE: Final = PurePosixPath("/run/quorate")
"""Where a chaincode's keys and certificates are."""

_SOCKETS: Final = ("/proc/net/tcp", "/proc/net/tcp6")
_PROGRAM: Final = PurePosixPath("/opt/chaincode")
"""A chaincode program of this machine, in its container."""


def compose_file(plan: Plan, places: Iterable[Place], chaincode: ChaincodeProgram | None = None) -> dict[str, Any]:
    """Return a compose file of some nodes of a plan, with a chaincode program of this machine if one is given."""
    return {"services": {place.name: _service(plan, place, chaincode) for place in places}, "networks": {"ledger": {}}}


def _service(plan: Plan, place: Place, chaincode: ChaincodeProgram | None) -> dict[str, Any]:
    document: dict[str, Any] = {
        "extends": {"file": BASE_FILE, "service": place.kind},
        "networks": {"ledger": {"aliases": [place.host]}},
    }
    if ports := published(place):
        document["ports"] = [f"127.0.0.1:${{{variable('PORT', name)}:?}}:{inside}" for inside, name in ports.items()]
    match place.kind:
        case "chaincode":
            return document | _chaincode(place, chaincode)
        case "ca":
            return document | _authority(plan, place)
        case _:
            return document | _fabric(place)


def _fabric(place: Place) -> dict[str, Any]:
    configuration = _bind(f"${{NET_DIR:?}}/nodes/{place.name}/config", CONFIGURATION, read_only=True)
    return {"volumes": [configuration, _bind(f"${{NET_DIR:?}}/ledger/{place.name}", DATA)]}


def _authority(plan: Plan, place: Place) -> dict[str, Any]:
    # Its settings name files of this machine, so it finds them under the same names.
    root = served(place, plan, identities_of(plan.home, plan.topology)).paths.root
    home, keys = _of_network(place.directory, plan), _of_network(root, plan)
    return {
        "command": ["fabric-ca-server", "start", "--home", home],
        "volumes": [
            _bind(home, home),
            *(_bind(f"{keys}/{name}", f"{keys}/{name}", read_only=True) for name in ("ca", "tlsca")),
        ],
        "healthcheck": {"test": ["CMD", "grep", "-q", f":{place.inner_port:04X} .* 0A ", *_SOCKETS]},
    }


def _of_network(path: Path, plan: Plan) -> str:
    return f"${{NET_DIR:?}}/{path.relative_to(plan.home.directory)}"


def _chaincode(place: Place, chaincode: ChaincodeProgram | None) -> dict[str, Any]:
    package_id = f"${{{variable('CHAINCODE_ID', place.owner)}:?}}"
    document: dict[str, Any] = {
        "environment": {
            "CHAINCODE_SERVER_ADDRESS": f"0.0.0.0:{place.inner_port}",
            "CHAINCODE_ID": package_id,
            "CORE_CHAINCODE_ID_NAME": package_id,
            "CHAINCODE_TLS_KEY": str(CHAINCODE / "tls" / "key.pem"),
            "CHAINCODE_TLS_CERT": str(CHAINCODE / "tls" / "cert.pem"),
            "CHAINCODE_CLIENT_CA_CERT": str(CHAINCODE / "tlsca.pem"),
        },
        "volumes": [_bind(f"${{NET_DIR:?}}/nodes/{place.name}/config", CHAINCODE, read_only=True)],
    }
    if chaincode is not None:
        program, *arguments = chaincode.command
        document["entrypoint"] = [str(_PROGRAM), *(_literally(argument) for argument in arguments)]
        document["volumes"].append(_bind(_literally(program), _PROGRAM, read_only=True))
    return document


def _bind(source: str, target: PurePosixPath | str, *, read_only: bool = False) -> dict[str, Any]:
    # A path that is not there is a mistake; Docker would make it, as root.
    mount = {"type": "bind", "source": source, "target": str(target), "bind": {"create_host_path": False}}
    return mount | {"read_only": True} if read_only else mount


def _literally(text: str) -> str:
    return text.replace("$", "$$")
