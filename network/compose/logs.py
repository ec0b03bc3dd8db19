"""The logs of containers: docker keeps them, and a copy lies where every engine's logs lie."""

import codecs
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from network.compose.docker import DockerError
from quorate.errors import TimedOutError

_COPY_TIMEOUT_S = 60.0
_CHUNK = 64 * 1024


def copy_log(container: str, path: Path) -> None:
    """Write all that a container has said, to both of its outputs, to a file; what the file held is replaced.

    Raises
    ------
    DockerError
        If docker does not give the log.
    TimedOutError
        If it does not give it in time.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("wb") as file:
        try:
            done = subprocess.run(  # noqa: S603 - docker of the PATH, and the id of a container
                ["docker", "logs", container],  # noqa: S607 - the docker that people use
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                timeout=_COPY_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise TimedOutError(f"The log of container {container[:12]} did not come in time.", cause=error) from error
    if done.returncode != 0:
        temporary.unlink()
        raise DockerError(f"Docker has no log of container {container[:12]}.")
    temporary.replace(path)


def follow(container: str) -> Iterator[str]:
    """Yield what a container has said and goes on to say, until it ends."""
    text = codecs.getincrementaldecoder("utf-8")("replace")
    with subprocess.Popen(  # noqa: S603 - docker of the PATH, and the id of a container
        ["docker", "logs", "--follow", container],  # noqa: S607 - the docker that people use
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            while process.stdout is not None and (piece := os.read(process.stdout.fileno(), _CHUNK)):
                yield text.decode(piece)
        finally:
            process.kill()
