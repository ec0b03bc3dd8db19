"""What other members' gateways have seen, compared with what the bundle says: that there is no fork, and nothing newer.

One orderer's key can sign a second chain, and nobody signs validation codes; but a majority of members does not err or
lie together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from quorate.blocks import protos
from quorate.blocks.errors import BlockError
from quorate.blocks.signature import verify_exact_signature
from quorate.verify.bundle import names
from quorate.verify.bundle.witness import Witnessed
from quorate.verify.report import Step
from quorate.verify.wording import count, moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quorate.blocks.config import ChannelConfig
    from quorate.verify.bundle.manifest import Manifest
    from quorate.verify.bundle.reader import Bundle
    from quorate.verify.bundle.witness import Seen, Statement
    from quorate.verify.findings import Findings
    from quorate.verify.steps.chain import Chain
    from quorate.verify.steps.commitment import Commitments

_STEP = Step.WITNESSES
_GATEWAY = "aggregator"


@dataclass
class _Word:
    """What one member's statement comes to."""

    statement: Statement
    has_last: bool = False
    vouched: set[int] = field(default_factory=set)
    """Blocks whose codes it vouches for."""


class Witnesses:
    """Compares the statements in a bundle with its chain and its commit hashes."""

    def __init__(self, bundle: Bundle, manifest: Manifest, chain: Chain, commitments: Commitments) -> None:
        self._bundle = bundle
        self._manifest = manifest
        self._chain = chain
        self._commitments = commitments
        self._config = chain.configs[-1][1]
        self._words: list[_Word] = []

    def verify(self, findings: Findings) -> None:
        """Read every statement; one that does not fit is a failure, since either it or the bundle is not true."""
        for name in self._bundle.members:
            if names.is_witness(name):
                with findings.catching(_STEP, name):
                    self._words.append(self._word(name))
        self._say(findings)

    def vouch_for_all(self, blocks: Sequence[int]) -> bool:
        """Tell whether enough members vouch for the codes of all of these blocks."""
        return all(self._are_enough([word for word in self._words if block in word.vouched]) for block in blocks)

    @property
    def rule_out_fork(self) -> bool:
        """Whether enough members have seen the last block as it is here."""
        return self._are_enough([word for word in self._words if word.has_last])

    def _word(self, name: str) -> _Word:
        found = Witnessed.read(self._bundle.read(name))
        statement = found.statement
        if name != names.witness_name(statement.msp):
            raise BlockError(f"the statement is {statement.msp}'s")
        if statement.channel != self._manifest.channel:
            raise BlockError(f"the statement is about the channel {statement.channel[:80]!r}")
        _verify_signature(found, self._config)
        word = _Word(statement)
        hashes = {seen.block: seen.commit_hash for seen in statement.seen}
        for seen in statement.seen:
            self._compare(seen, hashes, word)
        return word

    def _compare(self, seen: Seen, hashes: dict[int, str], word: _Word) -> None:
        msp = word.statement.msp
        if seen.block >= len(self._chain.headers):
            return
        ours = self._chain.headers[seen.block].digest
        if seen.header != ours:
            raise BlockError(f"{msp} saw block {seen.block} with the header {seen.header}, and here it has {ours}")
        derived = self._commitments.hashes.get(seen.block)
        if derived is not None and seen.commit_hash != derived.hex():
            message = f"{msp}'s peer came to the commit hash {seen.commit_hash or 'none'} with block {seen.block}"
            raise BlockError(f"{message}, and here it is {derived.hex()}")
        if derived is not None:
            word.vouched.update(range(seen.block + 1))  # a commit hash rests on those of all blocks before
        word.has_last |= seen.block == len(self._chain.headers) - 1
        part = self._commitments.parts.get(seen.block)
        before = hashes.get(seen.block - 1)
        if part is not None and before is not None:
            state = part.copy()
            state.update(bytes.fromhex(before))
            if state.hexdigest() != seen.commit_hash:
                raise BlockError(f"{msp}'s peer decided otherwise on block {seen.block}: its codes or writes differ")
            word.vouched.add(seen.block)

    def _are_enough(self, words: Sequence[_Word]) -> bool:
        """Tell whether a majority of members is among them, at least one of them not the exporter."""
        msps = {word.statement.msp for word in words} & set(self._config.members)
        return 2 * len(msps) > len(self._config.members) and bool(msps - {self._manifest.exporter.msp})

    def _say(self, findings: Findings) -> None:
        last = len(self._chain.headers) - 1
        agreeing = [word for word in self._words if word.has_last]
        total = len(self._config.members)
        if self.rule_out_fork:
            newest = max(word.statement.height for word in agreeing)
            more = f"; {newest - last - 1} newer blocks were there by then" if newest > last + 1 else ""
            findings.verified(
                _STEP,
                f"no fork: {len(agreeing)} of {count(total, 'member')} saw block {last} as it is here: "
                f"{'; '.join(_when(word, last) for word in agreeing)}{more}",
            )
            return
        why = (
            f"statements of {len(agreeing)} of {count(total, 'member')} name the last block, and a majority with "
            "somebody beside the exporter is needed"
        )
        findings.not_checked(_STEP, "that there is no fork and nothing newer, and when transactions were seen", why=why)


def _verify_signature(found: Witnessed, config: ChannelConfig) -> None:
    statement = found.statement
    serialized = protos.SerializedIdentity(mspid=statement.msp, id_bytes=statement.certificate.encode())
    signer = config.directory.identity(serialized.SerializeToString())
    if signer.outline.role != _GATEWAY:
        raise BlockError(f"the statement is signed by no gateway of {statement.msp}")
    verify_exact_signature(signer.key, found.raw_signature, statement.encode())


def _when(word: _Word, block: int) -> str:
    [seen] = [seen for seen in word.statement.seen if seen.block == block]
    return f"{word.statement.msp} at {moment(seen.observed_time)}"
