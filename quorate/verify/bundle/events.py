"""events.jsonl: what the chaincode announced, one transaction a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate import canonical
from quorate.records.events import EVENT_NAME, Events

if TYPE_CHECKING:
    from quorate.blocks.transaction import Action, Transaction
    from quorate.records.common import Stamp


def event_line(*, block: int, index: int, transaction: Transaction, action: Action, actor: Stamp) -> bytes:
    """Return the line of a valid transaction, empty when it announced nothing.

    Raises
    ------
    UsageError
        When the event is not one that the chaincode makes.
    """
    if action.event_name != EVENT_NAME:
        return b""
    events = Events.parse(action.event_payload)
    line = canonical.dumps(
        {
            "actor": {"certificate": actor.certificate, "msp": actor.msp, "role": actor.role},
            "block": block,
            "claimed_time": transaction.claimed_time,
            "events": [event.model_dump(exclude_none=True) for event in events.events],
            "index": index,
            "observed": [],
            "schema": "quorate.audit_event/1",
            "transaction": transaction.tx_id,
        }
    )
    return line + b"\n"
