"""Step 6, as far as one exporter's word goes: its validation codes, its commit hashes and the writes fit together.

Codes are signed by nobody. Whoever alters one has to compute all later commit hashes anew, and then they differ from
every other member's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate.blocks.block import TRANSACTIONS_FILTER
from quorate.blocks.commit_hash import next_commit_hash, updates_of
from quorate.blocks.errors import BlockError
from quorate.verify.bundle import names
from quorate.verify.findings import Findings, at
from quorate.verify.report import Step
from quorate.verify.wording import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quorate.blocks.block import Block
    from quorate.verify.steps.transactions import Applied

_STEP = Step.VALIDITY


class Commitments:
    """Follows the chain of commit hashes from block 1 on.

    Parameters
    ----------
    is_whole
        Whether all blocks will come; otherwise there is no chain to follow.
    """

    def __init__(self, *, is_whole: bool) -> None:
        self._previous = b""
        self._verified = 0
        self._obstacle = "" if is_whole else "the bundle does not hold all blocks"

    def take(self, block: Block, applied: Sequence[Applied]) -> None:
        """Compare the block's commit hash with the one that its codes and valid writes give.

        Raises
        ------
        Fault
            When it is another.
        """
        if block.header.number == 0 or self._obstacle:
            return
        self._obstacle = _obstacle(block, applied)
        if self._obstacle:
            return
        with at(_STEP, names.block_name(block.header.number)):
            updates = updates_of(block.header.number, [(found.index, found.action.sets) for found in applied])
            expected = next_commit_hash(block.slot(TRANSACTIONS_FILTER), updates, self._previous)
            if block.commit_hash != expected:
                raise BlockError(
                    f"the codes and writes give the commit hash {expected.hex()}, the block carries "
                    f"{block.commit_hash.hex()}"
                )
        self._previous = expected
        self._verified += 1

    def conclude(self, findings: Findings) -> None:
        """Say how far the chain was followed, and that it is one peer's word."""
        if self._verified:
            findings.verified(
                _STEP,
                f"the commit hashes of {count(self._verified, 'block')} follow from codes and writes: compare the "
                f"last, {self._previous.hex()}, with another member's",
            )
        if self._obstacle:
            findings.not_checked(_STEP, "the chain of commit hashes to its end", why=self._obstacle)
        findings.not_checked(
            _STEP,
            "that every validation code is right",
            why="codes are signed by nobody, and this version takes them from the exporter's peer; of a transaction "
            "that counted, creator, endorsements and effect were checked",
        )


def _obstacle(block: Block, applied: Sequence[Applied]) -> str:
    number = block.header.number
    if not block.commit_hash:
        return f"block {number} carries none"
    if not applied and len(block.entries) == 1 and not any(block.codes):
        return f"block {number} carries a configuration, whose effect on the state this version does not compute"
    for found in applied:
        if any(part.writes_metadata or part.writes_private for part in found.action.sets):
            return f"{found.place} wrote private data or key-level policies, whose hashes this version does not compute"
    return ""
