"""Steps 2 and 3: the chain of headers from the pinned genesis on, signed as each configuration in force demands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from quorate.blocks import protos
from quorate.blocks.block import decode_block
from quorate.blocks.config import ChannelConfig
from quorate.blocks.config_update import verify_update
from quorate.blocks.errors import BlockError
from quorate.blocks.orderer import decode_signatures, verify_orderers
from quorate.verify.bundle import names
from quorate.verify.bundle.headers import read_headers
from quorate.verify.errors import Fault
from quorate.verify.findings import Findings, at
from quorate.verify.report import Step
from quorate.verify.wording import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quorate.blocks.header import BlockHeader
    from quorate.blocks.identity import Identity
    from quorate.digest import Digest
    from quorate.verify.bundle.manifest import Manifest
    from quorate.verify.bundle.reader import Bundle
    from quorate.verify.checkpoint import Checkpoint
    from quorate.verify.progress import Progress

_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Chain:
    """Verified headers by number, and the configurations in force from their block on."""

    headers: tuple[BlockHeader, ...]
    signatures: tuple[bytes, ...]
    configs: tuple[tuple[int, ChannelConfig], ...]
    doubts: Mapping[int, str]
    """Blocks that enough orderers have signed only if some who are in doubt are members, and why those are."""

    @property
    def config_blocks(self) -> frozenset[int]:
        """The numbers of the blocks that carry a configuration."""
        return frozenset(since for since, _ in self.configs)

    @property
    def has_one_orderers_word(self) -> bool:
        """Whether one orderer alone says which configuration is in force in the end: headers do not tell."""
        return len(self.headers) > 1 and len(decode_signatures(self.signatures[-1]).signatures) == 1

    def config_at(self, number: int) -> ChannelConfig:
        """Return the configuration under which the entries of a block were checked."""
        # An update is checked under the configuration that it replaces.
        in_force = self.configs[0][1]
        for since, config in self.configs:
            if since < number:
                in_force = config
        return in_force


def verify_genesis(bundle: Bundle, manifest: Manifest, pin: Digest | None, findings: Findings) -> None:
    """Return when the bundle's chain begins with the pinned block; without a pin its own is taken, and that is said."""
    with at(Step.GENESIS, f"{names.HEADERS}, block 0"), bundle.open(names.HEADERS) as file:
        header, _ = next(read_headers(file), (None, b""))
        if header is None or header.number != 0 or header.previous_hash not in {b"", bytes(32)}:
            raise BlockError("the headers do not begin with a first block")
    if header.digest != manifest.genesis:
        raise Fault(Step.GENESIS, names.MANIFEST, f"the manifest names {manifest.genesis}, block 0 has {header.digest}")
    if pin is None:
        why = "no genesis was pinned: whoever exported the bundle may have made up the whole ledger"
        findings.not_checked(Step.GENESIS, f"that {header.digest} is the ledger you mean", why=why)
    elif header.digest != pin:
        message = f"the bundle's genesis is {header.digest}, the pinned one is {pin}"
        findings.failed(Fault(Step.GENESIS, "block 0", message))
    else:
        findings.verified(Step.GENESIS, f"the chain begins with the pinned block {pin}")


def verify_chain(
    bundle: Bundle, manifest: Manifest, findings: Findings, progress: Progress, known: Checkpoint | None
) -> Chain:
    """Return the chain of all headers, each signed by enough orderers under the configuration then in force.

    Up to a checkpoint signatures were verified before: there the chain must be the one that was.
    """
    walk = _Walk(bundle, findings, 0 if known is None else known.height)
    with bundle.open(names.HEADERS) as file:
        records = read_headers(file)
        while True:
            with at(Step.HEADERS, f"{names.HEADERS}, block {len(walk.headers)}"):
                record = next(records, None)
                if record is None:
                    break
                walk.take(*record)
            progress(Step.HEADERS, len(walk.headers), manifest.height)
    if len(walk.headers) != manifest.height:
        message = f"there are {len(walk.headers)} headers, the manifest names the height {manifest.height}"
        raise Fault(Step.HEADERS, names.HEADERS, message)
    _verify_manifest(manifest, walk.configs[0][1], walk.configs[-1][1])
    if known is not None:
        _verify_known(walk.headers, known, findings)
    findings.verified(
        Step.HEADERS,
        f"{count(len(walk.headers), 'header')} in one chain; orderers have signed all but the first"
        f"{f' and {len(walk.doubts)} more' if walk.doubts else ''} as the "
        f"{count(len(walk.configs), 'configuration')} in force demanded"
        f"{f'; up to block {known.height - 1} that was verified before' if known else ''}",
    )
    if not all(config.validates_as_v2 for _, config in walk.configs):
        why = "the channel's capabilities are older than V2_0, and the rules of Fabric 2.0 and later were applied"
        findings.not_checked(Step.VALIDITY, "that peers validated transactions by the rules used here", why=why)
    if walk.updates:
        findings.verified(
            Step.HEADERS,
            f"{count(len(walk.updates), 'update')} of the configuration, each signed as the policies of all that "
            f"it changed demanded: {'; '.join(walk.updates)}",
        )
    return Chain(tuple(walk.headers), tuple(walk.signatures), tuple(walk.configs), walk.doubts)


