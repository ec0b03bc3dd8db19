"""What the container engine needs, and which of it is absent: asked in the order in which people can mend it."""

import re
import shutil
from typing import Final

from network.compose.docker import DockerError, docker
from network.compose.images import Images
from quorate.errors import QuorateError, TimedOutError

_OLDEST_COMPOSE: Final = (2, 20)
_VERSION = re.compile(r"v?(\d+)\.(\d+)")


def missing(images: Images) -> str | None:
    """Return None if containers of these images can be run here, else a sentence that names exactly what is missing.

    In this order: docker's client, its daemon, its Compose plugin, the images, their version. Nothing is ever pulled.
    """
    return _no_client() or _no_daemon() or _no_compose() or _no_images(images)


def _no_client() -> str | None:
    if shutil.which("docker"):
        return None
    return "There is no program docker on PATH: install Docker (docs.docker.com/engine/install)."


def _no_daemon() -> str | None:
    try:
        docker("version", "--format", "{{.Server.Version}}")
    except TimedOutError:
        return "Docker's daemon does not answer: see `docker info`."
    except DockerError as error:
        return f"Docker's daemon cannot be reached: start it, or name another in DOCKER_HOST. {_quoted(error)}"
    return None


def _no_compose() -> str | None:
    oldest = ".".join(map(str, _OLDEST_COMPOSE))
    install = "install the plugin docker-compose (docs.docker.com/compose/install)."
    try:
        found = docker("compose", "version", "--short").strip()
    except DockerError:
        return f"Docker has no Compose plugin: {install}"
    version = _VERSION.match(found)
    if version is None or (int(version[1]), int(version[2])) < _OLDEST_COMPOSE:
        return f"Docker's Compose plugin is of version {found[:40] or 'unknown'}, and {oldest} is needed: {install}"
    return None


def _no_images(images: Images) -> str | None:
    if not (absent := images.absent()):
        return _wrong_images(images)
    ours = [name for name in absent if name.startswith("quorate/")]
    ways = [f"docker pull {name}" for name in absent if name not in ours]
    ways += ["bash scripts/images.sh (in Quorate's sources)"] if ours else []
    return f"Docker has no image {', '.join(absent)}, and none is pulled without being asked for: {'; '.join(ways)}."


def _wrong_images(images: Images) -> str | None:
    if not (others := images.of_other_versions()):
        return None
    told = ", ".join(f"{name} is of Fabric {version}" for name, version in others.items())
    return f"The topology asks for Fabric {images.fabric_version}: {told}."


def _quoted(error: QuorateError) -> str:
    return f"It says: {error.message.rpartition(chr(10))[2][:300]}"
