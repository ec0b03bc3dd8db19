"""A software token for tests: SoftHSM, where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

LIBRARIES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)
LABEL, PIN = "quorate", "98765432"


@dataclass(frozen=True)
class Token:
    """A software token, and what can be put in it."""

    library: str
    folder: Path

    def store(self, key: EllipticCurvePrivateKey | Ed25519PrivateKey, key_id: bytes) -> None:
        pem = self.folder / "key.pem"
        pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        arguments = ["--import", str(pem), "--token", LABEL, "--label", "key", "--id", key_id.hex(), "--pin", PIN]
        _util(*arguments, "--force")
        pem.unlink()


@contextmanager
def software_token(folder: Path) -> Iterator[Token]:
    """Make a token in a folder; skip where SoftHSM is not installed."""
    pytest.importorskip("pkcs11", reason="needs the extra quorate[hsm]")
    found = next((path for path in LIBRARIES if Path(path).exists()), None)
    if found is None or shutil.which("softhsm2-util") is None:
        pytest.skip("needs SoftHSM: softhsm2-util on PATH and libsofthsm2.so (Debian's package softhsm2)")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
        _util("--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", "12345678")
        yield Token(found, folder)


def _util(*arguments: str) -> None:
    program = shutil.which("softhsm2-util")
    assert program
    subprocess.run([program, *arguments], check=True, capture_output=True, timeout=120)
