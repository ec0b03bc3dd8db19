"""Evidence of everything that can go otherwise than hoped: the verifier's rules are the chaincode's there too."""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest

from gateway.audit.export import export_bundle
from network.identity.layout import Role
from quorate.digest import digest_of
from quorate.records.functions import (
    CONSORTIUM_ANNOUNCE,
    CONSORTIUM_CONFIRM,
    CONSORTIUM_FOUND,
    CONSORTIUM_TALLY,
    DATASET_REGISTER,
    DATASET_RETIRE,
    MODEL_RETIRE,
    PRIVACY_RESERVE,
    ROUND_ABORT,
    ROUND_ATTEST,
    ROUND_COMMIT,
    ROUND_FINALIZE,
    ROUND_OPEN,
    ROUND_RETRY,
    ROUND_SEAL,
    STUDY_ACCEPT,
    STUDY_COMPLETE,
    STUDY_PROPOSE,
    STUDY_START,
    STUDY_TALLY,
    STUDY_VOTE,
    STUDY_WITHDRAW,
)
from quorate.verify import verify_bundle
from quorate.verify.bundle.scope import Extent
from tests.integration.evidence_walk import Walk
from tests.pace import pace


class Times:
    """Milliseconds that the ledger's rules name, and more where everything takes longer: most steps are in time."""

    def __init__(self):
        slower = (pace() + 1) // 2
        self.skew, self.commit, self.attest, self.voting = (slower * each for each in (500, 4000, 2000, 10_000))


async def until(milliseconds):
    """Wait for a time that the ledger's rules name."""
    await asyncio.sleep(max(milliseconds / 1000 - time.time(), 0) + 0.05)


