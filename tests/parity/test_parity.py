"""Every situation on every engine at hand, against what real Fabric was seen to do."""

from contextlib import ExitStack
from functools import cache

import pytest

from network.embedded_engine import EmbeddedDriver
from network.fabric.programs import FabricPrograms
from network.native import NativeDriver
from tests.parity import recordings, situations
from tests.parity.registry import SITUATIONS
from tests.parity.stage import build_chaincode, opened

situations.load()


@pytest.fixture(scope="session")
def stage_of(fabric_engine, embedded_program, tmp_path_factory):
    """Return what opens a network of a release, once for all tests."""
    if not isinstance(fabric_engine, EmbeddedDriver | NativeDriver):
        pytest.skip("needs an engine whose processes run on this machine: the suite's chaincode is in no image")
    assert embedded_program
    program = build_chaincode()
    if not program.exists():
        pytest.skip("needs Go, or the program parity-chaincode in build/")
    with ExitStack() as stack:

        @cache
        def stage_of(version):
            folder = tmp_path_factory.mktemp(f"parity-{version}")
            return stack.enter_context(opened(fabric_engine, folder, program, fabric_version=version))

        yield stage_of


@pytest.fixture(scope="session")
def version(fabric_engine):
    """Return the release that the engine is of: the newest recorded one, or that of the programs at hand."""
    if not isinstance(fabric_engine, NativeDriver):
        return recordings.NEWEST
    release = FabricPrograms.find(fabric_engine.fabric_bin).version()
    version = ".".join(release.split(".")[:2])
    if version not in recordings.releases():
        pytest.skip(f"needs observations of Fabric {release} (python -m tests.parity.record)")
    return version


@pytest.mark.parametrize("name", SITUATIONS)
def test_what_is_seen_is_what_real_fabric_shows(name, stage_of, version):
    assert stage_of(version).observe(name, SITUATIONS[name]) == recordings.load(version)[name]


@pytest.mark.parametrize(("older", "name"), recordings.differing())
def test_an_older_fabric_is_followed_where_it_differs(older, name, fabric_engine, stage_of):
    if not isinstance(fabric_engine, EmbeddedDriver):
        pytest.skip("needs the embedded engine, which can behave as any release")
    assert stage_of(older).observe(name, SITUATIONS[name]) == recordings.load(older)[name]


def test_every_situation_was_recorded():
    for version in recordings.releases():
        assert recordings.load(version).keys() == SITUATIONS.keys()
