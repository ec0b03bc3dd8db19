"""What each container is given: settings, its local MSP, TLS keys, and the authorities that it trusts."""

from pathlib import Path, PurePath, PurePosixPath
from typing import Final

from network.compose.files import CONFIGURATION, DATA
from network.compose.plan import ADMIN_PORT
from network.fabric.core_settings import PeerSettings, core_yaml
from network.fabric.identities import Identities
from network.fabric.msp import write_msp
from network.fabric.orderer_settings import OrdererSettings, orderer_yaml
from network.fabric.plan import Place, Plan
from network.identity import KeyPair
from network.identity.store import write_private
from quorate.errors import StorageError

OPERATIONS_PORT: Final = 9443
"""Where a node of Fabric tells of its health, to its own container only."""

_BUILDER: Final = PurePosixPath("/opt/hyperledger/ccaas_builder")
"""Fabric's own external builder for chaincode as a service, which the peer's image has."""
_OPERATIONS: Final = f"127.0.0.1:{OPERATIONS_PORT}"


def configuration(place: Place) -> Path:
    """Return the folder that a container has mounted: its settings, keys and certificates."""
    return place.directory / "config"


def write_material(plan: Plan, identities: Identities) -> None:
    """Write the folders that a network's containers have mounted, anew; the ledger's are made if they lack.

    Raises
    ------
    StorageError
        If they cannot be written.
    """
    for place in (*plan.peers, *plan.orderers, *plan.chaincodes):
        try:
            # Kept where it is: a container that runs has this very folder mounted.
            configuration(place).mkdir(mode=0o700, parents=True, exist_ok=True)
            if place.kind != "chaincode":
                place.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"Cannot write to {plan.home.directory}: {error.strerror}.", cause=error) from error
        _WRITERS[place.kind](plan, identities, place)


def _peer(plan: Plan, identities: Identities, place: Place) -> None:
    directory, paths = configuration(place), identities.organisations[place.owner]
    write_msp(directory / "msp", paths, signer=paths.peer_at(place.index))
    _tls(directory, paths.peer_tls_at(place.index))
    settings = PeerSettings(
        name=place.name,
        msp_id=next(one.msp_id for one in plan.topology.organisations if one.name == place.owner),
        listen=f"0.0.0.0:{place.inner_port}",
        address=place.endpoint,
        operations=_OPERATIONS,
        siblings=[other.endpoint for other in plan.peers_of(place.owner) if other != place],
        msp=CONFIGURATION / "msp",
        data=DATA / "production",
        tls=CONFIGURATION / "tls",
        tls_authorities=_authorities(directory, [paths.tls_ca.cert]),
        builder=_BUILDER,
        fabric_version=plan.topology.fabric_version,
        orderers_stand_in=plan.topology.orderers_stand_in,
    )
    write_private(directory / "core.yaml", core_yaml(settings).encode())


def _orderer(plan: Plan, identities: Identities, place: Place) -> None:
    directory, paths = configuration(place), identities.orderer
    write_msp(directory / "msp", paths, signer=paths.node_at(place.index))
    _tls(directory, paths.node_tls_at(place.index))
    own, *others = _authorities(directory, identities.tls_authorities)
    settings = OrdererSettings(
        msp_id=plan.topology.orderer.msp_id,
        listen=f"0.0.0.0:{place.inner_port}",
        admin=f"0.0.0.0:{ADMIN_PORT}",
        operations=_OPERATIONS,
        msp=CONFIGURATION / "msp",
        data=DATA / "production" / "orderer",
        tls=CONFIGURATION / "tls",
        tls_authority=own,
        client_authorities=[own, *others],
        consensus=plan.topology.consensus,
    )
    write_private(directory / "orderer.yaml", orderer_yaml(settings).encode())


def _chaincode(_plan: Plan, identities: Identities, place: Place) -> None:
    directory, paths = configuration(place), identities.organisations[place.owner]
    _tls(directory, paths.chaincode_tls)
    write_private(directory / "tlsca.pem", paths.tls_ca.cert.read_bytes())


def _tls(directory: Path, pair: KeyPair) -> None:
    write_private(directory / "tls" / "cert.pem", pair.cert.read_bytes())
    write_private(directory / "tls" / "key.pem", pair.key.read_bytes())


def _authorities(directory: Path, certificates: list[Path]) -> list[PurePath]:
    names = [f"{number}.pem" for number, _ in enumerate(certificates)]
    for name, certificate in zip(names, certificates, strict=True):
        write_private(directory / "authorities" / name, certificate.read_bytes())
    return [CONFIGURATION / "authorities" / name for name in names]


_WRITERS: Final = {"peer": _peer, "orderer": _orderer, "chaincode": _chaincode}
