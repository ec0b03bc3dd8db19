"""What the embedded network's program reads and what it answers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from network.identity import KeyPair, OrdererPaths, OrganisationPaths
from network.process_node import ProcessNode
from network.topology import Node, Organisation, Topology
from quorate.errors import DefectError


def embedded_config(
    topology: Topology,
    organisations: dict[str, OrganisationPaths],
    orderer: OrdererPaths,
    services: Mapping[str, ProcessNode] | None = None,
) -> dict[str, object]:
    """Return the program's configuration.

    Parameters
    ----------
    topology : Topology
        What the network shall be.
    organisations : dict of str to OrganisationPaths
        Certificates and keys of every member, by name.
    orderer : OrdererPaths
        Certificates and keys of the ordering organisation.
    services : mapping of str to ProcessNode, optional
        Chaincode processes by name of the organisation, to be used instead of the chaincode inside the program.
    """
    return {
        "schema": "quorate.embedded/1",
        "fabric_version": topology.fabric_version,
        "channel": topology.channel,
        "chaincode": topology.chaincode,
        "chaincode_version": topology.chaincode_version,
        "batch": topology.batch.model_dump(),
        "client_auth": True,
        "organisations": [
            {
                **_node(member, organisations[member.name]),
                "peer": _pair(organisations[member.name].peer),
                "tls": _pair(organisations[member.name].peer_tls),
                "clock_offset_ms": member.clock_offset_ms,
                "lag_blocks": member.lag_blocks,
                **_service(member, organisations[member.name], services or {}),
            }
            for member in topology.organisations
        ],
        "orderer": {
            **_node(topology.orderer, orderer),
            "node": _pair(orderer.node),
            "tls": _pair(orderer.node_tls),
        },
    }


def _service(
    member: Organisation, paths: OrganisationPaths, services: Mapping[str, ProcessNode]
) -> dict[str, str | None]:
    if member.name not in services:
        return {}
    return {"chaincode_address": services[member.name].address, "chaincode_tls_ca": str(paths.tls_ca.cert)}


def notice_of(ready: "Ready", topology: Topology) -> str:
    """Return what people should know about a network that is ready: the program's notice, and what it left out."""
    left_out = [
        words
        for words, is_left_out in (
            ("one peer per organisation", any(member.peers > 1 for member in topology.organisations)),
            ("one orderer", topology.orderer.nodes > 1),
            ("no consensus protocol", topology.consensus != "raft"),
            ("certificates of the development CA", topology.ca != "development"),
        )
        if is_left_out
    ]
    if not left_out:
        return ready.notice
    return f"{ready.notice} Whatever the topology says, this engine has {', '.join(left_out)}."


class Ready(BaseModel):
    """The line that the program prints when every port answers."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    schema_: Annotated[Literal["quorate.embedded.ready/1"], Field(alias="schema")]
    channel: str
    genesis: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
    height: Annotated[int, Field(ge=1)]
    peers: dict[str, str]
    orderer: str
    notice: str

    @classmethod
    def parse(cls, line: str, topology: Topology) -> Self:
        """Return what the line says.

        Raises
        ------
        DefectError
            If it is not such a line, as happens when program and package are of different versions, or does not tell of
            this topology.
        """
        try:
            ready = cls.model_validate_json(line)
        except ValidationError as error:
            raise _misunderstanding(f"something that this version does not know: {line[:200]!r}", error) from error
        if ready.channel != topology.channel:
            raise _misunderstanding(f"that it serves the channel {ready.channel!r}")
        if ready.peers.keys() != {member.msp_id for member in topology.organisations}:
            raise _misunderstanding(f"that it has peers of {', '.join(ready.peers) or 'nobody'}")
        return ready


def _misunderstanding(what: str, cause: Exception | None = None) -> DefectError:
    return DefectError(
        f"The embedded network's program said {what}.",
        hint="Build it anew (make setup), so that it is of the same version as the Python package.",
        cause=cause,
    )


def _node(node: Node, paths: OrganisationPaths | OrdererPaths) -> dict[str, object]:
    return {
        "name": node.name,
        "msp_id": node.msp_id,
        "ca": str(paths.ca.cert),
        "tls_ca": str(paths.tls_ca.cert),
        "admin": _pair(paths.admin),
        "listen": f"127.0.0.1:{node.port}",
    }


def _pair(pair: KeyPair) -> dict[str, Path | str]:
    return {"cert": str(pair.cert), "key": str(pair.key)}
