"""gRPC's reflection protocol, for people with tools such as grpcurl. Off unless the configuration turns it on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import grpc
from google.protobuf import descriptor_pool
from grpc import StatusCode

from gateway.service.methods import Audience, Context, Door, fail, serialize
from gateway.service.protos.grpc.reflection.v1 import reflection_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from google.protobuf.descriptor import FileDescriptor

    from gateway.service.drain import Drain

SERVICE: Final = "grpc.reflection.v1.ServerReflection"


class ReflectionService:
    """Names the services, and describes their messages to callers of the own organisation.

    Parameters
    ----------
    services
        The full names of the services behind this server.
    drain
        Ends the streams when the gateway stops.
    """

    def __init__(self, services: Iterable[str], drain: Drain) -> None:
        self._services = sorted({SERVICE, *services})
        self._drain = drain
        self._pool = descriptor_pool.Default()  # type: ignore[no-untyped-call]

    def handlers(self, door: Door) -> grpc.GenericRpcHandler:
        """Return the service for a server."""

        async def info(
            requests: AsyncIterator[pb.ServerReflectionRequest], context: Context
        ) -> AsyncIterator[pb.ServerReflectionResponse]:
            try:
                door.admit(context, Audience.OWN)
                with self._drain.stream():
                    async for request in requests:
                        yield self.answer(request)
            except Exception as error:  # noqa: BLE001 - told to the caller, and logged
                await fail(context, error)

        method = grpc.stream_stream_rpc_method_handler(info, pb.ServerReflectionRequest.FromString, serialize)
        return grpc.method_handlers_generic_handler(SERVICE, {"ServerReflectionInfo": method})

    def answer(self, request: pb.ServerReflectionRequest) -> pb.ServerReflectionResponse:
        """Return the answer to one question."""
        response = pb.ServerReflectionResponse(valid_host=request.host, original_request=request)
        try:
            match request.WhichOneof("message_request"):
                case "list_services":
                    response.list_services_response.service.extend(
                        pb.ServiceResponse(name=name) for name in self._services
                    )
                case "file_by_filename":
                    _describe(response, self._pool.FindFileByName(request.file_by_filename))
                case "file_containing_symbol":
                    _describe(response, self._pool.FindFileContainingSymbol(request.file_containing_symbol))
                case _:
                    _refuse(response, StatusCode.UNIMPLEMENTED, "there are no extensions here")
        except KeyError:
            _refuse(response, StatusCode.NOT_FOUND, "nothing of that name is known here")
        return response


def _describe(response: pb.ServerReflectionResponse, file: FileDescriptor) -> None:
    wanted, described = [file], set[str]()
    while wanted:
        file = wanted.pop()
        if file.name not in described:
            described.add(file.name)
            response.file_descriptor_response.file_descriptor_proto.append(file.serialized_pb)
            wanted.extend(file.dependencies)


def _refuse(response: pb.ServerReflectionResponse, status: StatusCode, message: str) -> None:
    response.error_response.error_code = status.value[0]
    response.error_response.error_message = message
