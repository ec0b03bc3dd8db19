"""A peer's settings: ``core.yaml``, complete, with what Fabric has no default for."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

import yaml

BUILDER: Final = "quorate-service"
_MAX_MESSAGE: Final = 100 * 1024 * 1024
_FILTERS: Final = {
    "3.1": ("DefaultAuth", "ExpirationCheck", "TimeWindowCheck"),
    "2.5": ("DefaultAuth", "ExpirationCheck"),
}


@dataclass(frozen=True, kw_only=True)
class PeerSettings:
    """What differs from peer to peer. Addresses are ``host:port``, paths as the peer sees them.

    Attributes
    ----------
    name, msp_id
        The peer and its organisation.
    listen, address
        Where it listens, and where other peers and clients find it.
    operations
        Where it tells of its health.
    siblings
        Other peers of the organisation, to begin with.
    msp, data, tls, tls_authorities
        Its local MSP, its ledger, the folder of its TLS certificate and key, and who issues clients' TLS certificates.
    builder
        The folder of the external builder whose ``bin`` holds detect, build and release.
    fabric_version, orderers_stand_in
        As of `network.topology.Topology`.
    """

    name: str
    msp_id: str
    listen: str
    address: str
    operations: str
    siblings: Sequence[str]
    msp: PurePath
    data: PurePath
    tls: PurePath
    tls_authorities: Sequence[PurePath]
    builder: PurePath
    fabric_version: str
    orderers_stand_in: bool


def core_yaml(peer: PeerSettings) -> str:
    """Return a peer's ``core.yaml``."""
    document = {
        "peer": {
            "id": peer.name,
            "networkId": "quorate",
            "listenAddress": peer.listen,
            "address": peer.address,
            # Nothing connects to it, since chaincode is a service; without it every peer would want port 7052.
            "chaincodeListenAddress": "127.0.0.1:0",
            "localMspId": peer.msp_id,
            "mspConfigPath": str(peer.msp),
            "fileSystemPath": str(peer.data),
            "BCCSP": {"Default": "SW", "SW": {"Hash": "SHA2", "Security": 256}},
            "tls": _tls(peer),
            "authentication": {"timewindow": "15m"},
            "maxRecvMsgSize": _MAX_MESSAGE,
            "maxSendMsgSize": _MAX_MESSAGE,
            "keepalive": _keepalive(peer),
            "gossip": _gossip(peer),
            # Peers find a restarted orderer within seconds and never give up on one.
            "deliveryclient": {"reconnectTotalTimeThreshold": "8760h", "reConnectBackoffThreshold": "2s"},
            "discovery": {"enabled": True, "authCacheEnabled": True, "authCacheMaxSize": 1000},
            "gateway": _gateway(peer),
            "limits": {"concurrency": {"endorserService": 2500, "deliverService": 2500, "gatewayService": 500}},
            "handlers": _handlers(peer.fabric_version),
        },
        "vm": {"endpoint": ""},  # else its health would hang on a Docker that is not used
        "chaincode": _chaincode(peer),
        "ledger": {"state": {"stateDatabase": "goleveldb"}, "history": {"enableHistoryDatabase": True}},
        "operations": {"listenAddress": peer.operations, "tls": {"enabled": False}},
        "metrics": {"provider": "disabled"},
    }
    return yaml.safe_dump(document, sort_keys=False)


def _tls(peer: PeerSettings) -> dict[str, object]:
    own = {"cert": {"file": str(peer.tls / "cert.pem")}, "key": {"file": str(peer.tls / "key.pem")}}
    return {
        "enabled": True,
        **own,
        "rootcert": {"file": str(peer.tls_authorities[0])},
        "clientAuthRequired": True,
        "clientRootCAs": {"files": [str(path) for path in peer.tls_authorities]},
        "clientCert": own["cert"],
        "clientKey": own["key"],
    }


def _gateway(peer: PeerSettings) -> dict[str, object]:
    # Another orderer gets what one does not answer to, before clients of ours send it again by themselves.
    broadcast = "1500ms" if peer.orderers_stand_in else "30s"
    return {"enabled": True, "endorsementTimeout": "30s", "broadcastTimeout": broadcast, "dialTimeout": "30s"}


def _keepalive(peer: PeerSettings) -> dict[str, object]:
    # Blocks are had from another orderer when one hangs; gRPC asks every ten seconds at most.
    delivery = {"interval": "10s", "timeout": "5s"} if peer.orderers_stand_in else {"interval": "60s", "timeout": "20s"}
    return {
        "interval": "7200s",
        "timeout": "20s",
        "minInterval": "60s",
        "client": {"interval": "60s", "timeout": "20s"},
        "deliveryClient": delivery,
    }


def _gossip(peer: PeerSettings) -> dict[str, object]:
    return {
        "bootstrap": list(peer.siblings) or peer.address,
        "endpoint": peer.address,
        "externalEndpoint": peer.address,
        "useLeaderElection": False,
        "orgLeader": True,
        "state": {"enabled": False},
        # Members' peers know of each other within a second or two, and of a peer's end within five.
        "reconnectInterval": "500ms",
        "aliveTimeInterval": "1s",
        "aliveExpirationTimeout": "5s",
        "publishStateInfoInterval": "1s",
        "requestStateInfoInterval": "1s",
        "pvtData": {
            "pullRetryThreshold": "60s",
            "transientstoreMaxBlockRetention": 1000,
            "pushAckTimeout": "3s",
            "btlPullMargin": 10,
            "reconcileBatchSize": 10,
            "reconcileSleepInterval": "1m",
            "reconciliationEnabled": True,
            "skipPullingInvalidTransactionsDuringCommit": False,
            "implicitCollectionDisseminationPolicy": {"requiredPeerCount": 0, "maxPeerCount": 1},
        },
    }


def _handlers(fabric_version: str) -> dict[str, object]:
    return {
        "authFilters": [{"name": name} for name in _FILTERS[fabric_version]],
        "decorators": [{"name": "DefaultDecorator"}],
        "endorsers": {"escc": {"name": "DefaultEndorsement"}},
        "validators": {"vscc": {"name": "DefaultValidation"}},
    }


def _chaincode(peer: PeerSettings) -> dict[str, object]:
    return {
        "mode": "net",
        "keepalive": 0,
        "installTimeout": "60s",
        "startuptimeout": "60s",
        "executetimeout": "30s",
        "system": {"_lifecycle": "enable", "cscc": "enable", "lscc": "enable", "qscc": "enable"},
        "externalBuilders": [{"name": BUILDER, "path": str(peer.builder)}],
        "logging": {"level": "info", "shim": "warning"},
        # Fabric 3.1's own sample has these on, and nothing else turns them on; 2.5 does not know them.
        "runtimeParams": {
            "useWriteBatch": True,
            "maxSizeWriteBatch": 1000,
            "useGetMultipleKeys": True,
            "maxSizeGetMultipleKeys": 1000,
        },
    }
