"""A deployment file carried out step by step, or only looked at; every step says what it did in rows of one shape."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from network.lifecycle import steps, waits
from network.lifecycle.definition import Definition
from network.lifecycle.deployment import PROBE, in_force
from network.lifecycle.everywhere import deadline_in
from network.lifecycle.member import Member, MemberSession, open_member
from network.lifecycle.sequence import next_definition
from quorate.errors import UsageError


class Step(StrEnum):
    """What can be asked for; in this order."""

    PACKAGE = "package"
    INSTALL = "install"
    APPROVE = "approve"
    CHECK = "check"
    COMMIT = "commit"


EVERY_STEP: Final = (Step.INSTALL, Step.APPROVE, Step.COMMIT)


class State(StrEnum):
    """How a step stands somewhere."""

    DONE = "done"
    WAS_DONE = "was done"
    DUE = "due"
    MISSING = "missing"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One step at one place.

    Attributes
    ----------
    member, peer
        Whose, and at which peer; empty for what concerns all of them.
    subject
        The package or the definition.
    detail
        What differs, where something does.
    """

    step: Step
    member: str
    peer: str = ""
    subject: str
    state: State
    detail: str = ""

    def as_document(self) -> dict[str, object]:
        """Return the row for printing."""
        return {name: getattr(self, name) or None for name in ("step", "member", "peer", "subject", "state", "detail")}


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """The members that are acted for here, connected. Made by `open_rollout`."""

    sessions: tuple[MemberSession, ...]
    channel: str
    wanted: Definition
    sequence: int | None
    deadline: float

    async def run(
        self, which: Sequence[Step], *, directory: Path, begun: Callable[[Step], None] = lambda _: None
    ) -> list[Row]:
        """Do these steps in their order.

        Parameters
        ----------
        which
            What to do.
        directory
            Where packages are written.
        begun
            Is told of each step before it is done: some of them wait.

        Raises
        ------
        DeploymentError
            A step did not succeed everywhere.
        ConflictError, StateError
            The sequence does not fit what is in force, or too few members approve.
        """
        work = {
            Step.PACKAGE: lambda: self._package(directory),
            Step.INSTALL: self._install,
            Step.APPROVE: self._approve,
            Step.CHECK: self._check,
            Step.COMMIT: self._commit,
        }
        rows: list[Row] = []
        for step in (step for step in Step if step in which):
            begun(step)
            rows += await work[step]()
        return rows

    async def look(self, which: Sequence[Step]) -> list[Row]:
        """Return how these steps stand, and change nothing."""
        definition = await self._definition()
        rows: list[Row] = []
        if Step.INSTALL in which:
            rows += await self._installed()
        if Step.APPROVE in which:
            rows += await self._approved(definition)
        if Step.CHECK in which:
            rows += await self._check()
        if Step.COMMIT in which:
            committed = await steps.is_committed(self.sessions[0].first, self.channel, definition)
            rows.append(_about(definition, Step.COMMIT, State.WAS_DONE if committed else State.DUE))
        return rows

    async def _package(self, directory: Path) -> list[Row]:
        rows = []
        for session in self.sessions:
            if package := session.member.package:
                path = directory / f"{package.label}.{session.msp_id}.tar.gz"
                state = State.WAS_DONE if path.exists() else State.DONE
                package.save(path)
                rows.append(
                    Row(
                        step=Step.PACKAGE,
                        member=session.msp_id,
                        subject=package.package_id,
                        state=state,
                        detail=str(path),
                    )
                )
        return rows

    async def _install(self) -> list[Row]:
        new = await steps.install(self.sessions)
        return [
            Row(
                step=Step.INSTALL,
                member=session.msp_id,
                peer=peer.address,
                subject=session.package_id,
                state=State.DONE if peer.address in new else State.WAS_DONE,
            )
            for session in self.sessions
            if session.package_id
            for peer in session.peers
        ]

    async def _installed(self) -> list[Row]:
        rows = []
        for session in (each for each in self.sessions if each.package_id):
            for peer in session.peers:
                there = {each.package_id for each in await peer.lifecycle.installed()}
                rows.append(
                    Row(
                        step=Step.INSTALL,
                        member=session.msp_id,
                        peer=peer.address,
                        subject=session.package_id,
                        state=State.WAS_DONE if session.package_id in there else State.DUE,
                    )
                )
        return rows

    async def _approve(self) -> list[Row]:
        definition = await self._definition()
        approved = await steps.approve_all(self.sessions, self.channel, definition, deadline=self.deadline)
        await waits.for_approvals(self.sessions, self.channel, definition, deadline=self.deadline)
        return [
            _approval(session, definition, State.DONE if session.msp_id in approved else State.WAS_DONE)
            for session in self.sessions
        ]

    async def _approved(self, definition: Definition) -> list[Row]:
        rows = []
        for session in self.sessions:
            done = await steps.is_approved(session, self.channel, definition, session.package_id)
            rows.append(_approval(session, definition, State.WAS_DONE if done else State.DUE))
        return rows

    async def _check(self) -> list[Row]:
        definition = await self._definition()
        found = await steps.approvals(self.sessions[0], self.channel, definition)
        return [
            Row(
                step=Step.CHECK,
                member=msp_id,
                subject=_named(definition),
                state=State.WAS_DONE if approved else State.MISSING,
                detail=", ".join(found.mismatches.get(msp_id, ())),
            )
            for msp_id, approved in found.approvals.items()
        ]

    async def _commit(self) -> list[Row]:
        definition = await self._definition()
        new = await steps.commit(self.sessions[0], self.channel, definition, deadline=self.deadline)
        await waits.for_definition(self.sessions, self.channel, definition, deadline=self.deadline)
        await waits.for_answers(self.sessions, self.channel, definition.name, PROBE, deadline=self.deadline)
        return [_about(definition, Step.COMMIT, State.DONE if new else State.WAS_DONE)]

    async def _definition(self) -> Definition:
        found = await in_force(self.sessions, self.channel, self.wanted.name)
        return next_definition(self.wanted, found, self.sequence)


@asynccontextmanager
async def open_rollout(
    members: Sequence[Member], *, channel: str, wanted: Definition, sequence: int | None, timeout_s: float
) -> AsyncIterator[Rollout]:
    """Open the peers of these members for a deployment."""
    if not members:
        raise UsageError("A deployment needs members.")
    async with AsyncExitStack() as stack:
        yield Rollout(
            sessions=tuple([await stack.enter_async_context(open_member(member)) for member in members]),
            channel=channel,
            wanted=wanted,
            sequence=sequence,
            deadline=deadline_in(timeout_s),
        )


def _named(definition: Definition) -> str:
    return f"{definition.name} {definition.version} sequence {definition.sequence}"


def _about(definition: Definition, step: Step, state: State) -> Row:
    return Row(step=step, member="", subject=_named(definition), state=state)


def _approval(session: MemberSession, definition: Definition, state: State) -> Row:
    detail = session.package_id or "runs nothing"
    return Row(step=Step.APPROVE, member=session.msp_id, subject=_named(definition), state=state, detail=detail)
