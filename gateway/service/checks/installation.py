"""Whether this Python has what Quorate needs."""

from __future__ import annotations

import platform
import sys
from importlib import metadata
from typing import TYPE_CHECKING, Final

from gateway.service.checks.finding import failed, not_checked, ok

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.service.checks.finding import Finding

_PYTHON: Final = (3, 11)
_GATEWAY: Final = ("grpcio", "protobuf", "hyperledger-fabric-protos", "pydantic-settings", "cedarpy", "cryptography")
_PARTICIPANT: Final = ("torch", "pytorch-lightning", "opacus")
_PROTOBUF: Final = "5."


def check_installation() -> Iterator[Finding]:
    """Yield findings about Python and the packages that gateway and agent import."""
    version = platform.python_version()
    if sys.version_info >= _PYTHON:
        yield ok("python", version)
    else:
        yield failed("python", f"this is Python {version}", "Quorate needs Python 3.11 or later.")
    yield _packages("gateway packages", _GATEWAY, needed=True, extra="gateway")
    yield _packages("participant packages", _PARTICIPANT, needed=False, extra="participant")
    yield _protobuf()


def _packages(check: str, names: tuple[str, ...], *, needed: bool, extra: str) -> Finding:
    found = {name: _version(name) for name in names}
    missing = [name for name, version in found.items() if version is None]
    if not missing:
        return ok(check, ", ".join(f"{name} {version}" for name, version in found.items()))
    if needed:
        return failed(check, f"missing: {', '.join(missing)}", f"pip install 'quorate[{extra}]'")
    return not_checked(check, f"not installed here: {', '.join(missing)}; only an agent needs the extra {extra!r}")


def _protobuf() -> Finding:
    version = _version("protobuf") or "none"
    if version.startswith(_PROTOBUF):
        return ok("protobuf", version)
    return failed(
        "protobuf", f"protobuf is {version}", "Fabric's messages need protobuf 5.29; reinstall from the lock."
    )


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
