"""Revocation lists into the channel of a network on this machine, signed by the organisation's administrator."""

from gateway.fabric import Endpoint, FileIdentity, Tls
from network.connection import Connection
from network.fabric.endorser import open_endorser
from network.fabric.revocation import publish_revocations
from network.identity.fabric_ca.revocation import keep_crl
from quorate.errors import UsageError

_EMBEDDED = "embedded"


async def publish_crl(connection: Connection, organisation: str, crl: bytes) -> bool:
    """Keep an organisation's new revocation list and put it into the channel; tell whether the channel lacked it.

    Parameters
    ----------
    connection
        The network.
    organisation
        Whose list it is, by name or MSP id.
    crl
        The list, PEM, as its authority signed it.

    Raises
    ------
    UsageError
        If the network runs on the embedded engine, whose channel never changes.
    NotFoundError
        If the network has no such organisation.
    IntegrityError, ConflictError
        If it is not a list of the organisation's authority, or a newer one is kept.

    Others are those of `network.fabric.revocation.publish_revocations`.
    """
    if connection.engine == _EMBEDDED:
        raise UsageError("The embedded engine's channel never changes: it cannot take a revocation list.")
    member = connection.organisation(organisation)
    keep_crl(member.paths, crl)
    lists = [path.read_bytes() for path in sorted(member.paths.crls.glob("*.pem"))]
    client, admin, node = member.paths.gateway_client, member.paths.admin, connection.orderers[0]
    peer = Tls.from_files(roots=member.tls_ca, certificate=client.cert, key=client.key, server_name=member.server_name)
    orderer = Tls.from_files(roots=node.tls_ca, certificate=client.cert, key=client.key, server_name=node.server_name)
    identity, signer = FileIdentity(msp_id=member.msp_id, certificate=admin.cert, key=admin.key).load()
    async with open_endorser(Endpoint(member.address, peer), identity, signer) as endorser:
        return await publish_revocations(
            endorser,
            Endpoint(node.address, orderer),
            channel=connection.channel,
            msp_id=member.msp_id,
            crls=lists,
        )
