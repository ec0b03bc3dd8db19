"""A consortium under test: what a test does to it, and what it then asks the ledger."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from gateway.fabric import Endpoint, FileIdentity, Tls, connect
from gateway.ledger import Ledger
from gateway.ledger.session import Profile, open_session
from network.identity import Role
from participants.agent.journal import Entry, Journal
from participants.demo import founding
from participants.demo.configuration import DATASET, write_agent
from participants.demo.measure import descendants
from quorate.errors import ExpiredError, QuorateError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from gateway.ledger.session import Session
    from participants.agent.journal import Stage
    from participants.data.bindings import DataBinding
    from participants.demo.founding import People
    from participants.demo.local import LocalConsortium, Prepared
    from quorate.records.round import RoundView
    from quorate.records.study import Terms

STUDY = founding.STUDY
_BACK_SECONDS: Final = 120.0
_Answer = TypeVar("_Answer")


@dataclass(kw_only=True)
class Play:
    consortium: LocalConsortium
    people: People
    terms: Terms
    prepared: Prepared
    cap: str

    @property
    def ledger(self) -> Ledger:
        """The ledger as an officer of a member sees it whose gateway no test ends."""
        return self.people.sessions[self.consortium.scenario.members[3], Role.OFFICER].ledger

    async def begin(self) -> None:
        await self.consortium.agree(self.terms, self.prepared, cap=self.cap, people=self.people)

    def msp(self, member: str) -> str:
        return self.consortium.organisation(member).msp_id

    async def round(self, number: int, until: Callable[[RoundView], bool], *, seconds: float = 400) -> RoundView:
        """Return a round once a condition holds of it."""
        end = time.monotonic() + seconds
        view = None
        while time.monotonic() < end:
            study = await self.read(self.ledger.study.get, STUDY)
            if any(summary.round == number for summary in study.rounds):
                view = await self.read(self.ledger.round.get, STUDY, number)
                if until(view):
                    return view
            await asyncio.sleep(0.02)
        raise AssertionError(f"round {number} did not come so far in {seconds} s: {view}")

    async def final(self, number: int, *, seconds: float = 400) -> RoundView:
        return await self.round(number, lambda view: view.round.state == "FINAL", seconds=seconds)

    async def completed(self, *, seconds: float = 400) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if (await self.read(self.ledger.study.get, STUDY)).study.state == "COMPLETED":
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"the study was not completed in {seconds} s")

    async def read(self, ask: Callable[..., Awaitable[_Answer]], *about: object) -> _Answer:
        """Ask the ledger, again where it or the way to it has not come back yet: that takes a busy machine seconds."""
        async with asyncio.timeout(_BACK_SECONDS):
            while True:
                try:
                    return await ask(*about)
                except QuorateError as error:
                    if error.code not in {"UNREACHABLE", "TIMED_OUT"}:
                        raise
                await asyncio.sleep(0.1)

    async def said(self, log: Path, words: str, *, seconds: float = 120) -> None:
        """Wait until a process has said something, which it does a moment after others see why."""
        async with asyncio.timeout(seconds):
            while not says(log, words):  # noqa: ASYNC110 (what another process writes)
                await asyncio.sleep(0.05)

    # --- what members remember

    def remember(self, member: str, entry: Entry) -> Entry:
        """Write an entry into the journal of a member whose agent does not run."""
        return Journal(self._journal(member)).record(entry)

    def remembered(self, member: str, *, round_: int = 1) -> Entry | None:
        """Return the entry of a member's round, whether or not its agent runs."""
        try:
            # Not by `Journal`, which tidies what its writer has not finished.
            return Entry.decode((self._journal(member) / f"{STUDY}~{round_:06d}~{DATASET}.json").read_bytes())
        except FileNotFoundError:
            return None

    async def journalled(self, member: str, stage: Stage, *, round_: int = 1, seconds: float = 240) -> Entry:
        """Return the entry of a member's round once it has come to a stage."""
        async with asyncio.timeout(seconds):
            while (entry := self.remembered(member, round_=round_)) is None or entry.stage is not stage:  # noqa: ASYNC110 (what another process writes)
                await asyncio.sleep(0.02)
        return entry

    def _journal(self, member: str) -> Path:
        return self.consortium.places[member].state("agent") / "journal"

    # --- what tests do to processes

    def stop_training(self, member: str) -> None:
        """Freeze a member's training process, so that a round stays open there."""
        for pid in descendants(self.consortium.agents[member]) - {self.consortium.agents[member]}:
            os.kill(pid, signal.SIGSTOP)

    def go_on_training(self, member: str) -> None:
        for pid in descendants(self.consortium.agents[member]) - {self.consortium.agents[member]}:
            os.kill(pid, signal.SIGCONT)

    async def kill_agent(self, member: str) -> None:
        pid = self.consortium.agents[member]
        self.consortium.nursery.end(pid, signal.SIGKILL)
        await self.consortium.nursery.ended(pid)

    def configure_agent(self, member: str, binding: DataBinding) -> None:
        """Write a member's configuration anew, with other data."""
        consortium = self.consortium
        write_agent(
            consortium.places[member],
            consortium.organisation(member),
            gateway=consortium.addresses[member],
            binding=binding,
            channel=consortium.connection.channel,
            chaincode=consortium.connection.chaincode,
        )

    async def kill_gateway(self, member: str) -> None:
        process = self.consortium.gateways[member]
        os.kill(process.pid, signal.SIGKILL)
        await asyncio.to_thread(process.stop)

    def stop_gateway(self, member: str) -> None:
        """Freeze a member's gateway: it is there, and does not answer."""
        os.kill(self.consortium.gateways[member].pid, signal.SIGSTOP)

    def go_on_gateway(self, member: str) -> None:
        os.kill(self.consortium.gateways[member].pid, signal.SIGCONT)

    async def kill_network(self) -> None:
        await asyncio.gather(*(asyncio.to_thread(node.kill) for node in self.consortium.network.nodes.values()))

    async def change_peers(self, peers: Mapping[str, Mapping[str, int]]) -> None:
        """Start the ledger anew with other clocks and lags of some members' peers, and wait for the gateways."""
        await self.kill_network()
        changed = [
            one.model_copy(update=peers.get(member, {}))
            for member, one in zip(self.consortium.places, self.consortium.topology.organisations, strict=True)
        ]
        self.consortium.topology = self.consortium.topology.model_copy(update={"organisations": tuple(changed)})
        self.consortium.start_network()
        await asyncio.gather(*map(self._connected, self.consortium.places))

    async def _connected(self, member: str) -> None:
        # Reading is repeated until the gateway has found its peer again; a clock beyond the skew is an answer too.
        with suppress(ExpiredError):
            await self.read(self.people.sessions[member, Role.OFFICER].ledger.consortium.get)

    def as_role(self, member: str, role: Role) -> AbstractAsyncContextManager[Session]:
        """Speak as a member's role through its gateway."""
        return open_session(Profile.load(self.consortium.places[member].profile(role)))

    @asynccontextmanager
    async def at_its_peer(self, member: str, role: Role) -> AsyncIterator[Ledger]:
        """Speak as a member's role to its peer, without a gateway."""
        organisation = self.consortium.organisation(member)
        paths = organisation.paths
        identity, signer = FileIdentity(
            msp_id=organisation.msp_id, certificate=paths.identity(role).cert, key=paths.identity(role).key
        ).load()
        tls = Tls.from_files(
            roots=organisation.tls_ca, certificate=paths.gateway_client.cert, key=paths.gateway_client.key
        )
        address = f"localhost:{organisation.address.rpartition(':')[2]}"
        async with connect(Endpoint(address, tls), identity, signer) as gateway:
            connection = self.consortium.connection
            yield Ledger(gateway.network(connection.channel).contract(connection.chaincode))


