"""Derives the validation code of every transaction of a block, as a peer did when it committed it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from quorate.blocks import protos
from quorate.blocks.codes import TxValidationCode
from quorate.blocks.endorsement import endorsers_of, verify_creator
from quorate.blocks.errors import BlockError, RejectedError
from quorate.blocks.lifecycle import Definitions
from quorate.blocks.transaction import (
    decode_transaction,
    indexed_id,
    open_action,
    open_endorsed,
    open_entry,
    require_id,
)
from quorate.blocks.validation.endorsed import Endorsed, ForeignPluginError
from quorate.blocks.validation.reads import require_unread
from quorate.blocks.validation.state import PUBLIC, Place, State, Versioned
from quorate.blocks.validation.writes import changes_of, metadata_places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quorate.blocks.block import Block
    from quorate.blocks.config import ChannelConfig
    from quorate.blocks.msp import Identity
    from quorate.blocks.transaction import Opened, Transaction

_CONFIGURATION: Final[Place] = ("", PUBLIC, "CHANNEL_CONFIG_ENV_BYTES")
_CARRIED: Final = b"configuration"
"""In the place of the value, which nobody reads."""

_BY_STATE: Final = frozenset(
    {
        TxValidationCode.VALID,
        TxValidationCode.MVCC_READ_CONFLICT,
        TxValidationCode.PHANTOM_READ_CONFLICT,
        TxValidationCode.DUPLICATE_TXID,
    }
)
_BY_OTHERS: Final = _BY_STATE | {TxValidationCode.ENDORSEMENT_POLICY_FAILURE, TxValidationCode.INVALID_CHAINCODE}


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules say about one transaction, beside what the block says.

    Attributes
    ----------
    code
        The block's own when the rules allow it, else the one that they lead to.
    possible
        The codes that the rules allow; more than one where the bundle does not hold what decides, or peers may differ.
    reason
        Why it does not count, empty when it does.
    transaction, creator, endorsers
        As far as the transaction could be read: of one that counts, all of it.
    """

    index: int
    recorded: TxValidationCode
    code: TxValidationCode
    possible: frozenset[TxValidationCode]
    reason: str
    transaction: Transaction | None
    creator: Identity | None
    endorsers: tuple[Identity, ...]

    @property
    def agrees(self) -> bool:
        """Whether the block says what the rules allow."""
        return self.recorded in self.possible

    @property
    def counts(self) -> bool:
        """Whether the transaction had its effect."""
        return self.code is TxValidationCode.VALID


@dataclass(frozen=True, slots=True)
class Decided:
    """A block's decisions, and what the transactions that counted changed."""

    decisions: tuple[Decision, ...]
    updates: dict[Place, Versioned]

    @property
    def codes(self) -> bytes:
        """The ``TRANSACTIONS_FILTER`` that the rules lead to."""
        return bytes(found.code for found in self.decisions)


class Validator:
    """Follows a ledger block by block.

    Parameters
    ----------
    whole
        Whether every block will come. Otherwise the state is not known: whether a transaction lost to another is then
        the block's own word.
    ours
        The namespaces whose blocks all come even then; what is decided about others is their own word too.
    """

    def __init__(self, *, whole: bool, ours: frozenset[str] = frozenset()) -> None:
        self.state = State()
        self.definitions = Definitions()
        self._whole = whole
        self._ours = ours
        self._ids: set[str] = set()

    def decide(self, block: Block, config: ChannelConfig) -> Decided:
        """Return the decisions about a block, and go on to the state after it.

        Parameters
        ----------
        config
            What was in force before the block.

        Raises
        ------
        BlockError
            When the block's codes cannot be read.
        """
        turn = _Turn(self, block, config)
        return self._go_on(block, Decided(tuple(turn.decide()), turn.pending))

    def accept(self, block: Block, config: ChannelConfig) -> Decided:
        """Return a block's own decisions unasked, and go on to the state after it: of one that was decided before.

        Raises
        ------
        BlockError
            When what the block calls valid cannot be read.
        """
        pending: dict[Place, Versioned] = {}
        decisions = []
        for index, (entry, code) in enumerate(zip(block.entries, block.codes, strict=True)):
            transaction = creator = None
            if code is TxValidationCode.VALID:
                transaction = decode_transaction(entry)
                creator = config.directory.identity(transaction.creator)
                self.apply(transaction, pending, block.header.number, index)
            decisions.append(Decision(index, code, code, frozenset({code}), "", transaction, creator, ()))
        return self._go_on(block, Decided(tuple(decisions), pending))

    def apply(self, transaction: Transaction, pending: dict[Place, Versioned], block: int, index: int) -> None:
        """Add what a transaction that counts changes."""
        if transaction.action is None:
            pending[_CONFIGURATION] = Versioned(_CARRIED, None, block, index)
        else:
            pending.update(changes_of(transaction.action.sets, pending, self.state, block=block, index=index))

    def _go_on(self, block: Block, decided: Decided) -> Decided:
        self.state.apply(decided.updates)
        self._ids.update(tx_id for entry in block.entries if (tx_id := indexed_id(entry)))
        for found in decided.decisions:
            if found.counts and found.transaction is not None and found.transaction.action is not None:
                # A definition holds from the next block on: this one was validated against the state before it.
                self.definitions.apply(found.transaction.action.sets)
        return decided

    def found(self) -> None:
        """Take over a first block: it carries a configuration that nobody validated."""
        self.state.apply({_CONFIGURATION: Versioned(_CARRIED, None, 0, 0)})

    def is_known(self, tx_id: str) -> bool:
        """Tell whether an earlier block holds a transaction of this id, whatever became of it."""
        return tx_id in self._ids

    @property
    def whole(self) -> bool:
        """Whether every block comes."""
        return self._whole

    @property
    def ours(self) -> frozenset[str]:
        """The namespaces whose blocks all come."""
        return self._ours


