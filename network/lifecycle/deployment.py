"""A chaincode for every member, from package to first answer."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

from network.lifecycle import steps, waits
from network.lifecycle.collection import Collection, collection_package
from network.lifecycle.definition import Definition
from network.lifecycle.endorsement_policy import endorsement_policy
from network.lifecycle.everywhere import deadline_in, everywhere
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
    deadline = deadline_in(deadline_s)
    wanted = Definition(
        name=chaincode,
        version=version,
        sequence=1,
        policy=endorsement_policy(policy),
        collections=collection_package(collections),
    )
    async with AsyncExitStack() as stack:
        sessions = [await stack.enter_async_context(open_member(member)) for member in members]
        installed = await steps.install(sessions)
        definition = next_definition(wanted, await in_force(sessions, channel, chaincode), sequence)
        approved = await steps.approve_all(sessions, channel, definition, deadline=deadline)
        await waits.for_approvals(sessions, channel, definition, deadline=deadline)
        committed = await steps.commit(sessions[0], channel, definition, deadline=deadline)
        await waits.for_definition(sessions, channel, definition, deadline=deadline)
        await waits.for_answers(sessions, channel, chaincode, probe, deadline=deadline)
    return Deployment(
        definition=definition,
        package_ids={session.msp_id: session.package_id for session in sessions},
        installed=installed,
        approved=approved,
        committed=committed,
    )


def _check(members: Sequence[Member]) -> None:
    names = [member.msp_id for member in members]
    if not names or len(set(names)) != len(names):
        raise UsageError("a deployment needs members, each of them once")


async def in_force(sessions: Sequence[MemberSession], channel: str, chaincode: str) -> Definition | None:
    """Return the definition in force, from what the first peer of each member says.

    Raises
    ------
    DeploymentError
        A peer did not answer.
    IntegrityError
        They contradict each other.
    """

    async def ask(session: MemberSession) -> Definition | None:
        found = await session.first.lifecycle.committed(channel, chaincode)
        return found.definition if found else None

    places = {session.msp_id: session for session in sessions}
    return newest((await everywhere("read the definition", places, ask)).values())