def say_doubts(chain: Chain, findings: Findings, *, vouched: bool) -> None:
    """Say which headers rest on orderers who are in doubt.

    Parameters
    ----------
    vouched
        Whether a majority of members has seen the last header: then their peers took all headers before it.
    """
    if not chain.doubts:
        return
    number = count(len(chain.doubts), "header")
    if vouched:
        message = (
            f"{number} rest on orderers whose certificates not every peer need read alike; the peers of a majority"
        )
        findings.verified(Step.HEADERS, f"{message} of members took the chain that they are in")
        return
    first: dict[str, int] = {}
    for block, doubt in chain.doubts.items():
        first.setdefault(doubt, block)
    shown = "; ".join(f"from block {block} on, {doubt}" for doubt, block in list(first.items())[:_SHOWN])
    why = (
        f"it rests on certificates that not every peer need read alike: {shown}; statements of a majority of members "
        f"about the last block would stand in for it, and there are none"
    )
    findings.not_checked(Step.HEADERS, f"that orderers have signed {number} as was demanded", why=why)


class _Walk:
    """Goes from header to header, and takes over each configuration at its block."""

    def __init__(self, bundle: Bundle, findings: Findings, known: int) -> None:
        self.updates: list[str] = []
        self.headers: list[BlockHeader] = []
        self.signatures: list[bytes] = []
        self.configs: list[tuple[int, ChannelConfig]] = []
        self.doubts: dict[int, str] = {}
        self._bundle = bundle
        self._findings = findings
        self._known = known

    def take(self, header: BlockHeader, signatures: bytes) -> None:
        number = len(self.headers)
        if header.number != number:
            raise BlockError(f"the header of block {header.number} stands where that of block {number} is due")
        if number == 0:
            self.configs.append((0, self._config(header)))
        else:
            self._verify(header, signatures)
        self.headers.append(header)
        self.signatures.append(signatures)

    def _verify(self, header: BlockHeader, slot: bytes) -> None:
        expected = self.headers[-1].hash
        if header.previous_hash != expected:
            raise BlockError(f"it follows {header.previous_hash.hex()}, and the block before is {expected.hex()}")
        found = decode_signatures(slot)
        since, config = self.configs[-1]
        if header.number >= self._known:
            doubts = verify_orderers(header, found, config)
            if doubts:
                self.doubts[header.number] = " and ".join(doubts)
        if found.last_config == header.number:
            self.configs.append((header.number, self._next_config(header, config)))
        elif found.last_config != since:
            raise BlockError(f"the orderers name the configuration of block {found.last_config}, in force is {since}")

    def _next_config(self, header: BlockHeader, before: ChannelConfig) -> ChannelConfig:
        config = self._config(header)
        if (config.channel, config.sequence) != (before.channel, before.sequence + 1):
            raise BlockError(
                f"the configuration is number {config.sequence} of {config.channel}, after {before.sequence}"
            )
        if header.number < self._known:
            return config
        # Whoever signed it or not, orderers made it what holds from here on.
        with self._findings.catching(Step.HEADERS, names.block_name(header.number)):
            signers = verify_update(before, config)
            self._say_who(header.number, signers)
        return config

    def _say_who(self, number: int, signers: Sequence[Identity]) -> None:
        doubts = [f"{signer.msp_id}'s: {signer.doubt}" for signer in signers if signer.doubt]
        if doubts:
            message = f"that the configuration of block {number} was signed as the policies before it demanded"
            why = f"it rests on certificates that not every peer need read alike: {' and '.join(doubts)}"
            self._findings.not_checked(Step.HEADERS, message, why=why)
        else:
            who = ", ".join(sorted({signer.msp_id for signer in signers}))
            self.updates.append(f"block {number} by {who}")

    def _config(self, header: BlockHeader) -> ChannelConfig:
        block = decode_block(self._bundle.read(names.block_name(header.number)))
        if block.header != header:
            raise BlockError("the whole block has another header")
        if len(block.entries) != 1:
            raise BlockError("a configuration block holds one entry")
        return ChannelConfig(block.entries[0])


def _verify_known(headers: Sequence[BlockHeader], known: Checkpoint, findings: Findings) -> None:
    if len(headers) < known.height:
        message = f"the chain ends with block {len(headers) - 1}, and {known.height - 1} was verified before"
        raise Fault(Step.HEADERS, names.HEADERS, message)
    found = headers[known.height - 1].digest
    if found != known.header:
        place = f"{names.HEADERS}, block {known.height - 1}"
        raise Fault(
            Step.HEADERS, place, f"its digest is {found}, and that of the one verified before is {known.header}"
        )
    why = "they were verified before, and the checkpoint is the only word on that; what was open then is open still"
    message = f"signatures up to block {known.height - 1}, of orderers and members, and what rests on them"
    findings.not_checked(Step.HEADERS, message, why=why)


def _verify_manifest(manifest: Manifest, first: ChannelConfig, last: ChannelConfig) -> None:
    if manifest.channel != first.channel:
        raise Fault(Step.HEADERS, names.MANIFEST, f"the manifest names channel {manifest.channel}, not {first.channel}")
    if manifest.development != first.is_development:
        raise Fault(Step.HEADERS, names.MANIFEST, "the manifest and block 0 differ on whether this is for development")
    with at(Step.HEADERS, names.MANIFEST):
        serialized = protos.SerializedIdentity(
            mspid=manifest.exporter.msp, id_bytes=manifest.exporter.certificate.encode()
        )
        last.directory.identity(serialized.SerializeToString())