class _Turn:
    """One block. A peer checks all forms and endorsements first, then ids within the block, then what was read."""

    def __init__(self, validator: Validator, block: Block, config: ChannelConfig) -> None:
        self.pending: dict[Place, Versioned] = {}
        self._validator = validator
        self._block = block
        self._config = config
        self._endorsed = Endorsed(config, validator.definitions, validator.state)
        self._ids: set[str] = set()

    def decide(self) -> Iterator[Decision]:
        drafts = [self._draft(index, entry) for index, entry in enumerate(self._block.entries)]
        for draft, recorded in zip(drafts, self._block.codes, strict=True):
            yield self._settle(draft, recorded)

    def _draft(self, index: int, entry: bytes) -> _Draft:
        draft = _Draft(index)
        try:
            self._check(draft, entry)
        except RejectedError as error:
            draft.refusals.append(error)
        if not draft.refusals and draft.transaction and draft.transaction.action:
            self._endorsed.touched.update(metadata_places(draft.transaction.action.sets))
        return draft

    def _check(self, draft: _Draft, entry: bytes) -> None:
        opened = open_entry(entry)
        draft.transaction = opened.transaction(None)
        self._check_creator(draft, opened)
        if opened.channel.type == protos.HeaderType.CONFIG:
            if len(self._block.entries) > 1:
                raise RejectedError(TxValidationCode.INVALID_CONFIG_TRANSACTION, "a configuration stands among others")
            return
        if opened.channel.type != protos.HeaderType.ENDORSER_TRANSACTION:
            raise RejectedError(TxValidationCode.UNSUPPORTED_TX_PAYLOAD, "an update of the configuration is none")
        require_id(opened)
        endorsed = open_endorsed(opened)
        if self._validator.is_known(opened.channel.tx_id):
            message = f"an earlier block holds a transaction of the id {opened.channel.tx_id}"
            raise RejectedError(TxValidationCode.DUPLICATE_TXID, message)
        action = open_action(opened, endorsed)
        draft.transaction = opened.transaction(action)
        draft.endorsers = tuple(endorsers_of(action, self._config))
        try:
            draft.refusals.extend(self._endorsed.refusals(action, draft.endorsers))
        except ForeignPluginError:
            draft.is_foreign = True

    def _check_creator(self, draft: _Draft, opened: Opened) -> None:
        bad = TxValidationCode.BAD_CREATOR_SIGNATURE
        if opened.channel.channel_id != self._config.channel:
            raise RejectedError(bad, f"the transaction is for the channel {opened.channel.channel_id[:80]!r}")
        try:
            draft.creator = verify_creator(opened.transaction(None), self._config)
        except BlockError as error:
            raise RejectedError(bad, error.message, cause=error) from error

    def _settle(self, draft: _Draft, recorded: TxValidationCode) -> Decision:
        """Decide a transaction by the state, which earlier ones of the block have changed; then apply it."""
        if not draft.refusals:
            try:
                self._check_state(draft)
            except RejectedError as error:
                draft.refusals.append(error)
        possible = self._possible(draft)
        code = recorded if recorded in possible else min(possible)
        reason = draft.refusals[0].message if draft.refusals else ""
        if code is TxValidationCode.VALID and draft.transaction is not None:
            self._validator.apply(draft.transaction, self.pending, self._block.header.number, draft.index)
        return Decision(
            draft.index, recorded, code, possible, reason, draft.transaction, draft.creator, draft.endorsers
        )

    def _check_state(self, draft: _Draft) -> None:
        if draft.transaction is None or draft.transaction.action is None:
            return
        if draft.transaction.tx_id in self._ids:
            message = f"the transaction {draft.transaction.tx_id} stands earlier in the block"
            raise RejectedError(TxValidationCode.DUPLICATE_TXID, message)
        self._ids.add(draft.transaction.tx_id)
        if self._validator.whole:
            require_unread(draft.transaction.action.sets, self.pending, self._validator.state)

    def _possible(self, draft: _Draft) -> frozenset[TxValidationCode]:
        """Return the codes that the rules allow, given what is known."""
        codes = frozenset(found.verdict for found in draft.refusals) or frozenset({TxValidationCode.VALID})
        action = draft.transaction.action if draft.transaction else None
        if action is None or not codes <= _BY_OTHERS:
            return codes
        if draft.is_foreign:
            codes |= {TxValidationCode.ENDORSEMENT_POLICY_FAILURE}
        if self._validator.whole:
            return codes
        namespaces = {found.namespace for found in action.sets if found.writes_anything} | {action.chaincode}
        if not namespaces <= self._validator.ours:
            return codes | _BY_OTHERS
        return codes | (_BY_STATE if TxValidationCode.VALID in codes else {TxValidationCode.DUPLICATE_TXID})


class _Draft:
    """A transaction on its way through the checks."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.transaction: Transaction | None = None
        self.creator: Identity | None = None
        self.endorsers: tuple[Identity, ...] = ()
        self.refusals: list[RejectedError] = []
        self.is_foreign = False
