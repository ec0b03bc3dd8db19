"""A chaincode for every member, from package to first answer."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

from network.lifecycle import steps
from network.lifecycle.collection import Collection, collection_package
from network.lifecycle.definition import Definition
from network.lifecycle.endorsement_policy import endorsement_policy
from network.lifecycle.everywhere import everywhere, until
from network.lifecycle.member import Member, MemberSession, open_member
from network.lifecycle.sequence import newest, next_definition
from quorate.errors import UsageError

DEADLINE_S: Final = 120.0
PROBE: Final = ("org.hyperledger.fabric:GetMetadata",)
"""What is asked of a chaincode to see whether it runs; a refusal by the chaincode is an answer too."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """What is in force, and what this run had to do for it.

    Attributes
    ----------
    definition
        The definition in force.
    package_ids
        By MSP id; empty where a member runs nothing itself.
    installed
        Addresses of the peers that lacked the package.
    approved
        MSP ids of the members that had not approved.
    committed
        Whether it was not in force before.
    """

    definition: Definition
    package_ids: Mapping[str, str]
    installed: tuple[str, ...]
    approved: tuple[str, ...]
    committed: bool


async def deploy(
    members: Sequence[Member],
    *,
    channel: str,
    chaincode: str,
    version: str,
    sequence: int | None = None,
    policy: str | None = None,
    collections: Sequence[Collection] = (),
    probe: Sequence[str | bytes] = PROBE,
    deadline_s: float = DEADLINE_S,
) -> Deployment:
    """Install everywhere, approve for each member, commit once, and wait until every peer's chaincode answers.

    What is done already is not done again, so the same call may be repeated after any failure. With another package,
    version, policy or collection it is an upgrade: the next sequence, over the state that there is. A chaincode
    service under a new package id must run when the definition is committed.

    Parameters
    ----------
    members
        Every member that takes part; enough of the channel's members for its policy ``LifecycleEndorsement``.
    channel, chaincode, version
        What is deployed where; the version is for people.
    sequence
        Insist on this one; None means the next one if anything differs from what is in force.
    policy
        Who must endorse: see `endorsement_policy`.
    collections
        Private data.
    probe
        A function name and arguments: any answer of the chaincode to it shows that it runs.
    deadline_s
        Seconds for everything.

    Raises
    ------
    DeploymentError
        A step did not succeed everywhere; it says where not and why.
    ConflictError, StateError
        The sequence does not fit what is in force, or too few members approve.
    """
    _check(members)
    deadline = steps.deadline_in(deadline_s)
    wanted = Definition(
        name=chaincode,
        version=version,
        sequence=1,
        policy=endorsement_policy(policy),
        collections=collection_package(collections),
    )
    async with AsyncExitStack() as stack:
        sessions = {member.msp_id: await stack.enter_async_context(open_member(member)) for member in members}
        everyone = tuple(sessions.values())
        installed = await steps.install(everyone)
        definition = next_definition(wanted, await _in_force(sessions, channel, chaincode), sequence)

        async def approve(session: MemberSession) -> bool:
            return await steps.approve(session, channel, definition, _package_id(session), deadline=deadline)

        approved = await everywhere("approve", sessions, approve)
        await _await_approvals(sessions, channel, definition, deadline=deadline)
        committed = await steps.commit(everyone[0], channel, definition, deadline=deadline)
        await steps.await_committed(everyone, channel, definition, deadline=deadline)
        await steps.await_answers(everyone, channel, chaincode, probe, deadline=deadline)
    return Deployment(
        definition=definition,
        package_ids={msp_id: _package_id(session) for msp_id, session in sessions.items()},
        installed=installed,
        approved=tuple(msp_id for msp_id, new in approved.items() if new),
        committed=committed,
    )


def _check(members: Sequence[Member]) -> None:
    names = [member.msp_id for member in members]
    if not names or len(set(names)) != len(names):
        raise UsageError("a deployment needs members, each of them once")


def _package_id(session: MemberSession) -> str:
    package = session.member.package
    return package.package_id if package else ""


async def _in_force(sessions: Mapping[str, MemberSession], channel: str, chaincode: str) -> Definition | None:
    async def ask(session: MemberSession) -> Definition | None:
        found = await session.first.lifecycle.committed(channel, chaincode)
        return found.definition if found else None

    return newest((await everywhere("read the definition", sessions, ask)).values())


async def _await_approvals(
    sessions: Mapping[str, MemberSession], channel: str, definition: Definition, *, deadline: float
) -> None:
    """Wait until every member's peer has read every approval: it endorses the commit only then."""

    async def on(session: MemberSession) -> None:
        async def holds() -> str:
            if await steps.is_committed(session.first, channel, definition):
                return ""
            found = await steps.readiness(session, channel, definition)
            lacking = [msp_id for msp_id in found.waiting_for if msp_id in sessions]
            return f"it has not read the approval of {', '.join(lacking)}" if lacking else ""

        await until(holds, deadline=deadline)

    await everywhere("wait for approvals", sessions, on)
