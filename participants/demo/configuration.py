"""The configuration files of every member's gateway, agent and people, written as an operator would write them."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

import tomli_w

from network.identity import Role
from quorate.identifiers import DatasetId

if TYPE_CHECKING:
    from pathlib import Path

    from network.connection import OrganisationConnection
    from participants.data.bindings import DataBinding
    from participants.demo.workspace import MemberPlace

DATASET: Final = DatasetId("records")
"""What every member of the demo calls its data set."""


def write_gateway(
    place: MemberPlace, organisation: OrganisationConnection, *, port: int, channel: str, chaincode: str
) -> None:
    """Write a member's ``gateway.toml``."""
    paths = organisation.paths
    _write(
        place.gateway_config,
        {
            "msp_id": organisation.msp_id,
            "listen": f"127.0.0.1:{port}",
            "state": str(place.state("gateway")),
            "channel": channel,
            "chaincode": chaincode,
            "peer": {
                "endpoint": organisation.address,
                "tls_ca": str(organisation.tls_ca),
                "server_name": organisation.server_name,
            },
            "identity": _pair(paths.identity(Role.AGGREGATOR)),
            # So that the evidence can hold the updates, and a verifier recompute every aggregate.
            "retention": {"updates_until": "days"},
            "tls": {
                **_pair(paths.gateway_tls),
                "client_certificate": str(paths.gateway_client.cert),
                "client_key": str(paths.gateway_client.key),
                "ca": str(paths.tls_ca.cert),
            },
        },
    )


def write_agent(
    place: MemberPlace,
    organisation: OrganisationConnection,
    *,
    gateway: str,
    binding: DataBinding,
    channel: str,
    chaincode: str,
) -> None:
    """Write a member's ``agent.toml``."""
    paths = organisation.paths
    _write(
        place.agent_config,
        {
            "msp_id": organisation.msp_id,
            "state": str(place.state("agent")),
            "plans": str(place.plans),
            "channel": channel,
            "chaincode": chaincode,
            "gateway": {
                "endpoint": gateway,
                "tls_ca": str(paths.tls_ca.cert),
                "client_certificate": str(paths.agent_tls.cert),
                "client_key": str(paths.agent_tls.key),
            },
            "identity": _pair(paths.identity(Role.AGENT)),
            "datasets": [{"id": DATASET, "binding": binding.model_dump(mode="json", exclude_none=True)}],
        },
    )


def write_profiles(
    place: MemberPlace, organisation: OrganisationConnection, *, gateway: str, channel: str, chaincode: str
) -> None:
    """Write a profile for each of a member's roles."""
    paths = organisation.paths
    place.profile("").parent.mkdir(mode=0o700, exist_ok=True)
    for role in Role:
        _write(
            place.profile(role),
            {
                "msp_id": organisation.msp_id,
                "gateway": gateway,
                "tls_ca": str(paths.tls_ca.cert),
                "tls_certificate": str(paths.agent_tls.cert),
                "tls_key": str(paths.agent_tls.key),
                **_pair(paths.identity(role)),
                "relay_certificate": str(paths.gateway_client.cert),
                "channel": channel,
                "chaincode": chaincode,
            },
        )


def fingerprint_key(place: MemberPlace) -> Path:
    """Return the file of a member's fingerprint key, made if need be."""
    path = place.directory / "fingerprint.key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(secrets.token_bytes(32))
    return path


def _pair(pair: Any) -> dict[str, str]:  # noqa: ANN401 - a KeyPair of network.identity
    return {"certificate": str(pair.cert), "key": str(pair.key)}


def _write(path: Path, document: dict[str, Any]) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_text(tomli_w.dumps(document), encoding="utf-8")
    part.replace(path)
