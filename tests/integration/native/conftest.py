import asyncio
import os
import time
from pathlib import Path

import pytest

from gateway.fabric import GatewayError
from network.consortium import found_at_once, open_contract
from network.engine import Engine, driver
from network.home import NetworkHome
from network.identity import Role
from network.process_node import stop_recorded
from network.topology import Topology
from quorate.errors import TimedOutError
from quorate.records.common import make
from quorate.records.consortium import Get


@pytest.fixture(scope="session")
def native(chaincode_program):  # noqa: ARG001 - it must be built
    """The native engine with the programs of Fabric 3.1, if they are here."""
    found = driver(Engine.NATIVE)
    if (missing := found.missing()) is not None:
        pytest.skip(f"needs Fabric's programs: {missing}")
    return found


@pytest.fixture(scope="session")
def native_2_5(chaincode_program):  # noqa: ARG001 - it must be built
    """The native engine with the programs of Fabric 2.5, if somebody named them."""
    named = os.environ.get("QUORATE_FABRIC_BIN_2_5")
    if not named:
        pytest.skip("needs the folder of Fabric 2.5's programs in QUORATE_FABRIC_BIN_2_5")
    found = driver(Engine.NATIVE, fabric_bin=Path(named))
    if (missing := found.missing()) is not None:
        pytest.skip(f"needs Fabric 2.5's programs: {missing}")
    return found


@pytest.fixture
def home(tmp_path):
    home = NetworkHome(tmp_path / "network")
    yield home
    stop_recorded(home.nodes.glob("*/node.pid"), grace_s=1.0)


@pytest.fixture
def start(home):
    networks = []

    def start_(engine, topology, **options):
        networks.append(engine.start(home, topology, dies_with_parent=True, **options))
        return networks[-1]

    yield start_
    for network in networks:
        network.stop()


def topology(*members, **changes):
    """Members alone, or with other keys of the file."""
    plain = Topology.for_members(members).model_dump(by_alias=True)
    return Topology.model_validate(plain | changes)


def found_in_the_end(connection):
    """Found the consortium though a node has just failed or returned: members and orderers find each other anew.

    Founding twice changes nothing, so whatever was lost on the way is simply asked for again.
    """
    return in_the_end(lambda: found_at_once(connection, timeout_s=10), within_s=60)


def in_the_end(do, *, within_s):
    """Do what may be done twice until it succeeds."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            return do()
        except (GatewayError, TimedOutError):
            if time.monotonic() > deadline:
                raise


def title(connection, organisation=0):
    """What the consortium is called, read by one organisation at its own peer."""

    async def ask():
        member = connection.organisations[organisation]
        async with open_contract(connection, member, Role.OFFICER) as contract:
            return await contract.evaluate("consortium:Get", make(Get).encode())

    return asyncio.run(ask())
