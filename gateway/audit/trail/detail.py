"""One transaction with all that the trail has of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from gateway.audit.trail.pages import EventRow
from gateway.audit.trail.tables import BLOCKS, EVENTS, TRANSACTIONS, WRITES
from quorate.blocks.codes import TxValidationCode
from quorate.errors import NotFoundError

if TYPE_CHECKING:
    from gateway.audit.trail.store import Trail


class WriteRow(BaseModel):
    """A record as a transaction wrote it; no value when it deleted the key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    value: str | None


class TransactionDetail(BaseModel):
    """A transaction.

    Attributes
    ----------
    code
        Fabric's word for why it is valid or not.
    request
        The call's document as it was sent; its policy decision follows from it and from the policy set in force then.
    policy_version
        The policy set in force at its place; None before there was one.
    block_hash, previous, data_hash
        Of the block's header; the first is the digest of the header itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    block: int
    position: int
    id: str
    code: str
    kind: str
    chaincode: str | None
    function: str | None
    request: str | None
    msp: str | None
    role: str | None
    certificate: str | None
    claimed_time: int | None
    observed_time: int | None
    endorsers: tuple[str, ...]
    policy_version: int | None
    block_hash: str
    previous: str
    data_hash: str
    commit_hash: str | None
    events: tuple[EventRow, ...]
    writes: tuple[WriteRow, ...]


def transaction(trail: Trail, transaction_id: str) -> TransactionDetail:
    """Return a transaction by its id: the first of that id, if a later one repeats it.

    Raises
    ------
    NotFoundError
        When the trail has none.
    """
    with trail.engine.connect() as connection:
        query = select(TRANSACTIONS).where(TRANSACTIONS.c.id == transaction_id)
        query = query.order_by(TRANSACTIONS.c.block, TRANSACTIONS.c.position).limit(1)
        found = connection.execute(query).mappings().first()
        if found is None or not transaction_id:
            raise NotFoundError(f"the trail has no transaction {transaction_id[:64]!r}")
        number, position = found["block"], found["position"]
        block = connection.execute(select(BLOCKS).where(BLOCKS.c.number == number)).mappings().one()
        events = connection.execute(
            select(EVENTS).where(EVENTS.c.block == number, EVENTS.c.position == position).order_by(EVENTS.c.sequence)
        ).mappings()
        writes = connection.execute(
            select(WRITES.c.key, WRITES.c.value)
            .where(WRITES.c.block == number, WRITES.c.position == position)
            .order_by(WRITES.c.key)
        ).mappings()
        policy = connection.execute(
            select(WRITES.c.key)
            .where(WRITES.c.key.like("policy~version~%"), (WRITES.c.block < number))
            .order_by(WRITES.c.key.desc())
        ).scalar()
        seen = trail.observed([number]).get(number)
        return TransactionDetail(
            **{name: found[name] for name in found if name not in {"code", "endorsers"}},
            code=TxValidationCode.of(found["code"]).name,
            endorsers=tuple(found["endorsers"].split()),
            observed_time=seen,
            policy_version=None if policy is None else int(policy.rpartition("~")[2]),
            block_hash=block["hash"],
            previous=block["previous"],
            data_hash=block["data_hash"],
            commit_hash=block["commit_hash"],
            events=tuple(EventRow.model_validate({**row, "observed_time": seen}) for row in events),
            writes=tuple(WriteRow.model_validate(dict(row)) for row in writes),
        )
