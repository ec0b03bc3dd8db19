"""What a deployment waits for: Fabric tells nobody when peers have read something, so it is asked, with a deadline."""

from collections.abc import Sequence

from network.fabric.discovery import missing_endorsers
from network.fabric.endorser import ProposalError
from network.lifecycle import steps
from network.lifecycle.definition import Definition
from network.lifecycle.everywhere import everywhere, until
from network.lifecycle.member import MemberSession, PeerSession, named_peers
from quorate.errors import QuorateError


async def for_approvals(
    sessions: Sequence[MemberSession], channel: str, definition: Definition, *, deadline: float
) -> None:
    """Wait until every member's first peer has read the approvals of all of them: it endorses the commit only then.

    Raises
    ------
    DeploymentError
        Some had not in time.
    """
    places = {session.msp_id: session for session in sessions}

    async def on(session: MemberSession) -> None:
        async def holds() -> str:
            waiting = (await steps.approvals(session, channel, definition)).waiting_for
            lacking = [msp_id for msp_id in waiting if msp_id in places]
            return f"it has not read the approval of {', '.join(lacking)}" if lacking else ""

        await until(holds, deadline=deadline)

    await everywhere("wait for approvals", places, on)


async def for_definition(
    sessions: Sequence[MemberSession], channel: str, definition: Definition, *, deadline: float
) -> None:
    """Wait until every peer has read that a definition is in force.

    Raises
    ------
    DeploymentError
        Some had not in time.
    """

    async def on(peer: PeerSession) -> None:
        async def holds() -> str:
            return "" if await steps.is_committed(peer, channel, definition) else "it has not read the definition yet"

        await until(holds, deadline=deadline)

    await everywhere("wait for the definition", named_peers(sessions), on)


async def for_answers(
    sessions: Sequence[MemberSession], channel: str, chaincode: str, probe: Sequence[str | bytes], *, deadline: float
) -> None:
    """Wait until the chaincode of every peer answers a call, whatever it answers, and every peer knows its endorsers.

    Raises
    ------
    DeploymentError
        Some did not in time.
    """

    async def on(peer: PeerSession) -> None:
        async def holds() -> str:
            try:
                await peer.endorser.call(channel, chaincode, *probe)
            except ProposalError as error:
                if not error.from_chaincode:
                    raise
            return await missing_endorsers(
                peer.endorser, channel, chaincode, tls_certificate_hash=peer.tls_certificate_hash
            )

        await until(holds, deadline=deadline, retry=_is_refusal)

    running = [session for session in sessions if session.member.package is not None]
    await everywhere("wait for the chaincode", named_peers(running), on)


def _is_refusal(error: QuorateError) -> bool:
    return isinstance(error, ProposalError) and bool(error.response_status)
