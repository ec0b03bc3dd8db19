"""Typed calls of the chaincode over `gateway.fabric`: records in, records out, new proposals where they are safe."""

from gateway.ledger.client import Ledger
from gateway.ledger.retry import Retry

__all__ = ["Ledger", "Retry"]
