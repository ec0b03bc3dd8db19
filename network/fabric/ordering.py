"""Orderer nodes join a channel: ``osnadmin``."""

import re
from pathlib import Path
from typing import Final

from network.fabric.run_program import run_program
from network.identity import OrdererPaths
from quorate.errors import UnreachableError

_STATUS: Final = re.compile(r"^Status: (\d{3})$", re.MULTILINE)
_CREATED: Final = 201
_ALREADY: Final = 405


def join_orderer(osnadmin: Path, *, admin: str, paths: OrdererPaths, channel: str, genesis: Path) -> bool:
    """Have an orderer node join the channel of a genesis block; tell whether it was not yet in it.

    Parameters
    ----------
    osnadmin : Path
        Fabric's program.
    admin : str
        Where the node serves its administrator.
    paths : OrdererPaths
        The ordering organisation, whose administrator asks.
    channel, genesis
        The channel's name and its first block.

    Raises
    ------
    UnreachableError
        If the node does not answer or refuses.
    """
    said = run_program(
        osnadmin,
        "channel",
        "join",
        f"--channelID={channel}",
        f"--config-block={genesis}",
        f"--orderer-address={admin}",
        f"--ca-file={paths.tls_ca.cert}",
        f"--client-cert={paths.admin_tls.cert}",
        f"--client-key={paths.admin_tls.key}",
    )
    found = _STATUS.search(said)
    status = int(found[1]) if found else 0
    if status == _ALREADY and "already exists" in said:
        return False
    if status != _CREATED:
        raise UnreachableError(f"The orderer at {admin} did not join the channel {channel}: {said.strip()[:500]}")
    return True
