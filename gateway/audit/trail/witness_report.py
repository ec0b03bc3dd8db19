"""What a bundle's witnesses say, as questions ask it: when each saw a block, and where their ledgers differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.audit.trail.observations import Observation
from gateway.audit.trail.questions.agreement import Finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from quorate.verify.bundle.witness import Seen, Statement


class WitnessReport:
    """Statements of gateways about one ledger; their signatures are not looked at, which the verifier does.

    Parameters
    ----------
    statements
        What the bundle holds.
    observer
        The organisation whose times count as observed: the exporter.
    """

    def __init__(self, statements: Iterable[Statement], *, observer: str) -> None:
        self._statements: dict[str, Statement] = {statement.msp: statement for statement in statements}
        own = self._statements.get(observer)
        self._times = {} if own is None else {seen.block: seen.observed_time for seen in own.seen}
        self._hashes: dict[int, tuple[str, str | None]] = {}

    def times(self, blocks: Collection[int]) -> Mapping[int, int]:
        """Return when the observer first saw blocks, Unix milliseconds."""
        return {block: self._times[block] for block in blocks if block in self._times}

    def about(self, hashes: Mapping[int, tuple[str, str | None]]) -> None:
        """Take the ledger that is compared with: the header's digest and the commit hash of each block."""
        self._hashes = dict(hashes)

    def heard(self) -> list[str]:
        """Return whose statements there are."""
        return sorted(self._statements)

    def divergences(self) -> Iterator[Finding]:
        """Return where a statement differs from the ledger, the first block of each organisation."""
        for msp, statement in sorted(self._statements.items()):
            found = next((seen for seen in statement.seen if self._differs(seen)), None)
            if found is not None:
                fork = self._hashes[found.block][0] != found.header
                what = "has another" if fork else "decided otherwise on"
                end = ": a fork" if fork else ""
                yield Finding(
                    kind="ledger",
                    block=found.block,
                    transaction=None,
                    study=None,
                    round=None,
                    organisations=(msp,),
                    what=f"the ledger of {msp} {what} block {found.block}{end}",
                )

    def observations(self) -> Iterator[Observation]:
        """Return the same for the timeline; when it was found, a bundle does not say."""
        for found in self.divergences():
            yield Observation(msp=found.organisations[0], block=found.block or 0, what=found.what)

    def _differs(self, seen: Seen) -> bool:
        if seen.block not in self._hashes:
            return False
        header, commit_hash = self._hashes[seen.block]
        return seen.header != header or (commit_hash is not None and seen.commit_hash != commit_hash)
