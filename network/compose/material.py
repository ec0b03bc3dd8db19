"""What each container is given: settings, its local MSP, TLS keys, and the authorities that it trusts."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import Final

from network.compose.files import CONFIGURATION, DATA
from network.compose.plan import Plan
from network.compose.services import ADMIN_PORT, OPERATIONS_PORT, Service
from network.fabric.core_settings import PeerSettings, core_yaml
from network.fabric.msp import write_msp
from network.fabric.orderer_settings import OrdererSettings, orderer_yaml
from network.identity import KeyPair, OrdererPaths, OrganisationPaths
from network.identity.store import write_private
from quorate.errors import StorageError

_BUILDER: Final = PurePosixPath("/opt/hyperledger/ccaas_builder")
"""Fabric's own external builder for chaincode as a service, which the peer's image has."""
_OPERATIONS: Final = f"127.0.0.1:{OPERATIONS_PORT}"  # asked from inside the container only
_MSP, _TLS, _AUTHORITIES = "msp", "tls", "authorities"


@dataclass(frozen=True, kw_only=True)
class Identities:
    """Certificates and keys of everybody in a network."""

    organisations: Mapping[str, OrganisationPaths]
    orderer: OrdererPaths


def write_material(plan: Plan, identities: Identities) -> None:
    """Write the folders that a network's containers have mounted, anew; the ledger's are made if they lack.

    Raises
    ------
    StorageError
        If they cannot be written.
    """
    for service in plan.services:
        try:
            shutil.rmtree(plan.configuration(service), ignore_errors=True)
            plan.configuration(service).mkdir(mode=0o700, parents=True)
            plan.data(service).mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"Cannot write to {plan.home.directory}: {error.strerror}.", cause=error) from error
        _WRITERS[service.kind](plan, identities, service)


def _peer(plan: Plan, identities: Identities, service: Service) -> None:
    directory, paths = plan.configuration(service), identities.organisations[service.organisation]
    write_msp(directory / _MSP, paths, signer=paths.peer_at(service.index))
    _tls(directory, paths.peer_tls_at(service.index))
    member = next(one for one in plan.topology.organisations if one.name == service.organisation)
    settings = PeerSettings(
        name=service.host,
        msp_id=member.msp_id,
        listen=f"0.0.0.0:{service.port}",
        address=service.address,
        operations=_OPERATIONS,
        siblings=[one.address for one in plan.of_kind("peer", service.organisation) if one != service],
        msp=CONFIGURATION / _MSP,
        data=DATA / "production",
        tls=CONFIGURATION / _TLS,
        tls_authorities=_authorities(directory, CONFIGURATION, _own_first(identities, service.organisation)),
        builder=_BUILDER,
        fabric_version=plan.topology.fabric_version,
    )
    write_private(directory / "core.yaml", core_yaml(settings).encode())


def _orderer(plan: Plan, identities: Identities, service: Service) -> None:
    directory, paths = plan.configuration(service), identities.orderer
    write_msp(directory / _MSP, paths, signer=paths.node_at(service.index))
    _tls(directory, paths.node_tls_at(service.index))
    authorities = _authorities(directory, CONFIGURATION, _own_first(identities, service.organisation))
    settings = OrdererSettings(
        msp_id=plan.topology.orderer.msp_id,
        listen=f"0.0.0.0:{service.port}",
        admin=f"0.0.0.0:{ADMIN_PORT}",
        operations=_OPERATIONS,
        msp=CONFIGURATION / _MSP,
        data=DATA / "production" / "orderer",
        tls=CONFIGURATION / _TLS,
        tls_authority=authorities[0],
        client_authorities=authorities,
    )
    write_private(directory / "orderer.yaml", orderer_yaml(settings).encode())


def _chaincode(plan: Plan, identities: Identities, service: Service) -> None:
    directory, paths = plan.configuration(service), identities.organisations[service.organisation]
    _tls(directory, paths.chaincode_tls)
    _authorities(directory, CONFIGURATION, {service.organisation: paths.tls_ca})


def _own_first(identities: Identities, organisation: str) -> dict[str, KeyPair]:
    found = {name: paths.tls_ca for name, paths in identities.organisations.items()}
    found[identities.orderer.root.name] = identities.orderer.tls_ca
    return {organisation: found[organisation]} | found


def _tls(directory: Path, pair: KeyPair) -> None:
    write_private(directory / _TLS / "cert.pem", pair.cert.read_bytes())
    write_private(directory / _TLS / "key.pem", pair.key.read_bytes())


def _authorities(directory: Path, seen_as: PurePath, authorities: Mapping[str, KeyPair]) -> list[PurePath]:
    for name, pair in authorities.items():
        write_private(directory / _AUTHORITIES / f"{name}.pem", pair.cert.read_bytes())
    return _seen(seen_as, authorities)


def _seen(directory: PurePath, names: Iterable[str]) -> list[PurePath]:
    return [directory / _AUTHORITIES / f"{name}.pem" for name in names]


_WRITERS: Final = {"peer": _peer, "orderer": _orderer, "chaincode": _chaincode}
