"""A Fabric CA server for one organisation of a network on this machine.

For an engine, with `network.identity.fabric_ca.issue`::

    served = [Served(organisation=…, paths=…, nodes=…, port=…), …]
    nodes = [ca_node(each, program=find_ca_program(), directory=…) for each in served]
    for node in nodes:
        node.launch()
    for node in nodes:
        node.wait_ready()
    issue(served)

Afterwards the organisations' folders are filled just as the development CA fills them. The server signs with the same
authorities' keys, so a network may be started with either, one time this and one time that.
"""

import secrets
import ssl
from functools import partial
from pathlib import Path

from network.identity.authority import Issued, new_server
from network.identity.development import keep_or_make_authorities
from network.identity.fabric_ca.profile import profile_text
from network.identity.fabric_ca.served import REGISTRAR, Served
from network.identity.fabric_ca.settings import server_settings
from network.identity.store import keep_or_issue, write_private
from network.identity.wanted import host
from network.process import Process, Program
from network.process_node import ProcessNode
from network.readiness import shakes_hands, wait_until
from quorate.errors import StorageError


def ca_node(served: Served, *, program: Path, directory: Path, dies_with_parent: bool = False) -> ProcessNode:
    """Return the node that is an organisation's Fabric CA server, not yet launched.

    Its authorities, its TLS certificate and its registrars' secrets are made if there are none; its database, once
    made, is kept.

    Parameters
    ----------
    served
        The organisation and the server's port.
    program
        ``fabric-ca-server``, as `network.identity.fabric_ca.program` finds it.
    directory
        The server's home: configuration, databases, log and pid file. Only its owner may read it.
    dies_with_parent
        As of `network.process.Program`.

    Raises
    ------
    IntegrityError
        If a stored certificate, key and authority do not belong together.
    StorageError
        If something cannot be read or written.
    """
    write_home(served, directory)
    return ProcessNode(
        name=served.name,
        kind="ca",
        address=f"127.0.0.1:{served.port}",
        program=Program(
            name=f"the Fabric CA server of {served.organisation}",
            command=(str(program), "start", "--home", str(directory)),
            log=directory / "node.log",
            pid_file=directory / "node.pid",
            announces=False,
            dies_with_parent=dies_with_parent,
        ),
        ready=partial(_ready, served=served),
    )


def write_home(served: Served, directory: Path, *, address: str = "127.0.0.1") -> None:
    """Write the home of an organisation's server, whatever runs it, and make what it needs if there is none.

    Parameters
    ----------
    served, directory
        As of `ca_node`, and so are the errors.
    address
        Where it listens.
    """
    _, tls_ca = keep_or_make_authorities(served.paths, served.organisation)
    keep_or_issue(served.paths.ca_tls, tls_ca, partial(_server_certificate, tls_ca, served.organisation))
    registrars = {ca: _keep_or_make_secret(served.secret(ca)) for ca in served.authorities}
    for name, text in server_settings(served, registrars, address=address).items():
        write_private(directory / name, text.encode())
    for ca in served.authorities:
        write_private(served.profile(ca), _profile(served, ca))


def is_serving(served: Served) -> bool:
    """Tell whether an organisation's Fabric CA server answers."""
    return shakes_hands(f"localhost:{served.port}", ssl.create_default_context(cafile=served.paths.tls_ca.cert))


def _ready(process: Process, timeout_s: float, *, served: Served) -> None:
    # It listens only when both of its CAs have their databases.
    wait_until(process, partial(is_serving, served), timeout_s)


def _server_certificate(tls_ca: Issued, organisation: str) -> Issued:
    return new_server(tls_ca, common_name=host("ca", organisation), organisation=organisation)


def _profile(served: Served, ca: str) -> bytes:
    text = profile_text(url=served.url, ca=ca, tls_root="../tlsca/cert.pem", authority="cert.pem", registrar=REGISTRAR)
    return text.encode()


def _keep_or_make_secret(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        secret = secrets.token_urlsafe(32)
        write_private(path, secret.encode())
        return secret
    except (OSError, ValueError) as error:
        raise StorageError(f"Cannot read the secret in {path}.", cause=error) from error
