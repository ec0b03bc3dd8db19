"""Whether any single member could decide alone: the chaincode's endorsement policy, asked with real endorsers."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.service.checks.finding import failed, not_checked, ok
from quorate.blocks.block import decode_block
from quorate.blocks.codes import TxValidationCode
from quorate.blocks.config import ChannelConfig
from quorate.blocks.endorsement import endorsers_of
from quorate.blocks.errors import BlockError
from quorate.blocks.lifecycle import NAMESPACE, Definitions
from quorate.blocks.orderer import decode_signatures
from quorate.blocks.transaction import decode_transaction
from quorate.errors import QuorateError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.fabric import Network
    from gateway.service.checks.finding import Finding
    from quorate.blocks.block import Block
    from quorate.blocks.identity import Identity

_CHECK: Final = "endorsement policy"
_LIFECYCLE_CHECK: Final = "lifecycle policy"
_BLOCKS: Final = 5000
_SECONDS: Final = 60.0
_SIGNATURES: Final = 0
_CONFIG: Final = 1


@dataclass(slots=True)
class _Seen:
    definitions: Definitions = field(default_factory=Definitions)
    config: ChannelConfig | None = None
    endorsers: dict[str, dict[bytes, Identity]] = field(default_factory=dict)
    blocks: int = 0
    whole: bool = True


async def check_endorsement(network: Network, chaincode: str) -> list[Finding]:
    """Return findings about who must agree before the chaincode's state, or its definition, can change.

    The blocks are read from the first on: the definition in force is the last one written. The peer is believed here;
    `quorate audit verify` is what believes nobody.
    """
    seen = _Seen()
    try:
        await _read(network, seen)
    except QuorateError as error:
        return [not_checked(_CHECK, f"the blocks could not be read: {error.message}")]
    if seen.config is None or not seen.endorsers:
        return [not_checked(_CHECK, "no transaction has been endorsed yet")]
    return [_finding(_CHECK, chaincode, seen), _finding(_LIFECYCLE_CHECK, NAMESPACE, seen)]


async def _read(network: Network, seen: _Seen) -> None:
    try:
        async with asyncio.timeout(_SECONDS), aclosing(network.blocks()) as blocks:
            async for message in blocks:
                _take(decode_block(message.SerializeToString()), seen)
                if seen.blocks >= _BLOCKS:
                    seen.whole = False
                    return
    except TimeoutError:
        seen.whole = False


def _take(block: Block, seen: _Seen) -> None:
    seen.blocks += 1
    if block.header.number == 0 or decode_signatures(block.slot(_SIGNATURES)).last_config == block.header.number:
        seen.config = ChannelConfig(block.entries[0])
        return
    for entry, code in zip(block.entries, block.codes, strict=True):
        action = decode_transaction(entry).action if code is TxValidationCode.VALID else None
        if action is None:
            continue
        seen.definitions.apply(action.sets)
        if seen.config is not None:
            for endorser in endorsers_of(action, seen.config):
                seen.endorsers.setdefault(endorser.msp_id, {})[endorser.serialized] = endorser


def _finding(check: str, namespace: str, seen: _Seen) -> Finding:
    if seen.config is None:
        return not_checked(check, "there is no configuration")
    try:
        parameter = seen.definitions.parameter(namespace)
        alone = [
            msp for msp, found in sorted(seen.endorsers.items()) if _decides(seen.config, parameter, found.values())
        ]
    except BlockError as error:
        return not_checked(check, error.message)
    if alone:
        return failed(
            check,
            f"{', '.join(alone)} could decide alone",
            "Approve and commit a definition that a majority of members must endorse.",
        )
    text = f"none of {', '.join(sorted(seen.endorsers))} could decide alone"
    return ok(check, text if seen.whole else f"{text}, as of block {seen.blocks - 1}; later blocks were not read")


def _decides(config: ChannelConfig, parameter: bytes, endorsers: Iterable[Identity]) -> bool:
    return config.evaluate_parameter(parameter, list(endorsers))
