"""The program of docs/how-to/fabric-client.md runs, its part with a token where there is SoftHSM."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from gateway.fabric.hsm import ski
from tests.unit.gateway.fabric.page_programs import ROOT, run, write_identity
from tests.unit.gateway.fabric.softhsm import LIBRARIES, PIN, software_token

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.gateway.fabric.authority import Authority, Issued
    from tests.unit.gateway.fabric.conftest import Served

PAGE = ROOT / "docs" / "how-to" / "fabric-client.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
[TOKEN] = [code for code in BLOCKS if "HSMSignerFactory" in code]


@pytest.fixture
def folder(tmp_path: Path, authority: Authority, client_certificate: Issued) -> Path:
    write_identity(tmp_path, authority, client_certificate)
    return tmp_path


async def test_the_program_of_the_page_runs(served: Served, folder: Path) -> None:
    parts = [code for code in BLOCKS if code != TOKEN]
    assert len(parts) == 8
    lines = await run("\n".join(parts).replace("localhost:7051", served.endpoint.address), folder)
    assert lines == [
        "b'Get|a1'",
        "200 committed",
        "refused: there is no asset a9",
        "b'Put|a1|two'",
        "event done of block 1",
        "event done of block 2",
        "signed elsewhere: VALID",
        "b'secret=value'",
    ]
    assert served.peer.metadata["Evaluate"]["trace"] == "4711"


async def test_the_part_with_a_token_runs(
    served: Served, folder: Path, client_certificate: Issued, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with software_token(tmp_path_factory.mktemp("softhsm")) as made:
        made.store(client_certificate.key, ski(served.identity))
        program = "from gateway.fabric import sync\n" + BLOCKS[0] + TOKEN
        program = program.replace("localhost:7051", served.endpoint.address).replace(LIBRARIES[0], made.library)
        assert await run(program, folder, TOKEN_PIN=PIN) == ["signed in the token: b'Put|a3|text'"]
