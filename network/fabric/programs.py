"""Where Fabric's own programs are, and which version they are."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from network.own_programs import is_program
from quorate.errors import UsageError

PROGRAMS: Final = ("peer", "orderer", "configtxgen", "osnadmin")
VARIABLE: Final = "QUORATE_FABRIC_BIN"
HOW_TO_GET: Final = (
    "Get Fabric's official release for your platform from https://github.com/hyperledger/fabric/releases, unpack it, "
    f"and put its bin folder on PATH or name it in {VARIABLE} or --fabric-bin."
)
_VERSION: Final = re.compile(r"^\s*Version:\s*v?(\d+)\.(\d+)(\S*)", re.MULTILINE)
_TIMEOUT_S: Final = 10.0


@dataclass(frozen=True, kw_only=True)
class FabricPrograms:
    """Fabric's own programs, all of one release."""

    peer: Path
    orderer: Path
    configtxgen: Path
    osnadmin: Path

    @classmethod
    def find(cls, directory: Path | None = None) -> "FabricPrograms":
        """Return the programs in a directory, else in the one that ``QUORATE_FABRIC_BIN`` names, else on PATH.

        Raises
        ------
        UsageError
            If any is missing; the message names each.
        """
        where = directory or (Path(named) if (named := os.environ.get(VARIABLE)) else None)
        found = {name: _find(name, where) for name in PROGRAMS}
        if absent := [name for name, path in found.items() if path is None]:
            place = f"in {where}" if where else "on PATH"
            raise UsageError(f"Fabric's {_listed(absent)} not {place}.", hint=HOW_TO_GET)
        return cls(**{name: path for name, path in found.items() if path is not None})

    def version(self) -> str:
        """Return the version of the release, such as ``3.1.5``.

        Raises
        ------
        UsageError
            If peer or orderer do not tell, or are of different versions.
        """
        versions = {name: _version_of(path) for name, path in (("peer", self.peer), ("orderer", self.orderer))}
        if len(set(versions.values())) != 1:
            told = " and ".join(f"{name} {version}" for name, version in versions.items())
            raise UsageError(f"Fabric's programs are of different versions: {told}.", hint=HOW_TO_GET)
        return versions["peer"]

    def require(self, wanted: str) -> None:
        """Accept programs of the version, such as ``3.1``, that a topology asks for.

        Raises
        ------
        UsageError
            If they are of another.
        """
        version = self.version()
        if version.split(".")[:2] != wanted.split("."):
            raise UsageError(
                f"The topology asks for Fabric {wanted}, and the programs in {self.peer.parent} are {version}.",
                hint=f'Set fabric_version = "{".".join(version.split(".")[:2])}" in a new topology, or name another '
                f"release's bin folder in {VARIABLE} or --fabric-bin.",
            )


def _find(name: str, directory: Path | None) -> Path | None:
    if directory is None:
        on_path = shutil.which(name)
        return Path(on_path).absolute() if on_path else None
    path = directory.absolute() / name
    return path if is_program(path) else None


def _listed(names: list[str]) -> str:
    return f"{names[0]} is" if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]} are"


def _version_of(program: Path) -> str:
    try:
        said = subprocess.run(  # noqa: S603 - a program that the user named or has on PATH
            [str(program), "version"], capture_output=True, text=True, check=False, timeout=_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"{program} cannot be run.", hint=HOW_TO_GET, cause=error) from error
    found = _VERSION.search(said.stdout + said.stderr)
    if found is None:
        raise UsageError(f"{program} does not tell its version: is it Fabric's?", hint=HOW_TO_GET)
    return f"{found[1]}.{found[2]}{found[3]}"
