"""The program of docs/how-to/fabric-client.md runs, its part with a token where there is SoftHSM."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.fabric.hsm import ski
from tests.unit.gateway.fabric.softhsm import LIBRARIES, PIN, software_token

if TYPE_CHECKING:
    from tests.unit.gateway.fabric.authority import Authority, Issued
    from tests.unit.gateway.fabric.conftest import Served

ROOT = Path(__file__).parents[4]
PAGE = ROOT / "docs" / "how-to" / "fabric-client.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
[TOKEN] = [code for code in BLOCKS if "HSMSignerFactory" in code]


@pytest.fixture
def folder(tmp_path: Path, authority: Authority, client_certificate: Issued) -> Path:
    for name in ("identity", "tls"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cert.pem").write_bytes(client_certificate.certificate_pem)
        (tmp_path / name / "key.pem").write_bytes(client_certificate.key_pem)
        (tmp_path / name / "key.pem").chmod(0o600)
    (tmp_path / "tls" / "ca.pem").write_bytes(authority.pem)
    return tmp_path


async def run(program: str, folder: Path, **environment: str) -> list[str]:
    """Run a program as a script of its own, and return the lines it has printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "error",
        "-c",
        program,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(60):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (process.returncode, err.decode()) == (0, "")
    return out.decode().splitlines()


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
