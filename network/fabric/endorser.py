"""One peer's Endorser service: proposals that a single peer answers, without ordering.

Joining a channel, installing a package and every query of a system chaincode are such proposals. What must be ordered
goes through the peer's Gateway service instead (`gateway.fabric`).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import grpc
from grpc import StatusCode
from grpc.aio import AioRpcError

from gateway.fabric.endpoint import Endpoint
from gateway.fabric.error_details import MAX_TEXT, gateway_error
from gateway.fabric.errors import GatewayError
from gateway.fabric.identity import Identity
from gateway.fabric.options import seconds_of
from gateway.fabric.proposal_builder import Invocation
from gateway.fabric.signer import Signer
from gateway.fabric.signing_identity import SigningIdentity
from quorate.blocks import protos

DEADLINE_S: Final = 30.0
_PROCESS_PROPOSAL: Final = "/protos.Endorser/ProcessProposal"
_FIRST_ERROR: Final = 400
_DENIED: Final = 403
_NOT_FOUND: Final = 404
_FAILED: Final = 500
_STATUSES: Final = {_DENIED: StatusCode.PERMISSION_DENIED, _NOT_FOUND: StatusCode.NOT_FOUND}
_NO_SUCH_SERVICE: Final = (
    "It is no peer of Fabric's; the embedded network has its chaincode built in, and takes no other."
)
_DENIALS: Final = ("access denied", "failed ACL check")


class ProposalError(GatewayError):
    """A peer did not answer a proposal, or refused it.

    Attributes
    ----------
    address
        Which peer.
    reason
        What it said, without what we add.
    response_status
        Its answer's own status, 400 or more; 0 when there was no answer.
    from_chaincode
        Whether it was the chaincode that refused: then, whatever it said, it runs.
    """

    def __init__(
        self,
        address: str,
        reason: str,
        *,
        status: StatusCode,
        response_status: int = 0,
        from_chaincode: bool = False,
        cause: BaseException | None = None,
    ) -> None:
        hint = _NO_SUCH_SERVICE if status is StatusCode.UNIMPLEMENTED else ""
        super().__init__(f"{address}: {reason}", status=status, hint=hint, cause=cause)
        self.address = address
        self.reason = reason
        self.response_status = response_status
        self.from_chaincode = from_chaincode


@dataclass(frozen=True, kw_only=True)
class Endorser:
    """Sends one identity's proposals to one peer. Made by `open_endorser`."""

    channel: grpc.aio.Channel
    signing: SigningIdentity
    address: str
    deadline_s: float = DEADLINE_S

    async def call(
        self, channel: str, chaincode: str, *arguments: str | bytes, deadline_s: float | None = None
    ) -> bytes:
        """Return what a chaincode answers on this peer; nothing is ordered.

        Parameters
        ----------
        channel
            The channel's name; empty for what belongs to the peer itself, as installing and joining do.
        chaincode
            A chaincode of the channel, or a system chaincode: ``_lifecycle``, ``cscc``, ``qscc``.
        arguments
            The function's name first; text is sent as UTF-8.
        deadline_s
            Seconds for this call; otherwise those of this object.

        Raises
        ------
        ProposalError
            The peer did not answer in time, or it or the chaincode refused.
        """
        invocation = Invocation(
            channel=channel, chaincode=chaincode, arguments=arguments, transient={}, endorsing_organizations=()
        )
        proposal = invocation.propose(self.signing.creator).proposal
        proposal.signature = await self.signing.sign(proposal.proposal_bytes)
        seconds = seconds_of(self.deadline_s if deadline_s is None else deadline_s, "proposal")
        response = await self._process(proposal, seconds)
        if not 0 < response.response.status < _FIRST_ERROR:
            raise self._refusal(response)
        payload: bytes = response.response.payload
        return payload

    async def _process(self, proposal: protos.AnyMessage, seconds: float) -> protos.AnyMessage:
        stub: grpc.aio.UnaryUnaryMultiCallable[protos.AnyMessage, protos.AnyMessage] = self.channel.unary_unary(
            _PROCESS_PROPOSAL,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=protos.ProposalResponse.FromString,
        )
        try:
            return await stub(proposal, timeout=seconds)
        except AioRpcError as error:
            found = gateway_error(error)
            raise ProposalError(self.address, found.message, status=found.status, cause=error) from error

    def _refusal(self, response: protos.AnyMessage) -> ProposalError:
        answer = response.response
        reason = (answer.message or "no reason was given")[:MAX_TEXT]
        denied = any(words in reason for words in _DENIALS)
        return ProposalError(
            self.address,
            reason,
            status=StatusCode.PERMISSION_DENIED if denied else _STATUSES.get(answer.status, StatusCode.ABORTED),
            response_status=answer.status,
            # A peer that failed itself puts no payload beside its 500; see Fabric's core/endorser.
            from_chaincode=bool(response.payload) or _FIRST_ERROR <= answer.status < _FAILED,
        )


@asynccontextmanager
async def open_endorser(
    endpoint: Endpoint, identity: Identity, signer: Signer, *, deadline_s: float = DEADLINE_S
) -> AsyncIterator[Endorser]:
    """Open a peer's Endorser service for one identity. Nothing is sent before the first call."""
    channel = endpoint.channel()
    try:
        yield Endorser(
            channel=channel,
            signing=SigningIdentity(identity, signer),
            address=endpoint.address,
            deadline_s=deadline_s,
        )
    finally:
        await channel.close(grace=None)
