"""The ledgers that these tests walk on."""

import pytest

from network.home import NetworkHome
from network.topology import Topology


@pytest.fixture(scope="module")
def network(tmp_path_factory, fabric_engine):
    """A ledger of four members, without a consortium yet."""
    running = fabric_engine.start(
        NetworkHome(tmp_path_factory.mktemp("network")),
        Topology.for_members(["Alder", "Birch", "Cedar", "Elm"]),
        dies_with_parent=True,
    )
    try:
        yield running.connection
    finally:
        running.stop()


def pytest_collection_modifyitems(items):
    """Whoever uses an engine needs the program built first that it runs."""
    for item in items:
        engine = item.callspec.params.get("fabric_engine") if hasattr(item, "callspec") else None
        if engine is not None:
            needed = "embedded_program" if engine == "embedded" else "chaincode_program"
            item.fixturenames[:0] = [name for name in [needed] if name not in item.fixturenames]
