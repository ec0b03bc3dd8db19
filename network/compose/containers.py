"""How the containers of a Compose project are found."""

import json
from dataclasses import dataclass
from typing import Any, Self

from network.compose.docker import DockerError, docker
from network.status import State

_PROJECT_LABEL = "com.docker.compose.project"
_SERVICE_LABEL = "com.docker.compose.service"


@dataclass(frozen=True, kw_only=True)
class Container:
    """One container as the daemon describes it.

    Attributes
    ----------
    id : str
        Its id.
    service : str
        The service of the compose file that it runs.
    status : str
        Docker's word: created, running, paused, restarting, removing, exited or dead.
    health : str
        Docker's word: starting, healthy or unhealthy; empty if it has no health check.
    pid : int or None
        Its first process on the daemon's machine, while it runs.
    image : str
        The image it was made of.
    """

    id: str
    service: str
    status: str
    health: str
    pid: int | None
    image: str

    @classmethod
    def parse(cls, document: dict[str, Any]) -> Self:
        """Return what ``docker inspect`` says of a container."""
        state, config = document["State"], document["Config"]
        return cls(
            id=document["Id"],
            service=config["Labels"].get(_SERVICE_LABEL, ""),
            status=state["Status"],
            health=(state.get("Health") or {}).get("Status", ""),
            pid=state.get("Pid") or None,
            image=config["Image"],
        )

    @property
    def runs(self) -> bool:
        """Whether it runs, paused or not."""
        return self.status in {"running", "paused"}

    @property
    def state(self) -> State:
        """How it is, in the words of ``quorate network status``."""
        if not self.runs:
            return State.CRASHED
        return State.RUNNING if self.status == "running" and self.health in {"healthy", ""} else State.SILENT


def containers_of(project: str) -> dict[str, Container]:
    """Return the containers of a project, whatever their state, by their services."""
    try:
        found = _inspect(project)
    except DockerError:  # one of them was removed between the two questions
        found = _inspect(project)
    return {container.service: container for container in found}


def _inspect(project: str) -> list[Container]:
    label = f"label={_PROJECT_LABEL}={project}"
    ids = docker("ps", "--all", "--quiet", "--no-trunc", "--filter", label).split()
    return [Container.parse(document) for document in json.loads(docker("inspect", *ids))] if ids else []
