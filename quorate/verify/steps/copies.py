"""Attestations that counted and cannot all be honest: a possession hash is made with its attester's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate.records.round import Attestation, Round
from quorate.verify.replay import keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quorate.verify.replay.world import World


def copied_attestations(world: World) -> Iterator[str]:
    """Yield for people, of each round that a quorum decided, which attesters gave the possession hash of another."""
    for found in world.all(Round):
        by_hash: dict[str, list[str]] = {}
        for msp in found.attested_by:
            key = keys.attest(found.study, found.round, found.attempt, msp)
            by_hash.setdefault(world.need(Attestation, key).possession, []).append(msp)
        for attesters in by_hash.values():
            if len(attesters) > 1:
                yield f"{' and '.join(attesters)} in round {found.round} of {found.study}"
