"""Every situation on every engine at hand, against what real Fabric was seen to do."""

import pytest

from network.fabric.programs import FabricPrograms
from network.native import NativeDriver
from tests.parity import recordings, situations
from tests.parity.registry import SITUATIONS
from tests.parity.stage import build_chaincode, opened

situations.load()


@pytest.fixture(scope="session")
def parity_chaincode():
    program = build_chaincode()
    if not program.exists():
        pytest.skip("needs Go to build the chaincode of the parity suite")
    return program


@pytest.fixture(scope="session", params=recordings.releases())
def fabric_version(fabric_engine, request):
    """Return the release that the engine runs as: the embedded one as each that was recorded."""
    if isinstance(fabric_engine, NativeDriver):
        release = FabricPrograms.find(fabric_engine.fabric_bin).version()
        if not release.startswith(f"{request.param}."):
            pytest.skip(f"needs Fabric {request.param}: these programs are of {release}")
    return request.param


@pytest.fixture(scope="session")
def stage(fabric_engine, fabric_version, embedded_program, parity_chaincode, tmp_path_factory):
    assert embedded_program
    folder = tmp_path_factory.mktemp("parity")
    with opened(fabric_engine, folder, parity_chaincode, fabric_version=fabric_version) as opened_stage:
        yield opened_stage


@pytest.fixture(scope="session")
def recorded(fabric_version):
    return recordings.load(fabric_version)


@pytest.mark.parametrize("name", SITUATIONS)
def test_what_is_seen_is_what_real_fabric_shows(name, stage, recorded):
    assert stage.observe(name, SITUATIONS[name]) == recorded[name]


def test_every_situation_was_recorded():
    assert recordings.load(recordings.NEWEST).keys() == SITUATIONS.keys()
    for version in recordings.releases():
        assert recordings.load(version).keys() == SITUATIONS.keys()
