"""Runs the rules over the transactions in their order, and wants exactly what they lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quorate import canonical
from quorate.identifiers import MspId
from quorate.records.common import Stamp
from quorate.records.consortium import Charter
from quorate.records.functions import FUNCTIONS
from quorate.verify.replay import keys
from quorate.verify.replay.call import Call
from quorate.verify.replay.decisions import Decisions
from quorate.verify.replay.errors import RuleError, require
from quorate.verify.replay.rules import RULES
from quorate.verify.replay.world import World

if TYPE_CHECKING:
    from quorate.blocks.outline import Outline
    from quorate.blocks.transaction import Action, Transaction
    from quorate.records.common import Document

_ARGUMENTS: Final = 2
_GOOD: Final = range(200, 400)


class Replay:
    """The state machine of one chaincode.

    Parameters
    ----------
    chaincode
        Whose transactions these are.
    whole
        Whether every transaction of the ledger will be applied.
    """

    def __init__(self, chaincode: str, *, whole: bool) -> None:
        self.world = World()
        self.decisions = Decisions()
        self.applied = 0
        self._chaincode = chaincode
        self._whole = whole

    def apply(self, action: Action, stamp: Stamp) -> None:
        """Apply a valid transaction of the chaincode.

        Raises
        ------
        QuorateError
            When it wrote anything but what the rules lead to.
        """
        written = self._written(action)
        if written:
            call = self._call(action, stamp, written)
            expected = RULES[call.function](call)
            _require_equal(expected, written)
            self.decisions.require_allowed(call)
            self.world.apply(expected)
            self.decisions.settle(call)
        self.applied += 1

    def _written(self, action: Action) -> dict[str, bytes]:
        require(action.chaincode == self._chaincode, f"it was written by way of the chaincode {action.chaincode}")
        require(action.status in _GOOD, f"the chaincode answered with status {action.status}")
        written = {}
        for found in action.sets:
            if found.namespace != self._chaincode:
                require(not found.writes_anything, f"it wrote to the namespace {found.namespace}")
                continue
            require(len({write.key for write in found.writes}) == len(found.writes), "it wrote a key twice")
            require(not (found.writes_metadata or found.writes_private), "it wrote key-level policies or private data")
            for write in found.writes:
                if write.value is None:
                    raise RuleError(f"it deleted {keys.readable(write.key)}, and no rule deletes anything")
                written[write.key] = write.value
        return written

    def _call(self, action: Action, stamp: Stamp, written: dict[str, bytes]) -> Call:
        require(len(action.arguments) == _ARGUMENTS, "a call has a function and one document")
        name = action.arguments[0].decode("utf-8", "replace")
        if name not in RULES:
            raise RuleError(f"no rule of this version lets {name[:120]!r} write anything")
        self._require_own(stamp, written)
        return Call(
            function=name,
            request=FUNCTIONS[name].request.parse(action.arguments[1], limit=FUNCTIONS[name].limit),
            stamp=stamp,
            world=self.world,
            written=written,
            whole=self._whole,
        )

    def _require_own(self, stamp: Stamp, written: dict[str, bytes]) -> None:
        """Return when nobody wrote what belongs to another organisation, and no stranger wrote at all."""
        for key in written:
            owner = keys.owner_of(key)
            require(owner in {None, stamp.msp}, f"{stamp.msp} wrote {keys.readable(key)}, which belongs to {owner}")
        charter = self.world.get(Charter, keys.charter())
        known = charter is None or stamp.msp in {member.msp for member in charter.members}
        require(known, f"{stamp.msp} is not a member of the consortium")


def stamp_of(transaction: Transaction, msp_id: str, certificate: Outline) -> Stamp:
    """Return what records say of the transaction that made them."""
    return Stamp.model_construct(
        tx=transaction.tx_id,
        claimed_time=transaction.claimed_time,
        msp=MspId(msp_id),
        role=certificate.role,
        certificate=certificate.digest,
    )


def _require_equal(expected: dict[str, Document], written: dict[str, bytes]) -> None:
    for key, record in expected.items():
        require(key in written, f"it did not write {keys.readable(key)}, which the rules lead to")
        if written[key] != record.encode():
            raise RuleError(f"{keys.readable(key)}: {_difference(record, written[key])}")
    for key in written:
        require(key in expected, f"it wrote {keys.readable(key)}, which the rules do not lead to")


def _difference(record: Document, written: bytes) -> str:
    found = canonical.loads(written, limit=len(written))
    expected = record.as_json()
    if isinstance(found, dict):
        for name in sorted(expected.keys() | found.keys()):
            if expected.get(name) != found.get(name):
                return f"{name} is {_short(found.get(name))}, and the rules lead to {_short(expected.get(name))}"
    return "the record is not in its canonical form"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"  # noqa: PLR2004 - room for two digests on a line
