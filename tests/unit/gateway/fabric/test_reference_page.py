"""The program of docs/reference/fabric-client.md runs, as a program of its own."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

import gateway.fabric
from tests.unit.gateway.fabric.page_programs import ROOT, run, write_identity

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.gateway.fabric.authority import Authority, Issued
    from tests.unit.gateway.fabric.conftest import Served

PAGE = ROOT / "docs" / "reference" / "fabric-client.md"


async def test_the_program_of_the_page_runs(
    served: Served, authority: Authority, client_certificate: Issued, tmp_path: Path
) -> None:
    write_identity(tmp_path, authority, client_certificate)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    program = "\n".join(blocks).replace("localhost:7051", served.endpoint.address)
    assert len(blocks) == 4
    lines = await run(program, tmp_path)
    assert lines[0] == "b'asset:Get|a1'"
    assert lines[2] == "VALID 2 True"
    assert lines[3] == "b'asset:Put|a3' True"
    assert lines[5] == "ChaincodeRefusal(code='NOT_FOUND', message='there is no asset a9')"
    assert [line.split()[0] for line in lines[6:9]] == ["1", "0", "1"]
    assert (tmp_path / "position.json").exists()


def test_the_page_names_everything_that_is_public() -> None:
    text = PAGE.read_text()
    words = set(re.findall(r"\w+", text))
    # What only its own kind of error or value shows, by the sentence that speaks of it.
    told_otherwise = {"Contract", "ErrorDetail", "Status", "TransactionError", "TxValidationCode"}
    assert set(gateway.fabric.__all__) - words <= told_otherwise
    gateway_methods = {name for name in vars(gateway.fabric.Gateway) if name.startswith("new_signed_")}
    assert gateway_methods <= words
    network_methods = {name for name in vars(gateway.fabric.Network) if not name.startswith("_")}
    assert network_methods - words <= {"name", "contract"}
    for options in (
        gateway.fabric.CallOptions,
        gateway.fabric.DefaultCallOptions,
        gateway.fabric.Deadlines,
        gateway.fabric.Limits,
    ):
        assert {field.name for field in dataclasses.fields(options)} <= words


def test_the_page_gives_the_defaults_that_are() -> None:
    text = PAGE.read_text()
    for options in (gateway.fabric.Deadlines(), gateway.fabric.Limits()):
        fields = ", ".join(f"{field.name}={getattr(options, field.name):g}" for field in dataclasses.fields(options))
        assert f"{type(options).__name__}({fields})" in text
