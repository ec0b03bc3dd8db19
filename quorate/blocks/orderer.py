"""What orderers sign of a block: its header and, with it, which configuration was in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from quorate.blocks import protos
from quorate.blocks.decode import decode, decode_exact
from quorate.blocks.errors import BlockError
from quorate.blocks.signature import verify_exact_signature

if TYPE_CHECKING:
    from quorate.blocks.config import ChannelConfig
    from quorate.blocks.header import BlockHeader
    from quorate.blocks.identity import Identity

BLOCK_VALIDATION: Final = "/Channel/Orderer/BlockValidation"

_MAX_SIGNATURES = 256


@dataclass(frozen=True, slots=True)
class OrdererSignatures:
    """The first metadata of a block, decoded: what was signed beside the header, and by whom.

    Attributes
    ----------
    value
        What was signed: the number of the configuration in force, and what consenters keep for themselves.
    """

    value: bytes
    last_config: int
    consenter: bytes
    signatures: tuple[protos.AnyMessage, ...]


def decode_signatures(slot: bytes) -> OrdererSignatures:
    """Return the metadata that carries the orderers' signatures.

    Raises
    ------
    BlockError
        When it carries none, or names no configuration.
    """
    metadata = decode_exact(protos.Metadata, slot, "the orderers' signatures")
    signed = decode(protos.OrdererBlockMetadata, metadata.value, "what the orderers signed")
    if not metadata.signatures:
        raise BlockError("no orderer has signed the block")
    if len(metadata.signatures) > _MAX_SIGNATURES:
        raise BlockError(f"the block has more than {_MAX_SIGNATURES} signatures of orderers")
    if not signed.HasField("last_config"):
        raise BlockError("the orderers' signatures name no configuration")
    return OrdererSignatures(
        metadata.value, signed.last_config.index, signed.consenter_metadata, tuple(metadata.signatures)
    )


def verify_orderers(header: BlockHeader, found: OrdererSignatures, config: ChannelConfig) -> tuple[str, ...]:
    """Return when enough orderers have signed the header under the ``BlockValidation`` policy of `config`.

    Every signature must hold, not only as many as suffice: a byte that nobody checks would have no meaning.

    Returns
    -------
    tuple of str
        Where those suffice only with orderers who are in doubt, why these are.

    Raises
    ------
    BlockError
        When a signature does not hold, an orderer signed twice, or there are not enough.
    """
    signers: dict[tuple[str, bytes], Identity] = {}
    for signature in found.signatures:
        signer, prefix = _signer(signature, config)
        verify_exact_signature(signer.key, signature.signature, found.value + prefix + header.encoded)
        if signer.who in signers:
            raise BlockError("an orderer has signed the block twice")
        signers[signer.who] = signer
    certain = [signer for signer in signers.values() if not signer.doubt]
    if config.satisfies(BLOCK_VALIDATION, certain):
        return ()
    if not config.satisfies(BLOCK_VALIDATION, list(signers.values())):
        raise BlockError(f"the orderers that signed do not satisfy {BLOCK_VALIDATION}")
    return tuple(f"{signer.msp_id}'s: {signer.doubt}" for signer in signers.values() if signer.doubt)


def _signer(signature: protos.AnyMessage, config: ChannelConfig) -> tuple[Identity, bytes]:
    """Return who signed or may have, and the header that names them: with SmartBFT an identifier, else the identity."""
    if signature.identifier_header:
        if signature.signature_header:  # which nobody would have signed
            raise BlockError("a signature names an orderer in two ways")
        identifier = decode(protos.IdentifierHeader, signature.identifier_header, "an identifier header")
        return config.consenter(identifier.identifier), signature.identifier_header
    header = decode(protos.SignatureHeader, signature.signature_header, "a signature header")
    return config.directory.perhaps(header.creator), signature.signature_header
