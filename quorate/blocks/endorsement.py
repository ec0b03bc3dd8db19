"""Who vouches for a transaction: its creator and its endorsers, checked against the configuration in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate.blocks.errors import BlockError
from quorate.blocks.signature import verify_signature

if TYPE_CHECKING:
    from quorate.blocks.config import ChannelConfig
    from quorate.blocks.identity import Identity
    from quorate.blocks.transaction import Action, Transaction


def verify_creator(transaction: Transaction, config: ChannelConfig) -> Identity:
    """Return who created the transaction, which may be in doubt.

    Raises
    ------
    BlockError
        When the certificate does not chain to its organisation's roots, or the signature is not its own.
    """
    creator = config.directory.perhaps(transaction.creator)
    verify_signature(creator.key, transaction.signature, transaction.payload)
    return creator


def endorsers_of(action: Action, config: ChannelConfig) -> list[Identity]:
    """Return whose endorsements hold, or may hold, each member once.

    As in Fabric an endorsement that does not hold merely does not count: otherwise whoever submits a transaction could
    add one and make a good ledger look bad.
    """
    endorsers: dict[tuple[str, bytes], Identity] = {}
    for endorsement in action.endorsements:
        try:
            endorser = config.directory.perhaps(endorsement.endorser)
            message = action.response_payload + endorsement.endorser
            verify_signature(endorser.key, endorsement.signature, message)
        except BlockError:
            continue
        endorsers.setdefault(endorser.who, endorser)
    return list(endorsers.values())


def namespaces_of(action: Action) -> list[str]:
    """Return the namespaces whose policies a transaction must satisfy."""
    written = {found.namespace for found in action.sets if found.writes_anything}
    return sorted(written | {action.chaincode})
