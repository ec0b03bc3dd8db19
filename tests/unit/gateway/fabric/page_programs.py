"""Runs the programs of pages as programs of their own, beside the files that they name."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.unit.gateway.fabric.authority import Authority, Issued

ROOT = Path(__file__).parents[4]


def write_identity(folder: Path, authority: Authority, issued: Issued) -> None:
    """Write the certificates and keys of a client where the pages have them."""
    for name in ("identity", "tls"):
        (folder / name).mkdir()
        (folder / name / "cert.pem").write_bytes(issued.certificate_pem)
        (folder / name / "key.pem").write_bytes(issued.key_pem)
        (folder / name / "key.pem").chmod(0o600)
    (folder / "tls" / "ca.pem").write_bytes(authority.pem)


async def run(program: str, folder: Path, **environment: str) -> list[str]:
    """Run a program in a folder, and return the lines it has printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-c", program),
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
