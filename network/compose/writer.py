"""A Compose project on disk: its compose files, and the `.env` that fills in what they leave open."""

import json
import os
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final

import yaml

from network.compose.docker import docker
from network.compose.env import variable, write_env
from network.compose.files import compose_file
from network.compose.images import Images
from network.compose.plan import port_numbers
from network.compose.project import (
    BASE_FILE,
    CA_FILE,
    ENV_FILE,
    MEMBERS_FILE,
    ORDERER_FILES,
    Project,
    ca_project_of,
    project_of,
)
from network.engine import ChaincodeProgram
from network.fabric.plan import Plan
from quorate.errors import UsageError

_HEADER: Final = "# Written by `quorate network up`. What it leaves open is in .env.\n"


def write_project(
    plan: Plan, images: Images, package_ids: Mapping[str, str], chaincode: ChaincodeProgram | None = None
) -> Project:
    """Write a network's Compose project, anew, and return it.

    Parameters
    ----------
    plan : Plan
        The network.
    images : Images
        What its containers are made of.
    package_ids : mapping of str to str
        What each organisation's peers call the chaincode, by the organisation's name.
    chaincode : ChaincodeProgram, optional
        A program of this machine that runs in the chaincode's containers instead of what their image has.
    """
    project = project_of(plan.home, plan.topology)
    members = compose_file(plan, (*plan.peers, *plan.chaincodes), chaincode)
    _write(project.directory / MEMBERS_FILE, members)
    _write(project.directory / ORDERER_FILES[plan.topology.consensus], compose_file(plan, plan.orderers))
    ids = {variable("CHAINCODE_ID", name): package_id for name, package_id in package_ids.items()}
    _write_common(plan, images, project, ids)
    return project


def write_ca_project(plan: Plan, images: Images) -> Project:
    """Write what of a network's Compose project its CAs need, and return the project with nothing but them."""
    project = ca_project_of(plan.home, plan.topology)
    _write(project.directory / CA_FILE, compose_file(plan, plan.authorities))
    _write_common(plan, images, project, {})
    return project


def _write_common(plan: Plan, images: Images, project: Project, values: Mapping[str, str]) -> None:
    base = resources.files("network.compose").joinpath(BASE_FILE).read_text(encoding="utf-8")
    (project.directory / BASE_FILE).write_text(base, encoding="utf-8")
    write_env(
        project.directory / ENV_FILE,
        {
            "NET_DIR": str(plan.home.directory),
            "NODE_USER": node_user(),
            **images.names,
            **{variable("PORT", name): str(port) for name, port in port_numbers(plan).items()},
            **values,
        },
    )


def node_user() -> str:
    """Return the account that containers run as: ours, so that they can read what we wrote, and we what they write.

    Raises
    ------
    UsageError
        If the daemon gives containers accounts of other numbers, which is none of ours.
    """
    options = json.loads(docker("info", "--format", "{{json .SecurityOptions}}")) or []
    kinds = {str(option).partition(",")[0] for option in options}
    if "name=userns" in kinds:
        raise UsageError(
            "Docker's daemon remaps accounts (userns-remap), so containers could not read their keys.",
            hint="Use a daemon that does not, a rootless one, or another engine.",
        )
    if "name=rootless" in kinds:
        return "0:0"  # which is our account, outside of the container
    return f"{os.getuid()}:{os.getgid()}"


def _write(path: Path, document: Mapping[str, Any]) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_text(_HEADER + yaml.safe_dump(dict(document), sort_keys=False), encoding="utf-8")
