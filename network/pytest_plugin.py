"""pytest fixtures that run tests against a real ledger. Loaded by every pytest run of whoever has Quorate installed.

So importing it must cost nothing, and it imports the rest only when a test asks for a network.
"""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from network.connection import Connection

_ENGINES = ("embedded", "native", "compose")
_MEMBERS = ("Alder", "Birch", "Cedar", "Elm")


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
    if "fabric_network" in metafunc.fixturenames:
        metafunc.parametrize("fabric_network", ["embedded"], indirect=True, scope="session")


@pytest.fixture(scope="session")
def fabric_network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Connection]":
    """Run a network of four organisations for the whole session; the value says how to connect.

    Its ledger is empty at first, and tests share it: use names of your own.
    """
    from network.embedded_engine import start  # noqa: PLC0415 - see above
    from network.home import NetworkHome  # noqa: PLC0415 - see above
    from network.topology import Topology  # noqa: PLC0415 - see above

    home = NetworkHome(tmp_path_factory.mktemp(f"fabric-{request.param}"))
    network = start(home, Topology.for_members(_MEMBERS), dies_with_parent=True)
    try:
        yield network.connection
    finally:
        network.stop()
