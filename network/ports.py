"""Ports that a network listens on: chosen once, written down, and kept from then on."""

import json
import secrets
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from quorate.errors import ConflictError, IntegrityError

# Below what Linux and others hand out for outgoing connections, which could take a port while the network is down.
_LOWEST, _HIGHEST = 20_000, 32_000
_ATTEMPTS = 1000


def keep_or_choose(path: Path, names: Iterable[str], *, asked: Mapping[str, int] | None = None) -> dict[str, int]:
    """Return a port for each name: as asked, else as the file has it, else a free one. The file has them afterwards.

    Parameters
    ----------
    path : Path
        The file, JSON.
    names : iterable of str
        What listens.
    asked : mapping of str to int, optional
        Ports that somebody chose; 0 is no choice.

    Raises
    ------
    IntegrityError
        If the file is not such a file.
    ConflictError
        If no free port was found.
    """
    kept = read_ports(path)
    wanted = {name: port for name, port in (asked or {}).items() if port}
    ports = kept | wanted
    for name in names:
        if name not in ports:
            ports[name] = free(taken=set(ports.values()))
    if ports != kept:
        path.write_text(json.dumps(ports, indent=2) + "\n", encoding="utf-8")
    return ports


def read_ports(path: Path) -> dict[str, int]:
    """Return the ports in a file by name; none if there is no file.

    Raises
    ------
    IntegrityError
        If the file is not such a file.
    """
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise IntegrityError(f"{path} is not a file of ports.", cause=error) from error
    if not isinstance(found, dict) or not all(isinstance(port, int) and 0 < port < 1 << 16 for port in found.values()):
        raise IntegrityError(f"{path} is not a file of ports.")
    return found


def free(*, taken: set[int]) -> int:
    """Return a port that is free now and not among those taken, at random.

    Raises
    ------
    ConflictError
        If none was found.
    """
    for _ in range(_ATTEMPTS):
        port = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST)
        if port not in taken and is_free(port):
            return port
    raise ConflictError(f"No free port was found between {_LOWEST} and {_HIGHEST}.")


def is_free(port: int) -> bool:
    """Tell whether a program could listen on a port of this machine's loopback."""
    with suppress(OSError), socket.create_server(("127.0.0.1", port)):
        return True
    return False
