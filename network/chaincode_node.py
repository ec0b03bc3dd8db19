"""One organisation's chaincode, served to its peers by a process of its own over mutual TLS."""

import ssl
from functools import partial
from pathlib import Path

from network.identity import OrganisationPaths
from network.process import Process, Program
from network.process_node import ProcessNode
from network.readiness import shakes_hands, wait_until


def chaincode_name(organisation: str) -> str:
    """Return the name of an organisation's chaincode process."""
    return f"chaincode.{organisation}"


def chaincode_node(
    name: str,
    paths: OrganisationPaths,
    *,
    command: tuple[str, ...],
    package_id: str,
    port: int,
    directory: Path,
    dies_with_parent: bool,
) -> ProcessNode:
    """Return the node that serves the organisation `name` a chaincode.

    Parameters
    ----------
    name, paths
        The organisation, its certificates and keys.
    command
        The program and its arguments, as of `network.engine.ChaincodeProgram`.
    package_id
        As the peers know the chaincode: label and digest of the package that was installed.
    port
        Where it listens, on this machine's loopback.
    directory
        For its log and its pid file.
    dies_with_parent
        As of `network.process.Program`.
    """
    address = f"127.0.0.1:{port}"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    program = Program(
        name=f"the chaincode of {name}",
        command=command,
        log=directory / "node.log",
        pid_file=directory / "node.pid",
        without=("CHAINCODE_", "CORE_"),
        announces=False,
        dies_with_parent=dies_with_parent,
        environment={
            "CHAINCODE_SERVER_ADDRESS": address,
            "CHAINCODE_ID": package_id,
            "CORE_CHAINCODE_ID_NAME": package_id,
            "CHAINCODE_TLS_KEY": str(paths.chaincode_tls.key),
            "CHAINCODE_TLS_CERT": str(paths.chaincode_tls.cert),
            "CHAINCODE_CLIENT_CA_CERT": str(paths.tls_ca.cert),
        },
    )
    ready = partial(_ready, address=address, paths=paths)
    return ProcessNode(name=chaincode_name(name), kind="chaincode", address=address, program=program, ready=ready)


def is_serving(address: str, paths: OrganisationPaths) -> bool:
    """Tell whether the organisation's chaincode answers at an address."""
    return shakes_hands(address, _as_its_peer(paths))


def _ready(process: Process, timeout_s: float, *, address: str, paths: OrganisationPaths) -> None:
    context = _as_its_peer(paths)
    wait_until(process, lambda: shakes_hands(address, context), timeout_s)


def _as_its_peer(paths: OrganisationPaths) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=paths.tls_ca.cert)
    context.load_cert_chain(paths.peer_tls.cert, paths.peer_tls.key)
    return context
