"""A channel's first configuration: what ``configtxgen`` makes the genesis block from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from network.topology import Batch, Topology

PROFILE: Final = "Quorate"
ABSOLUTE_MAX_BYTES: Final = 99 << 20
"""The largest transaction that orderers take: what fits a message of 100 MB."""

_APPLICATION: Final = "V2_5"
_CHANNEL: Final = {"3.1": "V3_0", "2.5": "V2_0"}
_ORDERER: Final = "V2_0"
# Elections within about two seconds; Fabric's own settings take ten, and everything here is on one machine.
_RAFT: Final = {
    "TickInterval": "100ms",
    "ElectionTick": 10,
    "HeartbeatTick": 1,
    "MaxInflightBlocks": 5,
    "SnapshotIntervalSize": "16 MB",
}
_SMARTBFT: Final = {
    "RequestForwardTimeout": "2s",
    "RequestComplainTimeout": "5s",
    "RequestAutoRemoveTimeout": "3m",
    "ViewChangeResendInterval": "2s",
    "ViewChangeTimeout": "10s",
    "LeaderHeartbeatTimeout": "10s",
    "LeaderHeartbeatCount": 10,
    "CollectTimeout": "1s",
    "IncomingMessageBufferSize": 200,
    "RequestPoolSize": 100_000,
}


@dataclass(frozen=True, kw_only=True)
class ChannelMember:
    """An organisation as the channel's configuration has it; `anchor` is where other members' peers find its first."""

    msp_id: str
    msp: Path
    anchor: tuple[str, int] | None = None


@dataclass(frozen=True, kw_only=True)
class Consenter:
    """One orderer node as the channel's configuration has it."""

    host: str
    port: int
    identity: Path
    tls: Path

    @property
    def endpoint(self) -> str:
        """Where clients and peers find it."""
        return f"{self.host}:{self.port}"


def configtx(
    topology: Topology,
    members: Sequence[ChannelMember],
    orderer: ChannelMember,
    consenters: Sequence[Consenter],
) -> str:
    """Return ``configtx.yaml``, with one profile that is named `PROFILE`.

    Anchor peers and each orderer's endpoint are in it from the beginning: without anchors no member's peer would find
    another's to endorse with, and with channel capability V3_0 there are no endpoints for all organisations together.
    """
    profile = {
        "Capabilities": {_CHANNEL[topology.fabric_version]: True},
        "Policies": _policies(),
        "Orderer": {
            **_consensus(topology, orderer, consenters),
            "BatchTimeout": f"{topology.batch.timeout_ms}ms",
            "BatchSize": _batch_size(topology.batch),
            "Organizations": [_organisation(orderer) | {"OrdererEndpoints": [one.endpoint for one in consenters]}],
            "Capabilities": {_ORDERER: True},
            "Policies": _policies(BlockValidation="ANY Writers"),
        },
        "Application": {
            "Organizations": [_member(one) for one in members],
            "Capabilities": {_APPLICATION: True},
            "Policies": _policies(Endorsement="MAJORITY Endorsement", LifecycleEndorsement="MAJORITY Endorsement"),
        },
    }
    return yaml.safe_dump({"Profiles": {PROFILE: profile}}, sort_keys=False)


def _consensus(topology: Topology, orderer: ChannelMember, consenters: Sequence[Consenter]) -> dict[str, object]:
    nodes: list[dict[str, object]] = [
        {"Host": one.host, "Port": one.port, "ClientTLSCert": str(one.tls), "ServerTLSCert": str(one.tls)}
        for one in consenters
    ]
    if topology.consensus == "raft":
        return {"OrdererType": "etcdraft", "EtcdRaft": {"Consenters": nodes, "Options": _RAFT}}
    mapping = [
        {"ID": number, "MSPID": orderer.msp_id, "Identity": str(one.identity), **node}
        for number, (one, node) in enumerate(zip(consenters, nodes, strict=True), start=1)
    ]
    batch = {
        # It cuts its batches by these, and not by the channel's batch time-out.
        "RequestBatchMaxInterval": f"{topology.batch.timeout_ms}ms",
        "RequestBatchMaxCount": topology.batch.max_count,
        "RequestBatchMaxBytes": ABSOLUTE_MAX_BYTES,
    }
    return {"OrdererType": "BFT", "ConsenterMapping": mapping, "SmartBFT": {**_SMARTBFT, **batch}}


def _batch_size(batch: Batch) -> dict[str, int]:
    return {
        "MaxMessageCount": batch.max_count,
        "AbsoluteMaxBytes": ABSOLUTE_MAX_BYTES,
        "PreferredMaxBytes": batch.max_bytes,
    }


def _member(member: ChannelMember) -> dict[str, object]:
    anchors = [{"Host": member.anchor[0], "Port": member.anchor[1]}] if member.anchor else []
    return _organisation(member, Endorsement="peer") | {"AnchorPeers": anchors}


def _organisation(member: ChannelMember, **further: str) -> dict[str, object]:
    roles = {"Readers": "member", "Writers": "member", "Admins": "admin", **further}
    policies = {name: _signed(f"OR('{member.msp_id}.{role}')") for name, role in roles.items()}
    return {"Name": member.msp_id, "ID": member.msp_id, "MSPDir": str(member.msp), "Policies": policies}


def _policies(**further: str) -> dict[str, Mapping[str, str]]:
    rules = {"Readers": "ANY Readers", "Writers": "ANY Writers", "Admins": "MAJORITY Admins", **further}
    return {name: {"Type": "ImplicitMeta", "Rule": rule} for name, rule in rules.items()}


def _signed(rule: str) -> Mapping[str, str]:
    return {"Type": "Signature", "Rule": rule}
