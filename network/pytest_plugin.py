"""pytest fixtures that run tests against a real ledger. Loaded by every pytest run of whoever has Quorate installed.

So importing it must cost nothing, and it imports the rest only when a test asks for a network.
"""

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from network.connection import Connection
    from network.consortium import Consortium
    from network.engine import Driver

_ENGINES = ("embedded", "native", "compose")
_MEMBERS = ("Alder", "Birch", "Chestnut", "Elm")
_FOUNDING_TIMEOUT_S = 120.0
_MISSING = pytest.StashKey[dict[str, str | None]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--fabric-engine``."""
    parser.getgroup("quorate").addoption(
        "--fabric-engine",
        choices=(*_ENGINES, "all"),
        default="embedded",
        help="what the fixtures fabric_network and consortium run on; 'all' is every engine that can run here "
        "(default: embedded)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse an engine that was asked for and cannot run here, before any test is collected."""
    engine = config.getoption("--fabric-engine")
    if engine not in {"embedded", "all"} and (missing := _missing(engine)) is not None:
        raise pytest.UsageError(f"--fabric-engine {engine}: {missing}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests that use a network once for each engine asked for, and show its name in theirs."""
    if "fabric_engine" in metafunc.fixturenames:
        metafunc.parametrize("fabric_engine", _running_engines(metafunc.config), indirect=True, scope="session")


def pytest_report_collectionfinish(config: pytest.Config, items: "Sequence[pytest.Item]") -> list[str]:
    """Say which engines the tests run on, and why the others do not, if any test uses one."""
    if not any("fabric_engine" in getattr(item, "fixturenames", ()) for item in items):
        return []
    return [f"fabric engine {engine}: {why_not(config, engine) or 'runs'}" for engine in _ENGINES]


def _running_engines(config: pytest.Config) -> list[str]:
    return [engine for engine in _ENGINES if why_not(config, engine) is None]


def why_not(config: pytest.Config, engine: str) -> str | None:
    """Return None if tests run on an engine, else why they do not."""
    # What is missing is looked for once: it may ask a program for its version.
    chosen = config.getoption("--fabric-engine")
    if chosen not in {engine, "all"}:
        return f"not asked for (--fabric-engine {chosen})"
    if chosen == "embedded":
        return None
    found = config.stash.setdefault(_MISSING, {})
    if engine not in found:
        found[engine] = _missing(engine)
    missing = found[engine]
    return None if missing is None else f"does not run: {missing}"


def _missing(engine: str) -> str | None:
    from network.engine import Engine, driver  # noqa: PLC0415 - see above
    from quorate.errors import UsageError  # noqa: PLC0415 - see above

    try:
        return driver(Engine(engine)).missing()
    except UsageError as error:
        return str(error)


@pytest.fixture(scope="session")
def fabric_engine(request: pytest.FixtureRequest) -> "Driver":
    """Return the engine that the test runs on: what starts networks, for tests that need one of their own."""
    from network.engine import Engine, driver  # noqa: PLC0415 - see above

    return driver(Engine(request.param))


@pytest.fixture(scope="session")
def fabric_network(fabric_engine: "Driver", tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Connection]":
    """Run a network of four organisations for the whole session; the value says how to connect.

    Its ledger is empty at first, and tests share it: use names of your own.
    """
    with _running(fabric_engine, tmp_path_factory.mktemp("fabric")) as connection:
        yield connection


@pytest.fixture(scope="session")
def consortium(fabric_engine: "Driver", tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Consortium]":
    """Found a consortium of four organisations, with identities for every role, on a network of its own.

    Tests share it for the whole session: use names of your own.
    """
    from network.consortium import found_at_once  # noqa: PLC0415 - see above

    with _running(fabric_engine, tmp_path_factory.mktemp("consortium")) as connection:
        yield found_at_once(connection, timeout_s=_FOUNDING_TIMEOUT_S)


@contextmanager
def _running(engine: "Driver", directory: "Path") -> "Iterator[Connection]":
    from network.home import NetworkHome  # noqa: PLC0415 - see above
    from network.topology import Topology  # noqa: PLC0415 - see above

    home, topology = NetworkHome(directory), Topology.for_members(_MEMBERS)
    network = engine.start(home, topology, dies_with_parent=True)
    try:
        yield network.connection
    finally:
        network.stop()
