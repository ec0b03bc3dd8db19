"""A block as rows: what it says, and nothing that it does not. Any bytes that peers accept must make rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gateway.audit.trail import kinds
from quorate.blocks import protos
from quorate.blocks.block import decode_block
from quorate.blocks.codes import TxValidationCode
from quorate.blocks.decode import decode
from quorate.blocks.lifecycle import NAMESPACE as LIFECYCLE
from quorate.blocks.outline import outline_of
from quorate.blocks.rwset import split_composite_key
from quorate.blocks.transaction import decode_transaction, indexed_id
from quorate.digest import digest_from_raw
from quorate.errors import QuorateError
from quorate.records.events import EVENT_NAME, Events

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quorate.blocks.block import Block
    from quorate.blocks.header import BlockHeader
    from quorate.blocks.transaction import Action, Transaction

Row = dict[str, Any]

_CALL: Final = 2  # a function and one document
_YEAR_10000: Final = 253_402_300_800_000
_NAME: Final = 256
_NAMES: Final = 256
_REQUEST: Final = 256 * 1024
"""How long a name, how many names and how long a document are kept, in characters. What is more never has an effect,
and any submitter can put it into a block; a page of such would have hundreds of megabytes.
"""
_UNSIGNED: Final = frozenset(
    {
        TxValidationCode.NIL_ENVELOPE,
        TxValidationCode.BAD_PAYLOAD,
        TxValidationCode.BAD_COMMON_HEADER,
        TxValidationCode.BAD_CREATOR_SIGNATURE,
    }
)
"""What peers found invalid before they knew whose it is: an orderer can put anybody's name on it."""
_WITHOUT_EFFECT: Final = {
    # Whoever sent it sent it again, not knowing what became of the first; peers judged that one, and not this.
    TxValidationCode.DUPLICATE_TXID: kinds.REPEATED,
    # Gateways that take the same step of a round at the same time do this every day, and nothing is wrong.
    TxValidationCode.MVCC_READ_CONFLICT: kinds.CONFLICTED,
    TxValidationCode.PHANTOM_READ_CONFLICT: kinds.CONFLICTED,
}
"""What peers found invalid in the course of things."""


@dataclass(slots=True)
class BlockRows:
    """The rows of one block, by table; events have no sequence yet."""

    number: int
    previous: str
    block: Row
    configurations: list[Row] = field(default_factory=list)
    transactions: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    writes: list[Row] = field(default_factory=list)


def rows_of(data: bytes, *, chaincode: str) -> BlockRows:
    """Return a block's rows.

    Parameters
    ----------
    data
        ``common.Block``, whole.
    chaincode
        Whose calls are decoded; those of others are transactions without events and writes.

    Raises
    ------
    BlockError
        When the data are no block in its one form.
    """
    block = decode_block(data)
    rows = header_rows(block.header)
    rows.block.update(commit_hash=_commit_hash(block), entries=len(block.entries), whole=1)
    for position, (entry, code) in enumerate(zip(block.entries, block.codes, strict=True)):
        _add(rows, position, entry, code, chaincode)
    return rows


def header_rows(header: BlockHeader) -> BlockRows:
    """Return the rows of a block of which only the header is known."""
    return BlockRows(
        number=header.number,
        previous=digest_from_raw(header.previous_hash) if header.number else "",
        block={
            "number": header.number,
            "hash": header.digest,
            "previous": header.previous_hash.hex(),
            "data_hash": header.data_hash.hex(),
            "commit_hash": None,
            "entries": 0,
            "whole": 0,
        },
    )


def _commit_hash(block: Block) -> str | None:
    try:
        return block.commit_hash.hex() or None
    except QuorateError:
        return None


def _add(rows: BlockRows, position: int, entry: bytes, code: TxValidationCode, chaincode: str) -> None:
    where = {"block": rows.number, "position": position}
    if rows.number == 0:  # nobody has submitted it, so it is not of the form of a transaction
        made = _blank(indexed_id(entry), code) | {"kind": "configuration"}
        rows.transactions.append(where | made)
        rows.events.append(_event(where, made, kinds.CONFIGURED))
        rows.configurations.append({"block": rows.number, "entry": entry})
        return
    try:
        transaction = decode_transaction(entry)
    except QuorateError:
        made = _blank(indexed_id(entry), code)
        rows.transactions.append(where | made)
        rows.events.append(_event(where, made, kinds.INVALID, reason=code.name))
        return
    made = _transaction(transaction, code, chaincode)
    rows.transactions.append(where | made)
    if code is not TxValidationCode.VALID:
        rows.events.append(_event(where, made, _WITHOUT_EFFECT.get(code, kinds.INVALID), reason=code.name))
        return
    rows.events += [_event(where, made, **facts) for facts in _facts(transaction, made["kind"], chaincode)]
    if made["kind"] == "configuration":
        rows.configurations.append({"block": rows.number, "entry": entry})
    if transaction.action is not None:
        rows.writes += [where | write for write in _writes(transaction.action, chaincode)]


