"""What the rooms of one gateway process share, gathered once at its start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.artifacts.exchange import Exchange
    from gateway.artifacts.store import ArtifactStore
    from gateway.ledger import Ledger
    from gateway.service.clock import Clock
    from gateway.service.config import GatewayConfig
    from gateway.service.state import Projection
    from quorate.identifiers import MspId


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayContext:
    """One organisation's gateway.

    Attributes
    ----------
    msp
        Its organisation.
    ledger
        Typed calls of the chaincode, signed by the gateway's identity (role aggregator).
    store
        The organisation's artefacts.
    exchange
        Fetches into the store from other members' gateways.
    state
        The shared view of the ledger.
    clock
        Unix milliseconds.
    """

    config: GatewayConfig
    msp: MspId
    ledger: Ledger
    store: ArtifactStore
    exchange: Exchange
    state: Projection
    clock: Clock
