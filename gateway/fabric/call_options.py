"""How calls are made, beside what they say."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypedDict

from gateway.fabric.options import seconds_of

if TYPE_CHECKING:
    import grpc


class GrpcArguments(TypedDict):
    """What gRPC's own calls take, beside their time-out."""

    metadata: tuple[tuple[str, str | bytes], ...] | None
    credentials: grpc.CallCredentials | None
    wait_for_ready: bool | None
    compression: grpc.Compression | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOptions:
    """How one call is made.

    Parameters
    ----------
    timeout
        Seconds for the call, its repetitions included; for events, for the stream as a whole until it breaks.
    metadata
        Sent as gRPC metadata. A key that ends in ``-bin`` has bytes.
    credentials
        Of this call, such as a token for a proxy in between; never needed for Fabric itself.
    wait_for_ready
        Wait for a connection instead of failing while there is none; the calls that may be repeated do so anyway.
    compression
        Of what is sent.
    """

    timeout: float | None = None
    metadata: tuple[tuple[str, str | bytes], ...] = field(default=(), repr=False)
    credentials: grpc.CallCredentials | None = field(default=None, repr=False)
    wait_for_ready: bool | None = None
    compression: grpc.Compression | None = None

    def __post_init__(self) -> None:
        if self.timeout is not None:
            seconds_of(self.timeout, "of a call")
        # A list would do for gRPC, but not for a value that nobody can change.
        object.__setattr__(self, "metadata", tuple(self.metadata))

    def over(self, default: CallOptions) -> CallOptions:
        """Return these options with the defaults where they say nothing; metadata of both is sent."""
        return CallOptions(
            timeout=default.timeout if self.timeout is None else self.timeout,
            metadata=default.metadata + self.metadata,
            credentials=self.credentials or default.credentials,
            wait_for_ready=default.wait_for_ready if self.wait_for_ready is None else self.wait_for_ready,
            compression=default.compression if self.compression is None else self.compression,
        )

    def arguments(self) -> GrpcArguments:
        """Return all but the time-out, as gRPC takes them."""
        return {
            "metadata": self.metadata or None,
            "credentials": self.credentials,
            "wait_for_ready": self.wait_for_ready,
            "compression": self.compression,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultCallOptions:
    """The options of every call of one connection, by step. Where they name no time-out, `Deadlines` does."""

    evaluate: CallOptions = CallOptions()
    endorse: CallOptions = CallOptions()
    submit: CallOptions = CallOptions()
    commit_status: CallOptions = CallOptions()
    chaincode_events: CallOptions = CallOptions()
    block_events: CallOptions = CallOptions()
    filtered_block_events: CallOptions = CallOptions()
    block_and_private_data_events: CallOptions = CallOptions()


NO_OPTIONS = CallOptions()


def chosen(timeout: float | None, options: CallOptions | None) -> CallOptions:
    """Return the options of one call from the two ways to give them; `timeout` alone is the shorter one."""
    options = options or NO_OPTIONS
    return options if timeout is None else replace(options, timeout=timeout)
