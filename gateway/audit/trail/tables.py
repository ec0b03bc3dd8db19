"""The trail's tables. Everything in them follows from the blocks, in their order, and from nothing else."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKeyConstraint, Index, Integer, LargeBinary, MetaData, Table, Text

METADATA: Final = MetaData()

BLOCKS: Final = Table(
    "blocks",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("hash", Text, nullable=False, comment="digest of the header"),
    Column("previous", Text, nullable=False),
    Column("data_hash", Text, nullable=False),
    Column("commit_hash", Text, comment="the peer's own, 64 hexadecimal digits; block 0 has none"),
    Column("entries", Integer, nullable=False),
    Column("whole", Integer, nullable=False, comment="0 when only the header is here, as in a bundle of one study"),
)

CONFIGURATIONS: Final = Table(
    "configurations",
    METADATA,
    Column("block", Integer, primary_key=True, autoincrement=False),
    Column("entry", LargeBinary, nullable=False, comment="the block's one entry: the whole configuration"),
    ForeignKeyConstraint(["block"], ["blocks.number"]),
)

TRANSACTIONS: Final = Table(
    "transactions",
    METADATA,
    Column("block", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False, comment="in the block, from 0"),
    Column("id", Text, nullable=False),
    Column("code", Integer, nullable=False, comment="Fabric's validation code; 0 is valid"),
    Column("kind", Text, nullable=False, comment="call, definition, configuration, other or unreadable"),
    Column("chaincode", Text),
    Column("function", Text),
    Column("request", Text, comment="the call's document, as it was sent"),
    Column("msp", Text),
    Column("role", Text),
    Column("certificate", Text, comment="digest"),
    Column("claimed_time", Integer, comment="Unix milliseconds, as the submitter wrote them"),
    Column("endorsers", Text, nullable=False, comment="MSP ids, ascending, separated by spaces"),
    ForeignKeyConstraint(["block"], ["blocks.number"]),
    Index("transactions_by_id", "id"),
)

EVENTS: Final = Table(
    "events",
    METADATA,
    Column("sequence", Integer, primary_key=True, comment="from 1, in the order of the ledger"),
    Column("block", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("transaction", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("severity", Integer, nullable=False, comment="0 routine, 1 notable, 2 needs attention"),
    Column("actor", Text, comment="MSP id of who submitted it"),
    Column("role", Text),
    Column("certificate", Text),
    Column("claimed_time", Integer),
    Column("study", Text),
    Column("round", Integer),
    Column("msp", Text, comment="whom it is about"),
    Column("dataset", Text),
    Column("digest", Text),
    Column("attempt", Integer),
    Column("reason", Text),
    Column("version", Integer),
    Column("proposal", Text),
    Column("review", Text),
    ForeignKeyConstraint(["block", "position"], ["transactions.block", "transactions.position"]),
    Index("events_by_study", "study", "round", "sequence"),
    Index("events_by_actor", "actor", "sequence"),
    Index("events_by_msp", "msp", "sequence"),
    Index("events_by_type", "type", "sequence"),
    Index("events_by_severity", "severity", "sequence"),
    Index("events_by_block", "block"),
    Index("events_by_time", "claimed_time", "sequence"),
    sqlite_autoincrement=False,
)

WRITES: Final = Table(
    "writes",
    METADATA,
    Column("block", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("key", Text, primary_key=True, comment="its parts separated by ~"),
    Column("kind", Text, nullable=False, comment="the first part of the key"),
    Column("value", Text, comment="the record as canonical JSON; none when the key was deleted"),
    ForeignKeyConstraint(["block", "position"], ["transactions.block", "transactions.position"]),
    Index("writes_by_key", "key", "block", "position"),
    Index("writes_by_kind", "kind", "block", "position"),
)
