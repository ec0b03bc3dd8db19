"""The steps of a deployment, each by one organisation; each may be repeated and then does nothing."""

from collections.abc import Sequence
from typing import Final

from grpc import StatusCode

from gateway.fabric.errors import CommitError, EndorseError
from network.lifecycle.definition import Definition
from network.lifecycle.everywhere import everywhere, until
from network.lifecycle.member import MemberSession, PeerSession, named_peers
from network.lifecycle.package import ChaincodePackage
from network.lifecycle.peer import LIFECYCLE, Readiness
from quorate.blocks import protos
from quorate.errors import ConflictError, NotFoundError, QuorateError, StateError

# The peers of other organisations are not known yet, or have not read so far. Nothing was ordered.
_NOT_YET: Final = frozenset({StatusCode.FAILED_PRECONDITION, StatusCode.UNAVAILABLE})
_NOT_AGREED: Final = "chaincode definition not agreed to by this org"


async def install(sessions: Sequence[MemberSession]) -> tuple[str, ...]:
    """Install each organisation's package on all its peers; return the addresses of those that lacked it.

    Raises
    ------
    DeploymentError
        Some peers did not take it.
    """
    places = {
        name: (peer, session.member.package)
        for session in sessions
        if session.member.package
        for name, peer in named_peers([session]).items()
    }

    async def on(place: tuple[PeerSession, ChaincodePackage]) -> str:
        peer, package = place
        installed = {each.package_id for each in await peer.lifecycle.installed()}
        return peer.address if package.package_id not in installed and await peer.lifecycle.install(package) else ""

    return tuple(filter(None, (await everywhere("install", places, on)).values()))


async def approve(
    session: MemberSession, channel: str, definition: Definition, package_id: str, *, deadline: float
) -> bool:
    """Approve a definition for an organisation; tell whether it had not.

    Parameters
    ----------
    session
        Whose administrator approves.
    channel, definition
        What.
    package_id
        What its peers serve it from; empty when they do not run it.
    deadline
        The event loop's time by which it must be done.

    Raises
    ------
    NotFoundError
        A peer of the organisation has no such package: approving it would succeed, and every call fail.
    GatewayError
        The peer or the orderer did not take the approval.
    """
    if package_id:
        await _require_installed(session, package_id)
    if await is_approved(session, channel, definition, package_id):
        return False
    source = protos.ChaincodeSource()
    if package_id:
        source.local_package.package_id = package_id
    else:
        source.unavailable.SetInParent()
    request = protos.ApproveChaincodeDefinitionForMyOrgArgs(source=source, **definition.arguments())
    await _submit(
        session, channel, "ApproveChaincodeDefinitionForMyOrg", request, own_endorsement=True, deadline=deadline
    )
    return True


async def approve_all(
    sessions: Sequence[MemberSession], channel: str, definition: Definition, *, deadline: float
) -> tuple[str, ...]:
    """Approve a definition for each organisation, from its own package; return the MSP ids of those that had not.

    Raises
    ------
    DeploymentError
        Some could not.
    """

    async def by(session: MemberSession) -> bool:
        return await approve(session, channel, definition, session.package_id, deadline=deadline)

    done = await everywhere("approve", {session.msp_id: session for session in sessions}, by)
    return tuple(msp_id for msp_id, new in done.items() if new)


async def is_approved(session: MemberSession, channel: str, definition: Definition, package_id: str) -> bool:
    """Tell whether an organisation has approved this very definition, served from this very package."""
    found = await session.first.lifecycle.approved(channel, definition.name, definition.sequence)
    return found is not None and found.package_id == package_id and not definition.differences(found.definition)


async def approvals(session: MemberSession, channel: str, definition: Definition) -> Readiness:
    """Return who has approved a definition, in force or next, as the organisation's first peer sees it."""
    found = await session.first.lifecycle.committed(channel, definition.name)
    if found and found.definition == definition:
        return Readiness(approvals=dict(sorted(found.approvals.items())), mismatches={})
    return await session.first.lifecycle.readiness(channel, definition)


async def commit(session: MemberSession, channel: str, definition: Definition, *, deadline: float) -> bool:
    """Commit a definition that enough members have approved; tell whether it was not in force yet.

    Raises
    ------
    StateError
        Too few have approved it; the message names who has not.
    GatewayError
        The peers or the orderer did not take it.
    """
    if await is_committed(session.first, channel, definition):
        return False
    request = protos.CommitChaincodeDefinitionArgs(**definition.arguments())
    try:
        await _submit(session, channel, "CommitChaincodeDefinition", request, own_endorsement=False, deadline=deadline)
    except (EndorseError, CommitError, ConflictError) as error:
        # Somebody else may have committed the very same in this moment.
        if await is_committed(session.first, channel, definition):
            return False
        if _NOT_AGREED in str(error):
            raise await _too_few(session, channel, definition, error) from error
        raise
    return True


async def is_committed(peer: PeerSession, channel: str, definition: Definition) -> bool:
    """Tell whether a peer has read that this very definition is in force."""
    found = await peer.lifecycle.committed(channel, definition.name)
    if found is None or found.definition.sequence != definition.sequence:
        return False
    return not definition.differences(found.definition)


async def _require_installed(session: MemberSession, package_id: str) -> None:
    async def on(peer: PeerSession) -> None:
        installed = await peer.lifecycle.installed()
        if package_id not in {each.package_id for each in installed}:
            raise NotFoundError(
                f"no package {package_id} is installed",
                hint="Install it first. If certificates were renewed, the package and its id have changed with them.",
            )

    await everywhere("look for the package", named_peers([session]), on)


async def _submit(
    session: MemberSession,
    channel: str,
    function: str,
    request: protos.AnyMessage,
    *,
    own_endorsement: bool,
    deadline: float,
) -> None:
    contract = session.first.gateway.network(channel).contract(LIFECYCLE)
    organisations = [session.msp_id] if own_endorsement else []

    async def holds() -> str:
        await contract.submit(function, request.SerializeToString(), endorsing_organizations=organisations)
        return ""

    def is_too_early(error: QuorateError) -> bool:
        return isinstance(error, EndorseError) and error.status in _NOT_YET

    await until(holds, deadline=deadline, retry=is_too_early)


async def _too_few(session: MemberSession, channel: str, definition: Definition, cause: QuorateError) -> StateError:
    found = await approvals(session, channel, definition)
    waiting = [
        f"{msp_id} (it approved another {', '.join(found.mismatches[msp_id])})"
        if msp_id in found.mismatches
        else msp_id
        for msp_id in found.waiting_for
    ]
    return StateError(
        f"Too few members have approved definition {definition.sequence} of {definition.name} {definition.version}: "
        f"not {', '.join(waiting) or 'enough of them'}.",
        hint="Each of them approves exactly this definition; then commit again.",
        cause=cause,
    )
