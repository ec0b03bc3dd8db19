"""Derives the validation code of every transaction of a block, as a peer did when it committed it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quorate.blocks.codes import TxValidationCode
from quorate.blocks.lifecycle import Definitions
from quorate.blocks.transaction import decode_transaction, indexed_id
from quorate.blocks.validation.decision import Decided, Decision
from quorate.blocks.validation.expiry import Expiry
from quorate.blocks.validation.state import PUBLIC, Place, State, Versioned
from quorate.blocks.validation.turn import Turn
from quorate.blocks.validation.writes import changes_of

if TYPE_CHECKING:
    from quorate.blocks.block import Block
    from quorate.blocks.config import ChannelConfig
    from quorate.blocks.transaction import Transaction

_CONFIGURATION: Final[Place] = ("", PUBLIC, "CHANNEL_CONFIG_ENV_BYTES")
_CARRIED: Final = b"configuration"
"""In the place of the value, which nobody reads."""


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
        self._expiry = Expiry()

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
        turn = Turn(self, block, config)
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
                creator = config.directory.perhaps(transaction.creator)
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
        number = block.header.number
        self.state.apply(decided.updates)
        self._expiry.take(number, decided.updates, self.definitions)
        self.state.apply(self._expiry.expired(number, self.state))
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
