"""An orderer node's settings: ``orderer.yaml``, complete."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

import yaml


@dataclass(frozen=True, kw_only=True)
class OrdererSettings:
    """What differs from node to node. Addresses are ``host:port``, paths as the node sees them.

    Attributes
    ----------
    msp_id
        The ordering organisation.
    listen, admin, operations
        Where it serves clients and other nodes, its administrator, and whoever asks for its health.
    msp, data, tls
        Its local MSP, its ledger, the folder of its TLS certificate and key.
    tls_authority
        Who issues the ordering organisation's TLS certificates.
    client_authorities
        Who issues clients' TLS certificates.
    consensus
        As of `network.topology.Topology`.
    """

    msp_id: str
    listen: str
    admin: str
    operations: str
    msp: PurePath
    data: PurePath
    tls: PurePath
    tls_authority: PurePath
    client_authorities: Sequence[PurePath]
    consensus: str


def orderer_yaml(orderer: OrdererSettings) -> str:
    """Return an orderer node's ``orderer.yaml``."""
    host, _, port = orderer.listen.rpartition(":")
    cert, key = str(orderer.tls / "cert.pem"), str(orderer.tls / "key.pem")
    tls = {"Enabled": True, "Certificate": cert, "PrivateKey": key, "RootCAs": [str(orderer.tls_authority)]}
    document = {
        "General": {
            "ListenAddress": host,
            "ListenPort": int(port),
            "TLS": {
                **tls,
                "ClientAuthRequired": True,
                "ClientRootCAs": [str(path) for path in orderer.client_authorities],
            },
            # Peers ask every ten seconds whether it lives, and whoever asks more often than this is cut off.
            "Keepalive": {"ServerMinInterval": "5s", "ServerInterval": "7200s", "ServerTimeout": "20s"},
            "Cluster": {
                "ClientCertificate": cert,
                "ClientPrivateKey": key,
                "RootCAs": [str(orderer.tls_authority)],
                "SendBufferSize": 100,
                "DialTimeout": "2s",
                "ReplicationRetryTimeout": "2s",
                **_replication(orderer.consensus),
            },
            "BootstrapMethod": "none",
            "LocalMSPDir": str(orderer.msp),
            "LocalMSPID": orderer.msp_id,
            "Authentication": {"TimeWindow": "15m"},
        },
        "FileLedger": {"Location": str(orderer.data)},
        "ChannelParticipation": {"Enabled": True, "MaxRequestBodySize": "16 MB"},
        "Admin": {
            "ListenAddress": orderer.admin,
            "TLS": {**tls, "ClientAuthRequired": True, "ClientRootCAs": [str(orderer.tls_authority)]},
        },
        "Operations": {"ListenAddress": orderer.operations, "TLS": {"Enabled": False}},
        "Metrics": {"Provider": "disabled"},
        "Consensus": {
            "WALDir": str(orderer.data / "raft" / "wal"),
            "SnapDir": str(orderer.data / "raft" / "snapshots"),
        },
    }
    return yaml.safe_dump(document, sort_keys=False)


def _replication(consensus: str) -> dict[str, str]:
    # Fabric 3.1's own choice, "consensus", never names the TLS certificate that mutual TLS demands of whoever asks for
    # blocks: a node that was away would never have those that it missed. Raft, and Fabric 2.5, know no such choice.
    return {"ReplicationPolicy": "simple"} if consensus == "smartbft" else {}
