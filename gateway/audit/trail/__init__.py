"""The trail: every block as rows that can be asked, in one SQLite file that can be made anew at any time."""

from gateway.audit.trail.detail import TransactionDetail, transaction
from gateway.audit.trail.filter import Cursor, EventFilter, event_filter
from gateway.audit.trail.pages import EventPage, EventRow, page
from gateway.audit.trail.store import Trail

__all__ = [
    "Cursor",
    "EventFilter",
    "EventPage",
    "EventRow",
    "Trail",
    "TransactionDetail",
    "event_filter",
    "page",
    "transaction",
]
