"""pytest fixtures that run tests against a real ledger. Loaded by every pytest run of whoever has Quorate installed.

So importing it must cost nothing, and it imports the rest only when a test asks for a network.
"""

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from network.connection import Connection
    from network.consortium import Consortium

_ENGINES = ("embedded", "native", "compose")
_MEMBERS = ("Alder", "Birch", "Cedar", "Elm")
_FOUNDING_TIMEOUT_S = 60.0


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--fabric-engine``."""
    parser.getgroup("quorate").addoption(
        "--fabric-engine",
        choices=(*_ENGINES, "all"),
        default="embedded",
        help="what the fixture fabric_network runs on; 'all' is every engine of this version (default: embedded)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse an engine that this version cannot run, before any test is collected."""
    engine = config.getoption("--fabric-engine")
    if engine not in {"embedded", "all"}:
        raise pytest.UsageError(f"--fabric-engine {engine}: this version of Quorate runs the embedded network only")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests that use a network once for each engine asked for, and show its name in theirs."""
    for fixture in ("fabric_network", "consortium"):
        if fixture in metafunc.fixturenames:
            metafunc.parametrize(fixture, ["embedded"], indirect=True, scope="session")


@pytest.fixture(scope="session")
def fabric_network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Connection]":
    """Run a network of four organisations for the whole session; the value says how to connect.

    Its ledger is empty at first, and tests share it: use names of your own.
    """
    with _running(tmp_path_factory.mktemp(f"fabric-{request.param}")) as connection:
        yield connection


@pytest.fixture(scope="session")
def consortium(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Consortium]":
    """Found a consortium of four organisations, with identities for every role, on a network of its own.

    Tests share it for the whole session: use names of your own.
    """
    from network.consortium import found_at_once  # noqa: PLC0415 - see above

    with _running(tmp_path_factory.mktemp(f"consortium-{request.param}")) as connection:
        yield found_at_once(connection, timeout_s=_FOUNDING_TIMEOUT_S)


@contextmanager
def _running(directory: "Path") -> "Iterator[Connection]":
    from network.embedded_engine import start  # noqa: PLC0415 - see above
    from network.home import NetworkHome  # noqa: PLC0415 - see above
    from network.topology import Topology  # noqa: PLC0415 - see above

    network = start(NetworkHome(directory), Topology.for_members(_MEMBERS), dies_with_parent=True)
    try:
        yield network.connection
    finally:
        network.stop()