class Trouble(Walk):
    def __init__(self, connection, stack, study, times):
        super().__init__(connection, stack, study)
        self.times = times

    def terms(self, **changes):
        short = {"commit_timeout_ms": self.times.commit, "attest_timeout_ms": self.times.attest, "max_rounds": 5}
        return super().terms(**short, **changes)

    async def first(self, role, function, **fields):
        return await self.call(self.names[0], role, function, **fields)

    async def found(self):
        """A proposal that is replaced before anybody confirms it, and gateways announced twice."""
        members = [{"msp": msp, "fingerprint_key": digest_of(b"key")} for msp in sorted(self.msps.values())]
        quorum = {"studies": "majority", "members": "all", "policies": "two-thirds"}
        for title in ("First thoughts", "Second thoughts"):
            founding = await self.first(
                Role.OPERATOR, CONSORTIUM_FOUND, title=title, members=members, quorum=quorum,
                clock_skew_ms=self.times.skew, voting_period_ms=self.times.voting,
            )  # fmt: skip
        agreed = {"proposer": founding.proposer, "charter_digest": founding.charter_digest}
        await self.every(Role.OPERATOR, CONSORTIUM_CONFIRM, **agreed)
        await self.first(Role.OPERATOR, CONSORTIUM_TALLY, motion="founding", proposer=founding.proposer)
        for port in (1000, 2000):
            root = self.connection.organisations[0].tls_ca.read_text()
            await self.first(Role.AGGREGATOR, CONSORTIUM_ANNOUNCE, address=f"localhost:{port}", tls_root=root)

    async def spare(self):
        """A data set without a cap, retired."""
        about = {"dataset": "spare", "title": "Spare", "unit": "record", "adjacency": "add-or-remove-one"}
        await self.first(
            Role.STEWARD, DATASET_REGISTER, **about, purposes=["research", "teaching"], protection="unprotected",
            fingerprint=digest_of(b"spare"),
        )  # fmt: skip
        await self.first(Role.STEWARD, DATASET_RETIRE, dataset="spare")

    async def propose(self, title):
        study = await self.first(Role.OPERATOR, STUDY_PROPOSE, study=self.study, terms=self.terms(title=title))
        return {"study": self.study, "version": study.version, "terms_digest": study.terms_digest}

    async def vote(self, about, motion, *choices):
        for name, choice in zip(self.names, choices, strict=False):
            await self.call(name, Role.OPERATOR, STUDY_VOTE, **about, motion=motion, choice=choice)
        return await self.first(Role.OPERATOR, STUDY_TALLY, study=self.study, motion=motion)

    async def agree(self):
        """Rejected by vote, then by a withdrawal, then agreed to."""
        study = await self.vote(await self.propose("No"), "approve", "reject", "approve", "reject")
        assert (study.state, study.closed.reason) == ("REJECTED", "rejected")
        about = await self.propose("Yes, but")
        assert (await self.vote(about, "approve", *["approve"] * 3)).state == "APPROVED"
        await self.first(Role.STEWARD, STUDY_ACCEPT, **about)
        await self.call(self.names[1], Role.STEWARD, STUDY_WITHDRAW, study=self.study, version=about["version"])
        study = await self.first(Role.OPERATOR, STUDY_TALLY, study=self.study, motion="accept")
        assert (study.state, study.closed.reason) == ("REJECTED", "withdrawn")
        about = await self.propose("Yes")
        await self.vote(about, "approve", "reject", "approve", "approve", "approve")
        await self.every(Role.STEWARD, STUDY_ACCEPT, **about)
        await self.first(Role.OPERATOR, STUDY_TALLY, study=self.study, motion="accept")
        await self.first(Role.OPERATOR, STUDY_START, study=self.study)
        return about

    async def open(self, number, *committing):
        opened = await self.first(Role.AGGREGATOR, ROUND_OPEN, study=self.study, round=number)
        await asyncio.gather(*(self.commit(self.names[index], opened) for index in committing))
        return opened

    async def attest_all(self, round_, models, *, excluded=()):
        for name, model in zip(self.names, models, strict=True):
            await self.call(
                name, Role.AGGREGATOR, ROUND_ATTEST, study=self.study, round=round_.round, attempt=round_.attempt,
                model=model, excluded=list(excluded), possession=digest_of(name.encode()),
            )  # fmt: skip

    async def close(self, function, number, **fields):
        return await self.first(Role.AGGREGATOR, function, study=self.study, round=number, **fields)

    async def too_few_commits(self, number):
        opened = await self.open(number, 0)
        await until(opened.commit_by + self.times.skew)
        closed = await self.close(ROUND_ABORT, number)
        assert (closed.state, closed.closed.reason) == ("ABORTED", "too-few-commits")

    async def too_few_valid(self, number):
        """Two commits in time, one late; then one is withheld until half of the attest time-out has passed."""
        opened = await self.open(number, 0, 1)
        await self.reserve_late(opened)
        await until(opened.commit_by + self.times.skew)
        late = await self.call(
            self.names[2], Role.AGENT, ROUND_COMMIT, study=self.study, round=number, dataset=self.study,
            base=opened.base, update=digest_of(b"late"),
        )  # fmt: skip
        assert late.status == "LATE"
        sealed = await self.close(ROUND_SEAL, number)
        assert [found.reason for found in sealed.left_out] == ["late", "missing"]
        await until(sealed.attempt_time + self.times.attest / 2)
        lost = {"msp": sealed.included[0].msp, "dataset": self.study, "reason": "unavailable"}
        await self.attest_all(sealed, ["", "", "", ""], excluded=[lost])
        closed = await self.close(ROUND_FINALIZE, number)
        assert (closed.state, closed.closed.reason) == ("ABORTED", "too-few-valid")

    async def reserve_late(self, opened):
        where = {"study": self.study, "round": opened.round, "dataset": self.study}
        await self.call(self.names[2], Role.AGENT, PRIVACY_RESERVE, **where)

    async def disputed(self, number, about):
        await self.open(number, 0, 1, 2, 3)
        round_ = await self.close(ROUND_SEAL, number)
        for attempt in (1, 2, 3):
            await self.attest_all(round_, [digest_of(f"{name} {attempt}".encode()) for name in self.names])
            round_ = await self.close(ROUND_RETRY, number, attempt=attempt)
        assert round_.state == "DISPUTED"
        await self.vote(about, f"abort-round/{number}", "approve", "approve", "reject", "approve")

    async def without_two(self, number, about):
        """One has withdrawn from the running study, and one update is invalid."""
        await self.call(self.names[3], Role.STEWARD, STUDY_WITHDRAW, study=self.study, version=about["version"])
        await self.open(number, 0, 1, 2)
        sealed = await self.close(ROUND_SEAL, number)
        assert [found.reason for found in sealed.left_out] == ["withdrawn"]
        invalid = {"msp": sealed.included[2].msp, "dataset": self.study, "reason": "invalid"}
        mine, theirs = digest_of(b"my model"), digest_of(b"their model")
        await self.attest_all(sealed, [theirs, theirs, mine, theirs], excluded=[invalid])
        final = await self.close(ROUND_FINALIZE, number)
        assert (final.state, len(final.attested_by)) == ("FINAL", 3)
        await self.first(Role.OPERATOR, MODEL_RETIRE, model=theirs, reason=digest_of(b"poisoned"))

    async def taken(self, number, about):
        """The quorum attests a model that is another round's."""
        await self.open(number, 0, 1, 2)
        sealed = await self.close(ROUND_SEAL, number)
        await self.attest_all(sealed, [digest_of(b"their model")] * 4)
        assert (await self.close(ROUND_FINALIZE, number)).state == "DISPUTED"
        await self.vote(about, f"abort-round/{number}", "approve", "approve", "approve")

    async def complete(self):
        study = await self.first(Role.OPERATOR, STUDY_COMPLETE, study=self.study)
        assert (study.state, study.closed.reason) == ("COMPLETED", "rounds-used-up")


