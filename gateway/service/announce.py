"""Telling the other members where this gateway is, and learning where theirs are."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Final

from gateway.service.known_roots import write_names
from quorate.errors import QuorateError, StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gateway.ledger import Ledger
    from gateway.service.callers import Roots
    from gateway.service.known_roots import Names
    from gateway.service.peers import MemberGateways
    from gateway.service.state import Projection
    from quorate.identifiers import MspId
    from quorate.records.consortium import MemberView

_log = logging.getLogger(__name__)

_PAUSE: Final = 2.0
_LONGEST_PAUSE: Final = 60.0


async def announce_self(ledger: Ledger, state: Projection, msp: MspId, *, address: str, tls_root: str) -> None:
    """Record address and TLS root on the ledger whenever they differ, once the organisation is a member; never ends."""

    def differs(view: Projection) -> MemberView | None:
        member = view.members.get(msp)
        return None if member is None or (member.address, member.tls_root) == (address, tls_root) else member

    pause = _PAUSE
    while True:
        await state.until(differs)
        try:
            await ledger.consortium.announce(address=address, tls_root=tls_root)
            await state.refresh_members()
            pause = _PAUSE
        except QuorateError as error:
            _log.warning("the gateway's address could not be announced: %s: %s", error.code, error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)


async def follow_members(state: Projection, roots: Roots, gateways: MemberGateways, *, names: Path) -> None:
    """Let roots and connections follow what the members announce, and keep the roots' names in a file; never ends."""
    while True:
        members, kept = dict(state.members), roots.names
        outside = roots.announce({m.msp: m.tls_root for m in members.values() if m.tls_root})
        for msp, reason in outside.items():
            _log.warning("%s is not let in: %s", msp, reason)
        gateways.announce(members)
        if roots.names != kept:
            await _keep(names, roots.names)
        await state.until(partial(_differ, members))


async def _keep(path: Path, names: Names) -> None:
    try:
        await asyncio.to_thread(write_names, path, names)
    except StorageError as error:
        _log.warning("whose TLS roots are known is not kept: %s", error)


def _differ(before: Mapping[MspId, MemberView], view: Projection) -> bool | None:
    return True if dict(view.members) != before else None
