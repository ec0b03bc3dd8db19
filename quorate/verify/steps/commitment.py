"""Step 6: the commit hashes follow from the codes and writes that the rules lead to.

Codes and commit hashes are signed by nobody. Where all blocks are at hand both are derived; the last commit hash is
what members can compare, and what witnesses sign.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quorate.blocks import protos
from quorate.blocks.block import COMMIT_HASH
from quorate.blocks.commit_hash import begin_commit_hash, next_commit_hash
from quorate.blocks.errors import BlockError
from quorate.verify.bundle import names
from quorate.verify.errors import Fault
from quorate.verify.report import Step
from quorate.verify.wording import count

if TYPE_CHECKING:
    import hashlib

    from quorate.blocks.block import Block
    from quorate.blocks.validation.decision import Decided
    from quorate.verify.findings import Findings

_STEP = Step.VALIDITY
_NONE: Final = "none"
_UNREADABLE: Final = "one that cannot be read"
_SIZE: Final = 32


class Commitments:
    """Follows the chain of commit hashes from block 1 on.

    Parameters
    ----------
    is_whole
        Whether all blocks will come; otherwise there is no chain to follow.
    findings
        What is not right goes there.
    """

    def __init__(self, *, is_whole: bool, findings: Findings) -> None:
        self.hashes: dict[int, bytes] = {}
        """The commit hashes that the rules lead to, by block; only where all blocks are at hand."""
        self.parts: dict[int, hashlib._Hash] = {}
        """Where not all are: the part of each block itself in its commit hash."""
        self._is_whole = is_whole
        self._findings = findings
        self._previous = b""
        self._obstacle = "" if is_whole else "the bundle does not hold all blocks"

    def take(self, block: Block, decided: Decided) -> None:
        """Compare a block's commit hash with the one that its codes and valid writes give."""
        number = block.header.number
        carried, told = _carried(block)
        if not self._is_whole:
            if told == _UNREADABLE:
                self._fail(block, "the block carries a commit hash that is none")
            if not _rests_on_state(decided):
                self.parts[number] = begin_commit_hash(decided.codes, decided.updates)
            return
        if number == 1 and told == _NONE:
            self._obstacle = "the exporter's peer wrote none: it did not begin with the first block"
        expected = next_commit_hash(decided.codes, decided.updates, self._previous)
        self.hashes[number] = self._previous = expected
        if self._obstacle and told != _NONE:
            self._fail(block, f"the first block behind the genesis carries no commit hash, and this one carries {told}")
        if self._obstacle or carried == expected:
            return
        self._fail(block, f"the codes and writes give the commit hash {expected.hex()}, the block carries {told}")
        self._previous = carried or expected  # so that one that is wrong is told once

    def begin(self, block: Block) -> None:
        """Take over the first block, to which no peer gives a commit hash."""
        _, told = _carried(block)
        if told != _NONE:
            self._fail(block, f"the first block has no commit hash, and this one carries {told}")

    def _fail(self, block: Block, message: str) -> None:
        self._findings.failed(Fault(_STEP, names.block_name(block.header.number), message))

    def conclude(self, findings: Findings) -> None:
        """Say how far the chain was followed."""
        if self.hashes and not self._obstacle:
            findings.verified(
                _STEP,
                f"the commit hashes of {count(len(self.hashes), 'block')} follow from codes and writes: the last is "
                f"{self._previous.hex()}",
            )
        if self._obstacle:
            findings.not_checked(_STEP, "the chain of commit hashes", why=self._obstacle)


def _carried(block: Block) -> tuple[bytes, str]:
    """Return the commit hash that a peer wrote into the block, and the words for it."""
    slot = block.slot(COMMIT_HASH)
    if not slot:
        return b"", _NONE
    try:
        found = block.commit_hash
    except BlockError:
        return b"", _UNREADABLE
    is_one = len(found) == _SIZE and protos.Metadata(value=found).SerializeToString() == slot
    return (found, found.hex()) if is_one else (b"", _UNREADABLE)


def _rests_on_state(decided: Decided) -> bool:
    """Tell whether what a block changed follows from what was there before too, not from its writes alone."""
    return any(
        part.writes_metadata or len({write.key for write in part.writes}) < len(part.writes)
        for found in decided.decisions
        if found.counts and found.transaction is not None and found.transaction.action is not None
        for part in found.transaction.action.sets
    )