@asynccontextmanager
async def playing(
    consortium: LocalConsortium, *, times: int, cap: str, rounds: int, ends_by: int = signal.SIGTERM, **terms: object
) -> AsyncIterator[Play]:
    """Start a consortium up to a study that is ready to start and whose rounds have so many times the time; end it."""
    try:
        consortium.start_network()
        await consortium.start_gateways()
        people = await consortium.found()
        await consortium.nursery.wait_ready()
        await consortium.start_agents()
        await agents_listen(consortium)
        prepared = await consortium.prepare()
        agreed = (await consortium.terms(prepared, rounds=rounds, people=people)).model_copy(update=terms)
        agreed = with_time(agreed, times)
        yield Play(consortium=consortium, people=people, terms=agreed, prepared=prepared, cap=cap)
    finally:
        for pid in consortium.agents.values():
            consortium.nursery.end(pid, ends_by)
        await consortium.close()


async def agents_listen(consortium: LocalConsortium, *, seconds: float = 600, **lives: int) -> None:
    """Wait until every agent has said that it listens, once more than in its earlier lives.

    Its training process, which tests freeze, runs by then. An agent that ends instead is an error that shows its log.
    """
    async with asyncio.timeout(seconds), asyncio.TaskGroup() as tasks:
        guards = [tasks.create_task(consortium.agent_ended(name)) for name in consortium.agents]
        while any(now <= lives.get(name, 0) for name, now in lives_of(consortium).items()):  # noqa: ASYNC110 (see above)
            await asyncio.sleep(0.1)
        for guard in guards:
            guard.cancel()


def lives_of(consortium: LocalConsortium) -> dict[str, int]:
    """Return how often every agent has said that it listens."""
    logs = {name: place.log("agent") for name, place in consortium.places.items()}
    return {name: log.read_text().count("quorate.agent.ready") if log.exists() else 0 for name, log in logs.items()}


def with_time(terms: Terms, times: int) -> Terms:
    """Return terms whose rounds have so many times the time for commits and attestations."""
    limits = {name: getattr(terms, name) * times for name in ("commit_timeout_ms", "attest_timeout_ms")}
    return terms.model_copy(update=limits)


def says(log: Path, words: str) -> bool:
    return words in log.read_text()


def commit_of(view: RoundView, msp: str):
    return next((commit for commit in view.commits if commit.msp == msp), None)


def charge_of(view: RoundView, msp: str):
    return next((charge for charge in view.reservations if charge.msp == msp), None)
