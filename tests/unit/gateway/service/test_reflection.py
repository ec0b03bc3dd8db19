from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from gateway.service.drain import Drain
from gateway.service.protos.grpc.reflection.v1.reflection_pb2 import ServerReflectionRequest as Request
from gateway.service.reflection import SERVICE, ReflectionService

if TYPE_CHECKING:
    from gateway.service.client import GatewayClient
    from tests.unit.gateway.service.house import House


@pytest.fixture
def reflection() -> ReflectionService:
    return ReflectionService(["quorate.v1.Artifacts", "gateway.Gateway"], Drain())


def test_services_are_listed(reflection: ReflectionService) -> None:
    answer = reflection.answer(Request(list_services="*"))
    names = [service.name for service in answer.list_services_response.service]
    assert names == ["gateway.Gateway", SERVICE, "quorate.v1.Artifacts"]


@pytest.mark.parametrize(
    ("request_", "files"),
    [
        (Request(file_by_filename="quorate/v1/artifacts.proto"), {"quorate/v1/artifacts.proto"}),
        (Request(file_containing_symbol="quorate.v1.Artifacts"), {"quorate/v1/artifacts.proto"}),
        (
            Request(file_containing_symbol="gateway.Gateway"),
            {"gateway/gateway.proto", "peer/proposal.proto", "common/common.proto"},
        ),
    ],
)
def test_descriptions_come_with_what_they_need(
    reflection: ReflectionService, request_: Request, files: set[str]
) -> None:
    answer = reflection.answer(request_)
    found = [FileDescriptorProto.FromString(data) for data in answer.file_descriptor_response.file_descriptor_proto]
    names = [file.name for file in found]
    assert files <= set(names)
    assert len(names) == len(set(names))
    assert {needed for file in found for needed in file.dependency} <= set(names)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (Request(file_by_filename="nothing.proto"), 5),
        (Request(file_containing_symbol="no.such.Symbol"), 5),
        (Request(all_extension_numbers_of_type="quorate.v1.Label"), 12),
        (Request(), 12),
    ],
)
def test_what_is_not_known_is_said(reflection: ReflectionService, request_: Request, code: int) -> None:
    assert reflection.answer(request_).error_response.error_code == code


async def test_it_is_for_the_own_organisation(alder: House, birch: House) -> None:
    await alder.stop()
    alder.reflection = True
    await alder.start()
    async with alder.client() as client:
        answer = await anext(aiter(ask(client)))
        assert SERVICE.encode() in answer
    async with alder.client(birch.paths.agent_tls) as client:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await anext(aiter(ask(client)))
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED


def ask(client: GatewayClient) -> grpc.aio.StreamStreamCall[bytes, bytes]:
    method = client.channel.stream_stream(f"/{SERVICE}/ServerReflectionInfo")
    return method(iter([Request(list_services="*").SerializeToString()]))