def _blank(transaction_id: str, code: TxValidationCode) -> Row:
    nothing = dict.fromkeys(("chaincode", "function", "request", "msp", "role", "certificate", "claimed_time"))
    return {"id": transaction_id[:_NAME], "code": int(code), "kind": "unreadable", **nothing, "endorsers": ""}


def _transaction(transaction: Transaction, code: TxValidationCode, chaincode: str) -> Row:
    made = _blank(transaction.tx_id, code) | ({} if code in _UNSIGNED else _creator(transaction.creator))
    # Whatever a submitter wrote: what is no date has no place among dates, and need not fit into a column.
    made["claimed_time"] = transaction.claimed_time if 0 <= transaction.claimed_time < _YEAR_10000 else None
    action = transaction.action
    if action is None:
        made["kind"] = "configuration" if transaction.kind == protos.HeaderType.CONFIG else "other"
        return made
    made["chaincode"] = action.chaincode[:_NAME]
    made["kind"] = {chaincode: "call", LIFECYCLE: "definition"}.get(action.chaincode, "other")
    made["endorsers"] = " ".join(sorted({_msp(found.endorser) for found in action.endorsements} - {""})[:_NAMES])
    if action.arguments:
        made["function"] = action.arguments[0].decode("utf-8", "replace")[:_NAME]
    if made["kind"] == "call" and len(action.arguments) == _CALL:
        made["request"] = action.arguments[1][: 4 * _REQUEST].decode("utf-8", "replace")[:_REQUEST]
    return made


def _creator(data: bytes) -> Row:
    try:
        identity = decode(protos.SerializedIdentity, data, "the creator")
        found: Row = {"msp": identity.mspid[:_NAME]}
        certificate = outline_of(identity.id_bytes)
        return found | {"role": certificate.role[:_NAME], "certificate": certificate.digest}
    except QuorateError:
        return {"msp": _msp(data) or None}


def _msp(data: bytes) -> str:
    """Return the name in an identity, as one word."""
    try:
        name = str(decode(protos.SerializedIdentity, data, "an identity").mspid)
    except QuorateError:
        return ""
    return "_".join(name[:_NAME].split())


def _facts(transaction: Transaction, kind: str, chaincode: str) -> Iterator[Row]:
    action = transaction.action
    if action is None:
        if kind == "configuration":
            yield {"type": kinds.CONFIGURED}
        return
    for part in action.sets:
        for write in part.writes if part.namespace == LIFECYCLE else ():
            name = write.key.removeprefix("namespaces/metadata/")
            if name != write.key:
                yield {"type": kinds.DEFINED, "reason": name[:64]}
    if action.chaincode == chaincode and action.event_name == EVENT_NAME:
        try:
            events = Events.parse(action.event_payload).events
        except QuorateError as error:
            yield {"type": "ledger.strange_event", "reason": error.message[:200]}
            return
        for event in events:
            yield event.model_dump(exclude_none=True)


def _event(where: Row, made: Row, type: str, **facts: object) -> Row:  # noqa: A002 - the event's own word
    about = ("study", "round", "msp", "dataset", "digest", "attempt", "reason", "version", "proposal", "review")
    return {
        **where,
        "transaction": made["id"],
        "type": type,
        "severity": int(kinds.severity_of(type)),
        "actor": made["msp"],
        "role": made["role"],
        "certificate": made["certificate"],
        "claimed_time": made["claimed_time"],
        **{name: facts.get(name) for name in about},
    }


def _writes(action: Action, chaincode: str) -> Iterator[Row]:
    for part in action.sets:
        for write in part.writes if part.namespace == chaincode else ():
            key = _readable(write.key)
            value = None if write.value is None else write.value.decode("utf-8", "replace")
            yield {"key": "~".join(key), "kind": key[0], "value": value}


def _readable(key: str) -> tuple[str, ...]:
    try:
        return split_composite_key(key)
    except QuorateError:
        return (key,)
