"""A gateway's artefacts from a dictionary: any bytes under any digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

from gateway.artifacts.wire import SERVICE
from gateway.service.protos.quorate.v1 import artifacts_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from quorate.digest import Digest


class Shelf(dict["Digest", bytes]):
    """Answers Stat and Get, in chunks of a few bytes."""

    def handler(self) -> grpc.GenericRpcHandler:
        """Return the service for a server."""
        return grpc.method_handlers_generic_handler(
            SERVICE,
            {
                "Stat": grpc.unary_unary_rpc_method_handler(
                    self._stat, pb.StatRequest.FromString, pb.StatResponse.SerializeToString
                ),
                "Get": grpc.unary_stream_rpc_method_handler(
                    self._get, pb.GetRequest.FromString, pb.GetResponse.SerializeToString
                ),
            },
        )

    async def _stat(self, request: pb.StatRequest, _context: object) -> pb.StatResponse:
        found = self.get(request.digest)
        return pb.StatResponse(complete=found is not None, size=len(found or b""))

    async def _get(self, request: pb.GetRequest, _context: object) -> AsyncIterator[pb.GetResponse]:
        data = self[request.digest]
        for start in range(request.offset, len(data), 7):
            yield pb.GetResponse(chunk=data[start : start + 7])
