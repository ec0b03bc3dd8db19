"""Fabric's own clients as processes that answer requests line by line; `official/` holds them with their lock files."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, Self

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_SOURCES: Final = Path(__file__).parent / "official"
_ANSWER_SECONDS: Final = 150.0
_BUILD_SECONDS: Final = 600.0
# What a registry that cannot be reached looks like; anything else that fails is a defect of the test.
_UNREACHABLE: Final = re.compile(
    r"ENOTFOUND|ECONNREFUSED|ETIMEDOUT|ECONNRESET|EAI_AGAIN|ENETUNREACH|dial tcp|i/o timeout|no such host|"
    r"module lookup disabled|connection refused|Could not transfer artifact|Unknown host"
)


@dataclass(frozen=True)
class Program:
    """One of the clients, ready to run."""

    name: str
    command: tuple[str, ...]


class RefusedError(Exception):
    """What the official client raised."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__(f"{told['kind']} {told['code']}: {told['message']}")
        self.kind: str = told["kind"]
        self.code: int = told["code"]
        self.message: str = told["message"]
        self.transaction: str = told["transaction"]
        self.details: list[dict[str, str]] = told["details"]


class OfficialClient:
    """A running client; calls are answered in turn."""

    def __init__(self, program: Program, settings: Path) -> None:
        self._process = subprocess.Popen(
            [*program.command, str(settings)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self._lines: Queue[bytes] = Queue()
        self._readers = [Thread(target=self._read), Thread(target=self._keep_errors)]
        self._errors = b""
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        for reader in self._readers:
            reader.join()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            pipe.close()
        self._process.wait(60)

    def __call__(self, op: str, **fields: object) -> dict[str, Any]:
        """Ask for one operation; `RefusedError` when the client raised."""
        asked = {"op": op} | {name: _plain(value) for name, value in fields.items()}
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        self._process.stdin.flush()
        try:
            line = self._lines.get(timeout=_ANSWER_SECONDS)
        except Empty:
            pytest.fail(f"no answer to {op}: {self._errors.decode()}")
        if not line:
            self._readers[1].join(_ANSWER_SECONDS)
            pytest.fail(f"the client ended: {self._errors.decode()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RefusedError(answer["error"])
        return answer

    def _read(self) -> None:
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(b"")

    def _keep_errors(self) -> None:
        self._errors = self._process.stderr.read()


def _plain(value: object) -> object:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def build(name: str, directory: Path) -> Program:
    """Make a client ready in a directory, or skip the test and say what is missing."""
    recipes: dict[str, Callable[[Path], Program]] = {"go": _build_go, "node": _build_node, "java": _build_java}
    return recipes[name](directory)


def _build_go(directory: Path) -> Program:
    go = _need("go", "Go 1.26")
    program = directory / "official"
    _run([go, "build", "-o", str(program), "."], _SOURCES / "go")
    return Program("go", (str(program),))


def _build_node(directory: Path) -> Program:
    node, npm = _need("node", "Node 20.9 or later"), _need("npm", "npm")
    version = subprocess.run([node, "--version"], capture_output=True, check=True, timeout=120, text=True).stdout
    if tuple(int(part) for part in version.strip().removeprefix("v").split(".")[:2]) < (20, 9):
        pytest.skip(f"the official Node client needs Node 20.9 or later, here is {version.strip()}")
    for source in (_SOURCES / "node").iterdir():
        if source.is_file():
            shutil.copy(source, directory)
    _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"], directory)
    return Program("node", (node, str(directory / "main.js")))


def _build_java(directory: Path) -> Program:
    java, mvn = _need("java", "Java 17 or later"), _need("mvn", "Maven")
    found = subprocess.run([java, "-version"], capture_output=True, check=True, timeout=120, text=True).stderr
    version = re.search(r'version "(\d+)', found)
    if version is None or int(version[1]) < 17:
        pytest.skip(f"the official Java client's test needs Java 17 or later, here is {found.splitlines()[0]}")
    project = directory / "java"
    shutil.copytree(_SOURCES / "java", project)
    _run([mvn, "-q", "-B", "compile"], project)
    classes = f"{project / 'target' / 'classes'}:{project / 'target' / 'lib'}/*"
    soon_there = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
    return Program("java", (java, *soon_there, "-cp", classes, "official.Main"))


def _need(program: str, what: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"needs {what}, which is not installed")
    return found


def _run(command: list[str], directory: Path) -> None:
    done = subprocess.run(command, cwd=directory, capture_output=True, check=False, timeout=_BUILD_SECONDS, text=True)
    said = done.stderr + done.stdout
    if done.returncode and _UNREACHABLE.search(said):
        pytest.skip(f"the packages of the official client cannot be fetched: {said.strip()[-300:]}")
    assert done.returncode == 0, said
