"""One block's transactions, each through a peer's checks in a peer's order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quorate.blocks import protos
from quorate.blocks.codes import TxValidationCode
from quorate.blocks.endorsement import endorsers_of, verify_creator
from quorate.blocks.errors import BlockError, RejectedError
from quorate.blocks.transaction import open_action, open_endorsed, open_entry, require_id
from quorate.blocks.validation.couchdb import may_be_refused
from quorate.blocks.validation.decision import Decision
from quorate.blocks.validation.endorsed import Endorsed, ForeignPluginError
from quorate.blocks.validation.reads import require_unread
from quorate.blocks.validation.writes import metadata_places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quorate.blocks.block import Block
    from quorate.blocks.config import ChannelConfig
    from quorate.blocks.identity import Identity
    from quorate.blocks.transaction import Action, Opened, Transaction
    from quorate.blocks.validation.state import Place, Versioned
    from quorate.blocks.validation.validator import Validator

_BY_STATE: Final = frozenset(
    {
        TxValidationCode.VALID,
        TxValidationCode.MVCC_READ_CONFLICT,
        TxValidationCode.PHANTOM_READ_CONFLICT,
        TxValidationCode.DUPLICATE_TXID,
    }
)
_BY_OTHERS: Final = _BY_STATE | {TxValidationCode.ENDORSEMENT_POLICY_FAILURE, TxValidationCode.INVALID_CHAINCODE}


class Turn:
    """One block. A peer checks all forms and endorsements first, then ids within the block, then what was read."""

    def __init__(self, validator: Validator, block: Block, config: ChannelConfig) -> None:
        self.pending: dict[Place, Versioned] = {}
        self._validator = validator
        self._block = block
        self._config = config
        self._endorsed = Endorsed(config, validator.definitions, validator.state)
        self._ids: set[str] = set()

    def decide(self) -> Iterator[Decision]:
        """Yield the decision about each transaction; what those that count change is in `pending` by then."""
        entries = zip(self._block.entries, self._block.codes, strict=True)
        for draft in [self._draft(index, entry, recorded) for index, (entry, recorded) in enumerate(entries)]:
            yield self._settle(draft)

    def _draft(self, index: int, entry: bytes, recorded: TxValidationCode) -> _Draft:
        draft = _Draft(index, recorded)
        try:
            self._check(draft, entry)
        except RejectedError as error:
            draft.refusals.append(error)
        if draft.passes and draft.transaction and draft.transaction.action:
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
            draft.refusals.extend(self._refusals(draft, action))
        except ForeignPluginError:
            draft.open.add(TxValidationCode.ENDORSEMENT_POLICY_FAILURE)

    def _refusals(self, draft: _Draft, action: Action) -> list[RejectedError]:
        """Return why the endorsements do not suffice; where that is open, as if they did."""
        found = self._endorsed.refusals(action, draft.endorsers)
        certain = [endorser for endorser in draft.endorsers if not endorser.doubt]
        if len(certain) == len(draft.endorsers):
            return found
        without = self._endorsed.refusals(action, certain)
        draft.open.update(refusal.verdict for refusal in (*found, *without))
        return found if without else without

    def _check_creator(self, draft: _Draft, opened: Opened) -> None:
        bad = TxValidationCode.BAD_CREATOR_SIGNATURE
        if opened.channel.channel_id != self._config.channel:
            raise RejectedError(bad, f"the transaction is for the channel {opened.channel.channel_id[:80]!r}")
        try:
            draft.creator = verify_creator(opened.transaction(None), self._config)
        except BlockError as error:
            raise RejectedError(bad, error.message, cause=error) from error
        if draft.creator.doubt:
            draft.open.add(bad)

    def _settle(self, draft: _Draft) -> Decision:
        """Decide a transaction by the state, which earlier ones of the block have changed; then apply it."""
        if not draft.refusals:
            try:
                self._check_state(draft)
            except RejectedError as error:
                draft.refusals.append(error)
        possible = self._possible(draft) | draft.open
        code = draft.recorded if draft.recorded in possible else min(possible)
        reason = draft.refusals[0].message if draft.refusals else ""
        if code is TxValidationCode.VALID and draft.transaction is not None:
            self._validator.apply(draft.transaction, self.pending, self._block.header.number, draft.index)
        return Decision(
            draft.index, draft.recorded, code, possible, reason, draft.transaction, draft.creator, draft.endorsers
        )

    def _check_state(self, draft: _Draft) -> None:
        if draft.transaction is None or draft.transaction.action is None:
            return
        if draft.transaction.tx_id in self._ids:
            message = f"the transaction {draft.transaction.tx_id} stands earlier in the block"
            raise RejectedError(TxValidationCode.DUPLICATE_TXID, message)
        if draft.passes:
            self._ids.add(draft.transaction.tx_id)
        if may_be_refused(draft.transaction.action.sets):
            draft.open.add(TxValidationCode.INVALID_WRITESET)
        if self._validator.whole:
            require_unread(draft.transaction.action.sets, self.pending, self._validator.state)

    def _possible(self, draft: _Draft) -> frozenset[TxValidationCode]:
        """Return the codes that the rules allow, given what is known."""
        codes = frozenset(found.verdict for found in draft.refusals) or frozenset({TxValidationCode.VALID})
        action = draft.transaction.action if draft.transaction else None
        if action is None or not codes <= _BY_OTHERS:
            return codes
        if self._validator.whole:
            return codes
        namespaces = {found.namespace for found in action.sets if found.writes_anything} | {action.chaincode}
        if not namespaces <= self._validator.ours:
            return codes | _BY_OTHERS
        return codes | (_BY_STATE if TxValidationCode.VALID in codes else {TxValidationCode.DUPLICATE_TXID})


class _Draft:
    """A transaction on its way through the checks."""

    def __init__(self, index: int, recorded: TxValidationCode) -> None:
        self.index = index
        self.recorded = recorded
        self.transaction: Transaction | None = None
        self.creator: Identity | None = None
        self.endorsers: tuple[Identity, ...] = ()
        self.refusals: list[RejectedError] = []
        self.open: set[TxValidationCode] = set()
        """What the checks before the state may have come to all the same: they rest on what is not there."""

    @property
    def passes(self) -> bool:
        """Whether it came to the state; where that is open the block has the word."""
        return not self.refusals and self.recorded not in self.open
