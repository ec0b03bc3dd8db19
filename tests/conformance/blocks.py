"""What the items of the four kinds of streams have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.fabric import ChaincodeEvent
from quorate.blocks import protos

if TYPE_CHECKING:
    from quorate.blocks.protos import AnyMessage


def block_of(item: AnyMessage) -> int:
    """Return the number of the block that an item is, or is of."""
    if isinstance(item, ChaincodeEvent):
        return item.block_number
    if isinstance(item, protos.FilteredBlock):
        return int(item.number)
    return int(whole_of(item).header.number)


def whole_of(item: AnyMessage) -> AnyMessage:
    """Return the block without its private data."""
    return item.block if isinstance(item, protos.BlockAndPrivateData) else item


def transactions_of(item: AnyMessage) -> list[str]:
    """Return the ids of a block's transactions, in order."""
    if isinstance(item, protos.FilteredBlock):
        return [each.txid for each in item.filtered_transactions]
    headers = [
        protos.Payload.FromString(protos.Envelope.FromString(data).payload).header.channel_header
        for data in whole_of(item).data.data
    ]
    return [protos.ChannelHeader.FromString(header).tx_id for header in headers]
