"""An older gateway is never taken for a peer: a peer logs no export, and so the export would go on unlogged."""

from contextlib import asynccontextmanager

import grpc
import pytest

from gateway.audit.access.client import AuditStub, NoTrailError, greeted_by
from gateway.service.protos.quorate.v1 import audit_pb2 as pb
from quorate.errors import UnsupportedVersionError


async def greet(_request, _context):
    return pb.GreetResponse(process="ab" * 32)


async def refuse(_request, context):
    await context.abort(grpc.StatusCode.PERMISSION_DENIED, "DENIED: the identity is not accepted")
    yield pb.QueryResponse()


GREET = grpc.unary_unary_rpc_method_handler(greet, pb.GreetRequest.FromString, pb.GreetResponse.SerializeToString)
QUERY = grpc.unary_stream_rpc_method_handler(refuse, pb.QueryRequest.FromString, pb.QueryResponse.SerializeToString)


@asynccontextmanager
async def serving(methods):
    server = grpc.aio.server()
    if methods:
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("quorate.v1.Audit", methods)])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield AuditStub(channel)
    finally:
        await server.stop(None)


async def test_a_gateway_tells_which_start_it_is():
    async with serving({"Greet": GREET, "Query": QUERY}) as stub:
        assert (await greeted_by(stub, "here")).process == "ab" * 32


async def test_an_older_gateway_is_told_from_a_peer():
    async with serving({"Query": QUERY}) as stub:
        with pytest.raises(UnsupportedVersionError, match="here is older than this command") as caught:
            await greeted_by(stub, "here")
    assert not isinstance(caught.value, NoTrailError)


async def test_a_peer_keeps_no_trail():
    async with serving({}) as stub:
        with pytest.raises(NoTrailError, match="here is no gateway"):
            await greeted_by(stub, "here")
