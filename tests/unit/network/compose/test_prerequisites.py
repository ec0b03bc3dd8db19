import json

import pytest

from network.compose.images import Images
from network.compose.prerequisites import missing
from network.topology import Topology

IMAGES = Images.of(Topology.for_members(["Alder"]), {"QUORATE_CHAINCODE_IMAGE": "quorate/chaincode:1"})


def image(version, digests=()):
    document = [{"RepoDigests": digests, "Config": {"Env": ["PATH=/bin", f"FABRIC_VER={version}"]}}]
    return "image inspect", (0, json.dumps(document), "")


VERSION, COMPOSE = ("version --format", (0, "28.2.2\n", "")), ("compose version", (0, "2.40.3\n", ""))


def test_names_a_client_that_is_absent(empty_path):
    assert list(empty_path.iterdir()) == []
    assert missing(IMAGES) == "There is no program docker on PATH: install Docker (docs.docker.com/engine/install)."


def test_names_a_daemon_that_is_out_of_reach(fake_docker):
    refused = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n"
    fake_docker.answers([("version --format", (1, "\n", refused)), COMPOSE])
    assert missing(IMAGES) == (
        "Docker's daemon cannot be reached: start it, or name another in DOCKER_HOST. It says: " + refused.strip()
    )


def test_names_a_compose_plugin_that_is_absent(fake_docker):
    fake_docker.answers([("compose version", (1, "", "docker: 'compose' is not a docker command.")), VERSION])
    assert missing(IMAGES) == (
        "Docker has no Compose plugin: install the plugin docker-compose (docs.docker.com/compose/install)."
    )


@pytest.mark.parametrize("version", ["1.29.2", "2.19.9", "v2.6.0", "odd"])
def test_names_a_compose_plugin_that_is_too_old(fake_docker, version):
    fake_docker.answers([("compose version", (0, f"{version}\n", "")), VERSION])
    assert missing(IMAGES) == (
        f"Docker's Compose plugin is of version {version}, and 2.20 is needed: "
        "install the plugin docker-compose (docs.docker.com/compose/install)."
    )


@pytest.mark.parametrize("version", ["2.20.0", "2.40.3-desktop.1", "v5.6.0"])
def test_takes_compose_plugins_that_are_new_enough(fake_docker, version):
    fake_docker.answers([("compose version", (0, f"{version}\n", "")), VERSION, image("3.1.5")])
    assert missing(IMAGES) is None


def test_names_images_that_are_absent_and_pulls_none(fake_docker):
    have = ("image inspect hyperledger/fabric-orderer:3.1.5", image("3.1.5")[1])
    fake_docker.answers([COMPOSE, VERSION, have, ("image inspect", (1, "[]", "No such image"))])
    assert missing(IMAGES) == (
        "Docker has no image hyperledger/fabric-peer:3.1.5, quorate/chaincode:1, and none is pulled without being "
        "asked for: docker pull hyperledger/fabric-peer:3.1.5; bash scripts/images.sh (in Quorate's sources)."
    )
    assert not any({"pull", "build"} & set(call) for call in fake_docker.calls)


@pytest.mark.parametrize(
    ("name", "digests", "official"),
    [
        ("hyperledger/fabric-peer:3.1.5", ["hyperledger/fabric-peer@sha256:00"], True),
        ("ghcr.io/hyperledger/fabric-peer:3.1", ["ghcr.io/hyperledger/fabric-peer@sha256:00"], True),
        ("hyperledger/fabric-peer:3.1.5", [], False),
        ("hyperledger/fabric-peer:3.1.5", None, False),
        ("mirror.example/fabric-peer:3.1.5", ["mirror.example/fabric-peer@sha256:00"], False),
    ],
)
def test_says_whether_images_are_the_official_ones(fake_docker, name, digests, official):
    fake_docker.answers([(f"image inspect {name}", image("3.1.5", digests)[1])])
    images = Images({"FABRIC_PEER_IMAGE": name}, "3.1")
    assert images.unofficial() == ([] if official else [name])
    said = "Fabric's images are the official ones." if official else f"These are not the official images: {name}."
    assert images.notice() == said


@pytest.mark.parametrize("version", ["2.5.16", "3.10.0", "3"])
def test_names_images_of_another_version_of_fabric(fake_docker, version):
    fake_docker.answers([COMPOSE, VERSION, image(version)])
    assert missing(IMAGES) == (
        "The topology asks for Fabric 3.1: "
        f"hyperledger/fabric-peer:3.1.5 is of Fabric {version}, "
        f"hyperledger/fabric-orderer:3.1.5 is of Fabric {version}."
    )
