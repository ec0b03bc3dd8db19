"""Which orderer leads, as the orderers' own logs tell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.faults.stand import Stand

_RAFT = re.compile(r"^(\S+) .*Raft leader changed: \d+ -> (\d+)", re.MULTILINE)


def orderers(stand: Stand) -> list[str]:
    return sorted(name for name, node in stand.play.consortium.network.nodes.items() if node.kind == "orderer")


def raft_leader(stand: Stand) -> str:
    """Return the name of the Raft node that was last said to lead by anybody who still runs."""
    said = [
        found.groups()
        for name in orderers(stand)
        for found in _RAFT.finditer(stand.node(name).log.read_text())
        if found.group(2) != "0"
    ]
    assert said, "no orderer has told who leads"
    return orderers(stand)[int(max(said)[1]) - 1]
