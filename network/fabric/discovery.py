"""A peer's discovery service, for one question only: does it know the peers that could endorse for a chaincode.

Peers learn of each other by gossip, a while after everything is installed, approved and committed. Until then the
gateway refuses every transaction; there is no other way to see beforehand when that ends.
"""

from typing import TYPE_CHECKING, Final

from grpc.aio import AioRpcError

from gateway.fabric.error_details import MAX_TEXT, gateway_error
from network.fabric.endorser import Endorser, ProposalError
from quorate.blocks import protos

if TYPE_CHECKING:
    import grpc

_DISCOVER: Final = "/discovery.Discovery/Discover"


async def missing_endorsers(
    endorser: Endorser, channel: str, chaincode: str, *, tls_certificate_hash: bytes = b""
) -> str:
    """Return why a peer knows no peers that could endorse for a chaincode; an empty string when it knows enough.

    Parameters
    ----------
    endorser
        The peer, and who asks.
    channel, chaincode
        What is to be endorsed.
    tls_certificate_hash
        With mutual TLS: SHA-256 of the client certificate's DER, as `Tls.certificate_hash` has it.

    Raises
    ------
    ProposalError
        The peer did not answer.
    """
    interest = protos.ChaincodeInterest(chaincodes=[protos.ChaincodeCall(name=chaincode)])
    query = protos.DiscoveryQuery(channel=channel, cc_query=protos.ChaincodeQuery(interests=[interest]))
    who = protos.AuthInfo(client_identity=endorser.signing.creator, client_tls_cert_hash=tls_certificate_hash)
    payload = protos.DiscoveryRequest(authentication=who, queries=[query]).SerializeToString()
    answer = await _discover(
        endorser, protos.SignedRequest(payload=payload, signature=await endorser.signing.sign(payload))
    )
    (result,) = answer.results or [None]
    if result is None:
        return f"{endorser.address} gave no answer"
    reason: str = result.error.content
    return f"{endorser.address}: {reason[:MAX_TEXT]}" if result.WhichOneof("result") == "error" else ""


async def _discover(endorser: Endorser, request: protos.AnyMessage) -> protos.AnyMessage:
    stub: grpc.aio.UnaryUnaryMultiCallable[protos.AnyMessage, protos.AnyMessage] = endorser.channel.unary_unary(
        _DISCOVER,
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=protos.DiscoveryResponse.FromString,
    )
    try:
        return await stub(request, timeout=endorser.deadline_s)
    except AioRpcError as error:
        found = gateway_error(error)
        raise ProposalError(endorser.address, found.message, status=found.status, cause=error) from error