async def walk(network, folder):
    async with AsyncExitStack() as stack:
        times = Times()
        one, forgotten = Trouble(network, stack, "one", times), Trouble(network, stack, "forgotten", times)
        await one.found()
        await forgotten.register(["8"] * 4)
        await forgotten.propose("Forgotten")
        forgotten_by = time.time() * 1000 + times.voting + times.skew
        await one.spare()
        await one.register(["8"] * 4)
        about = await one.agree()
        await one.too_few_commits(1)
        await one.too_few_valid(2)
        await one.disputed(3, about)
        await one.without_two(4, about)
        await one.taken(5, about)
        await one.complete()
        other = Trouble(network, stack, "other", times)
        await other.register(["8"] * 4)
        about = await other.propose("Never mind")
        study = await other.vote(about, "abort", *["approve"] * 3)
        assert study.state == "ABORTED"
        await until(forgotten_by)
        study = await forgotten.first(Role.OPERATOR, STUDY_TALLY, study="forgotten", motion="approve")
        assert (study.state, study.closed.reason) == ("REJECTED", "expired")
        officer = await one.as_(one.names[1], Role.OFFICER)
        await export_bundle(officer, folder / "ledger.qeb")
        for name in ("one", "other", "forgotten"):
            await export_bundle(officer, folder / f"{name}.qeb", extent=Extent(study=name))


@pytest.fixture(scope="module")
def bundles(network, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles")
    asyncio.run(walk(network, folder))
    return folder


def test_the_whole_ledger_verifies(bundles, network):
    report = verify_bundle(bundles / "ledger.qeb", genesis=network.genesis)
    said = " ".join(found.message for found in report.verified)
    assert "3 studies with 5 rounds, 1 of them final" in said


@pytest.mark.parametrize("name", ["one", "other", "forgotten"])
def test_every_study_verifies_on_its_own(bundles, network, name):
    assert verify_bundle(bundles / f"{name}.qeb", genesis=network.genesis).result == "verified"
