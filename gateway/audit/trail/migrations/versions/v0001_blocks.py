"""Blocks, configurations, transactions, events and writes."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "blocks",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("previous", sa.Text, nullable=False),
        sa.Column("data_hash", sa.Text, nullable=False),
        sa.Column("commit_hash", sa.Text),
        sa.Column("entries", sa.Integer, nullable=False),
        sa.Column("whole", sa.Integer, nullable=False),
    )
    op.create_table(
        "configurations",
        sa.Column("block", sa.Integer, sa.ForeignKey("blocks.number"), primary_key=True, autoincrement=False),
        sa.Column("entry", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "transactions",
        sa.Column("block", sa.Integer, sa.ForeignKey("blocks.number"), primary_key=True, autoincrement=False),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("code", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("chaincode", "function", "request", "msp", "role", "certificate")),
        sa.Column("claimed_time", sa.Integer),
        sa.Column("endorsers", sa.Text, nullable=False),
    )
    op.create_index("transactions_by_id", "transactions", ["id"])
    op.create_table(
        "events",
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("block", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("transaction", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("actor", "role", "certificate")),
        sa.Column("claimed_time", sa.Integer),
        sa.Column("study", sa.Text),
        sa.Column("round", sa.Integer),
        *(sa.Column(name, sa.Text) for name in ("msp", "dataset", "digest")),
        sa.Column("attempt", sa.Integer),
        sa.Column("reason", sa.Text),
        sa.Column("version", sa.Integer),
        *(sa.Column(name, sa.Text) for name in ("proposal", "review")),
        sa.ForeignKeyConstraint(["block", "position"], ["transactions.block", "transactions.position"]),
    )
    op.create_index("events_by_study", "events", ["study", "round", "sequence"])
    for name, column in (("actor", "actor"), ("msp", "msp"), ("type", "type"), ("severity", "severity")):
        op.create_index(f"events_by_{name}", "events", [column, "sequence"])
    op.create_index("events_by_block", "events", ["block"])
    op.create_index("events_by_time", "events", ["claimed_time", "sequence"])
    op.create_table(
        "writes",
        sa.Column("block", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("value", sa.Text),
        sa.ForeignKeyConstraint(["block", "position"], ["transactions.block", "transactions.position"]),
    )
    op.create_index("writes_by_key", "writes", ["key", "block", "position"])
    op.create_index("writes_by_kind", "writes", ["kind", "block", "position"])


def downgrade() -> None:
    """Remove them."""
    for name in ("writes", "events", "transactions", "blocks"):
        op.drop_table(name)
