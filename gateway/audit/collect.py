"""Takes blocks in their order and keeps of each what the bundle needs; one block is in memory at a time."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from quorate.blocks import protos
from quorate.blocks.block import Block, decode_block
from quorate.blocks.codes import TxValidationCode
from quorate.blocks.config import ChannelConfig
from quorate.blocks.decode import decode
from quorate.blocks.outline import outline_of
from quorate.blocks.rwset import split_composite_key
from quorate.blocks.transaction import Action, Transaction, decode_transaction
from quorate.errors import DefectError, QuorateError
from quorate.records.policy import Policy
from quorate.records.round import Round
from quorate.records.study import Study
from quorate.verify.bundle import names
from quorate.verify.bundle.events import event_line
from quorate.verify.bundle.headers import encode_header
from quorate.verify.bundle.proofs import proofs_document
from quorate.verify.bundle.scope import WHOLE, Extent, InScope
from quorate.verify.replay.replay import stamp_of

if TYPE_CHECKING:
    from types import TracebackType

    from gateway.audit.staging import Staging
    from quorate.blocks.header import BlockHeader
    from quorate.digest import Digest

_VERSION_PARTS = 3


class Collector:
    """Writes headers, whole blocks, events and proofs into a staging directory.

    Parameters
    ----------
    staged
        Where to.
    chaincode
        Whose transactions the bundle is about.
    extent
        What is in scope.

    Notes
    -----
    What it collects is not verified here: the verifier does that to the finished bundle.
    """

    def __init__(self, staged: Staging, *, chaincode: str, extent: Extent = WHOLE) -> None:
        self.height = 0
        self.genesis: Digest | None = None
        self.first_config: ChannelConfig | None = None
        self.last: BlockHeader | None = None
        self.rounds: dict[tuple[str, int], Round] = {}
        self.studies: dict[str, Study] = {}
        self.policies: dict[int, Digest] = {}
        self.times: list[int] = []
        self._scope = InScope(chaincode, extent)
        self._staged = staged
        self._files = ExitStack()
        self._headers = self._files.enter_context(staged.append_to(names.HEADERS))
        self._events = self._files.enter_context(staged.append_to(names.EVENTS))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Write out what is buffered."""
        self._files.close()

    def take(self, message: protos.AnyMessage) -> None:
        """Take the next block (``common.Block``), beginning with block 0.

        Raises
        ------
        BlockError
            When it is not a block in its one form.
        DefectError
            When it is not the next one.
        """
        if message.header.number != self.height:
            raise DefectError(f"block {message.header.number} came where block {self.height} was due")
        data = message.SerializeToString()
        block = decode_block(data)
        if self.height == 0:
            self.genesis = block.header.digest
            self.first_config = ChannelConfig(block.entries[0])
        self.last = block.header
        self._headers.write(encode_header(message))
        if self._take_entries(block):
            self._staged.write(names.block_name(self.height), data)
        self.height += 1

    def write_proofs(self) -> None:
        """Write the inclusion proofs of every sealed round."""
        for (study, number), record in self.rounds.items():
            if record.sealed is not None:
                self._staged.write(names.proofs_name(study, number), proofs_document(record))

    def artifacts(self) -> dict[Digest, str]:
        """Return the models and updates that the rounds in scope name, with what each is for people."""
        found: dict[Digest, str] = {
            study.terms.model.initial: f"initial model of {study.study}" for study in self.studies.values()
        }
        for (study, number), record in sorted(self.rounds.items()):
            if not self._scope.extent.has_round(number):
                continue
            found.setdefault(record.base, f"base of round {number} of {study}")
            for update in record.included:
                found[update.update] = f"update of {update.dataset} of {update.msp}, round {number} of {study}"
            if record.model is not None:
                found[record.model] = f"model of round {number} of {study}"
        return found

    def _take_entries(self, block: Block) -> bool:
        """Take what is in scope of a block; tell whether anything is."""
        in_scope = False
        for index, (entry, code) in enumerate(zip(block.entries, block.codes, strict=True)):
            if code is not TxValidationCode.VALID:
                in_scope |= self._scope.extent.kind == "ledger"
                continue
            try:
                in_scope |= self._take_entry(block.header.number, index, entry)
            except QuorateError:
                # A ledger that breaks its own rules must be exported like any other: the verifier says what is wrong.
                in_scope = True
        return in_scope

    def _take_entry(self, number: int, index: int, entry: bytes) -> bool:
        transaction = decode_transaction(entry)
        if transaction.action is not None and self._scope.concerns(transaction):
            self._take(number, index, transaction, transaction.action)
        return self._scope.has(transaction)

    def _take(self, number: int, index: int, transaction: Transaction, action: Action) -> None:
        proposer = decode(protos.SerializedIdentity, action.proposer[0], "the proposer")
        actor = stamp_of(transaction, proposer.mspid, outline_of(proposer.id_bytes))
        self._events.write(event_line(block=number, index=index, transaction=transaction, action=action, actor=actor))
        self.times.append(transaction.claimed_time)
        if self._scope.extent.kind == "time":
            return  # records without all that came before them tell nothing
        for found in action.sets:
            if found.namespace == self._scope.chaincode:
                for write in found.writes:
                    self._take_write(split_composite_key(write.key), write.value or b"")

    def _take_write(self, key: tuple[str, ...], value: bytes) -> None:
        if key[0] == "round":
            record = Round.parse(value)
            self.rounds[record.study, record.round] = record
        elif key[0] == "study":
            study = Study.parse(value)
            self.studies[study.study] = study
        elif key[0] == "policy" and len(key) == _VERSION_PARTS:
            policy = Policy.parse(value)
            self.policies[policy.version] = policy.digest
