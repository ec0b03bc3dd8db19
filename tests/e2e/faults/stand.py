"""One consortium for many faults: a study of many rounds that stands still between them, and what must hold after each.

It stands still because one member's training is frozen: a round is open then, and all others have committed.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.audit.export import export_bundle
from network.identity import Role
from participants.agent.journal import Stage
from participants.demo.configuration import DATASET
from quorate.verify import verify_bundle
from tests.e2e.faults.watch import Watch, facts_at
from tests.e2e.play import STUDY, charge_of, commit_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from network.engine import Node
    from participants.agent.journal import Entry
    from quorate.records.round import RoundView
    from tests.e2e.faults.watch import Seen
    from tests.e2e.play import Play

STEPS = {
    "open": "round.opened",
    "reserve": "privacy.reserved",
    "commit": "round.committed",
    "seal": "round.sealed",
    "attest": "round.attested",
    "finalize": "round.finalized",
}
"""The steps of a round, and by which fact each is seen to have been taken."""

STRUCK = "Alder"
"""Whose peer, chaincode and gateway fail."""

HOLDS = "Elm"
"""Whose training is frozen between faults, and whose peer is watched; nothing of it ever fails."""

MOST_PACE = 4
"""By how much a busy machine may lengthen a round, so that its end still comes in time."""

PATIENCE = 450.0
"""Seconds for anything that must come; what it takes is told, not held to."""


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """How one fault went.

    Attributes
    ----------
    away
        Seconds for which something was missing.
    outcome
        How the round ended that was struck.
    ended
        Seconds from the fault to that end.
    whole
        Seconds from the return to the moment at which the round after it had everybody's commit.
    """

    fault: str
    step: str
    away: float
    outcome: str
    ended: float
    whole: float

    def __str__(self) -> str:
        return (
            f"{self.fault:<44} {self.step:<9} away {self.away:5.1f} s, {self.outcome} {self.ended:5.1f} s after the "
            f"fault, everybody back {self.whole:5.1f} s after the return"
        )


@dataclass(kw_only=True)
class Stand:
    """A consortium whose parts are made to fail, again and again."""

    play: Play
    watch: Watch
    recoveries: list[Recovery]
    struck: int = 0
    _checked: int = field(default=0)

    def node(self, name: str) -> Node:
        return self.play.consortium.network.nodes[name]

    async def begin(self) -> None:
        self.play.stop_training(HOLDS)
        await self.play.begin()
        await self.at_rest()

    async def at_rest(self, *, at_least: int = 1) -> int:
        """Wait until everybody but one has committed to an open round, and return its number."""
        members = {self.play.msp(member) for member in self.play.consortium.places}
        holds = self.play.msp(HOLDS)
        end, view = time.monotonic() + PATIENCE, None
        while time.monotonic() < end:
            number = max((each.fact.round for each in self.watch.seen if each.fact.type == "round.opened"), default=0)
            if number >= at_least:
                view = await self.play.read(self.play.ledger.round.get, STUDY, number)
                committed = {commit.msp for commit in view.commits}
                if view.round.state == "OPEN" and committed == members - {holds} and charge_of(view, holds):
                    return number
            await asyncio.sleep(0.1)
        raise AssertionError(f"not everybody came back: {view}")

    async def strike(
        self,
        fault: str,
        step: str,
        hit: Callable[[], Awaitable[None]],
        mend: Callable[[], Awaitable[None]],
        *,
        away: float = 0.0,
    ) -> RoundView:
        """Let something fail as soon as a step of a round is seen, let it return, and return the round when it ended.

        All that must hold after any fault is checked here: the round is over, everybody takes part again, and what was
        on the ledger is there once, at every peer, and as the members' journals have it.
        """
        await self.at_rest()
        mark = len(self.watch.seen)
        self.play.go_on_training(HOLDS)
        seen = await self.watch.first(STEPS[step], after=mark, seconds=PATIENCE)
        began = time.monotonic()
        self.struck = number = seen.fact.round
        await hit()
        await asyncio.sleep(away)
        await mend()
        returned = time.monotonic()
        over = await self.ended(number)
        self.play.stop_training(HOLDS)
        await self.at_rest(at_least=number + 1)
        whole = time.monotonic()
        view = await self.nothing_is_lost(number)
        self.recoveries.append(
            Recovery(
                fault=fault,
                step=step,
                away=returned - began,
                outcome=view.round.state,
                ended=max(0.0, over.at - began),
                whole=whole - returned,
            )
        )
        print(self.recoveries[-1])  # noqa: T201 - a figure, of which nothing is asserted
        return view

    async def evidence_verifies(self, bundle: Path) -> None:
        """Export everything that happened as an officer does, and verify it offline, as somebody who trusts nobody."""
        await self.at_rest()
        officer = self.play.people.sessions[HOLDS, Role.OFFICER]
        await export_bundle(officer, bundle, artifacts=True)
        genesis = self.play.consortium.connection.genesis_digest
        report = await asyncio.to_thread(verify_bundle, bundle, genesis=genesis)
        assert report.verified

    async def ended(self, number: int) -> Seen:
        """Wait until a round is final or aborted."""
        return await self.watch.first("round.finalized", "round.aborted", after=0, round_=number, seconds=PATIENCE)

    async def nothing_is_lost(self, number: int) -> RoundView:
        """Hold the ledger to what was seen of it, every peer to the same, and journals and accounts to both."""
        told = list(self.watch.seen)
        while (differs := await self._difference(told)) is not None:
            await asyncio.sleep(1)
            before, told = told, list(self.watch.seen)
            if len(told) == len(before):
                raise differs
            await self.at_rest()  # what was frozen had a commit under way: the study went on while it was looked at
        self._checked = told[-1].block
        return await self.play.ledger.round.get(STUDY, number)

    async def _difference(self, told: list[Seen]) -> AssertionError | None:
        twice = [
            what for what, times in Counter(each.identity for each in told if each.fact.round).items() if times > 1
        ]
        try:
            assert twice == []
            await asyncio.gather(*(self._same_at(member, told) for member in self.play.consortium.places))
            for member in self.play.consortium.places:
                await self._as_journalled(member, told)
        except AssertionError as error:
            return error
        return None

    async def _same_at(self, member: str, told: list[Seen]) -> None:
        """Read the facts again that are new since the last check, from a member's own peer."""
        expected = [(one.block, one.transaction, one.fact) for one in told if one.block > self._checked]
        consortium, found = self.play.consortium, []
        source = facts_at(consortium.connection, consortium.organisation(member), start=self._checked + 1)
        async with asyncio.timeout(PATIENCE):
            async for seen in source:
                found.append((seen.block, seen.transaction, seen.fact))
                if len(found) == len(expected):
                    break
        await source.aclose()
        assert found == expected, member

    async def _as_journalled(self, member: str, told: list[Seen]) -> None:
        msp = self.play.msp(member)
        committed = {
            one.fact.round: one.fact.digest for one in told if (one.fact.type, one.fact.msp) == ("round.committed", msp)
        }
        reserved = [one for one in told if (one.fact.type, one.fact.msp) == ("privacy.reserved", msp)]
        account = await self.play.read(self.play.ledger.privacy.account, msp, DATASET)
        assert account.charges == len(reserved), member
        for round_, update in committed.items():
            entry = await self._done(member, round_)
            assert (entry.update, entry.secret) == (update, b""), (member, round_)
        for round_ in range(1, max(committed, default=0) + 1):
            entry = self.play.remembered(member, round_=round_)
            if entry is not None and entry.stage is Stage.COMMITTED:
                assert round_ in committed, (member, round_)

    async def _done(self, member: str, round_: int) -> Entry:
        """Return a journal's entry once the round is done for its agent.

        Committed; or ended, where the agent was away until another round was open: it then only forgets the secret.
        """
        async with asyncio.timeout(PATIENCE):
            while (entry := self.play.remembered(member, round_=round_)) is None or not entry.stage.is_done:  # noqa: ASYNC110 (what another process writes)
                await asyncio.sleep(0.05)
        assert entry.stage is Stage.COMMITTED or entry.reason == "ended", (member, entry)
        return entry


def everybody_is_in(view: RoundView) -> None:
    """Hold a round to the best of all ends: final, with every member's update, and nothing left out."""
    assert view.round.state == "FINAL"
    assert (len(view.round.included), view.round.excluded, view.round.left_out) == (4, [], [])
    for included in view.round.included:
        assert commit_of(view, included.msp).update == included.update
