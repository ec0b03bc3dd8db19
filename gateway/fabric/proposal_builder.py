"""From a function name and arguments to the bytes of a proposal."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from google.protobuf.timestamp_pb2 import Timestamp

from gateway.fabric.transaction_context import TransactionContext
from quorate.blocks import protos
from quorate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_ARGUMENT_BYTES: Final = 50 * 1024 * 1024
_GOLANG: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One call of a chaincode function, not yet anybody's.

    Parameters
    ----------
    arguments
        Function name first; text is sent as UTF-8.
    transient
        Data that peers see and the ledger does not keep; text is sent as UTF-8.
    endorsing_organizations
        MSP ids that must endorse; empty leaves the choice to the gateway.
    """

    channel: str
    chaincode: str
    arguments: Sequence[str | bytes]
    transient: Mapping[str, str | bytes]
    endorsing_organizations: Sequence[str]

    def propose(self, creator: bytes) -> protos.AnyMessage:
        """Return a new ProposedTransaction for this creator, unsigned."""
        context = TransactionContext(creator)
        proposal = protos.Proposal(
            header=protos.Header(
                channel_header=self._channel_header(context.transaction_id),
                signature_header=context.signature_header,
            ).SerializeToString(),
            payload=protos.ChaincodeProposalPayload(
                input=self._input(), TransientMap={name: _as_bytes(value) for name, value in self.transient.items()}
            ).SerializeToString(),
        )
        return protos.ProposedTransaction(
            transaction_id=context.transaction_id,
            proposal=protos.SignedProposal(proposal_bytes=proposal.SerializeToString()),
            endorsing_organizations=list(self.endorsing_organizations),
        )

    def _channel_header(self, transaction_id: str) -> bytes:
        seconds, nanos = divmod(time.time_ns(), 1_000_000_000)
        header = protos.ChannelHeader(
            type=protos.HeaderType.ENDORSER_TRANSACTION,
            timestamp=Timestamp(seconds=seconds, nanos=nanos),
            channel_id=self.channel,
            tx_id=transaction_id,
            epoch=0,
            extension=protos.ChaincodeHeaderExtension(
                chaincode_id=protos.ChaincodeID(name=self.chaincode)
            ).SerializeToString(),
        )
        serialized: bytes = header.SerializeToString()
        return serialized

    def _input(self) -> bytes:
        arguments = [_as_bytes(each) for each in self.arguments]
        size = sum(map(len, arguments))
        if size >= MAX_ARGUMENT_BYTES:
            raise UsageError(
                f"the arguments are {size} bytes; they travel twice in one message, so less than 50 MiB fit"
            )
        spec = protos.ChaincodeInvocationSpec(
            chaincode_spec=protos.ChaincodeSpec(
                # Peers ignore the language; every official client says this one.
                type=_GOLANG,
                chaincode_id=protos.ChaincodeID(name=self.chaincode),
                input=protos.ChaincodeInput(args=arguments),
            )
        )
        serialized: bytes = spec.SerializeToString()
        return serialized


def _as_bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)
