"""Members and policies change by recorded votes on a real ledger, and the evidence shows it."""

import asyncio
import json
import zipfile
from contextlib import AsyncExitStack

import pytest

from gateway.audit.export import export_bundle
from network.identity.layout import Role
from quorate.digest import digest_of
from quorate.errors import DeniedError, StateError, UsageError
from quorate.records.functions import (
    AUDIT_ANCHOR_ACCESS_LOG,
    AUDIT_RECORD_REVIEW,
    CONSORTIUM_GET,
    CONSORTIUM_PROPOSE_MEMBER,
    CONSORTIUM_PROPOSE_REMOVAL,
    CONSORTIUM_TALLY,
    CONSORTIUM_VOTE,
    POLICY_GET,
    POLICY_PROPOSE,
    POLICY_TALLY,
    POLICY_VOTE,
)
from quorate.verify import verify_bundle
from tests.integration.evidence_walk import Walk

FREEZE = '\n@id("freeze") forbid (principal, action == Action::"dataset.retire", resource);\n'


class Votes(Walk):
    """A consortium that votes on itself."""

    async def propose(self, function, name, **fields):
        return await self.call(self.names[0], Role.OPERATOR, function, proposal=name, **fields)

    async def tally(self, name):
        return await self.call(self.names[1], Role.AGGREGATOR, CONSORTIUM_TALLY, motion="members", proposal=name)

    async def change_members(self):
        newcomer = {"msp": "FirMSP", "fingerprint_key": digest_of(b"Fir's")}
        admission = await self.propose(CONSORTIUM_PROPOSE_MEMBER, "fir", member=newcomer)
        await self.ballots(CONSORTIUM_VOTE, admission, ["approve", "approve"])
        with pytest.raises(StateError, match="2 for and 0 against of 4, 3 needed"):
            await self.tally("fir")
        await self.ballots(CONSORTIUM_VOTE, admission, ["approve", "approve", "approve"])
        admitted = await self.tally("fir")
        rejected = await self.propose(CONSORTIUM_PROPOSE_REMOVAL, "out", msp=self.msps[self.names[3]])
        await self.ballots(CONSORTIUM_VOTE, rejected, ["reject", "reject"])
        kept = await self.tally("out")
        removal = await self.propose(CONSORTIUM_PROPOSE_REMOVAL, "fir-again", msp="FirMSP")
        await self.ballots(CONSORTIUM_VOTE, removal, ["approve"] * 4)
        return [admitted, kept, await self.tally("fir-again")]

    async def change_policies(self):
        current = await self.call(self.names[0], Role.OPERATOR, POLICY_GET)
        text = current.text + FREEZE
        about = {"title": "No data set is retired", "base": current.digest}
        locked = '@id("none") permit (principal, action in Action::"ledger.read", resource);'
        with pytest.raises(UsageError, match="could not vote for another policy set"):
            await self.propose(POLICY_PROPOSE, "locked", **about, text=locked)
        proposal = await self.propose(POLICY_PROPOSE, "freeze", **about, text=text)
        await self.ballots(POLICY_VOTE, proposal, ["approve", "reject", "approve", "approve"])
        return await self.call(self.names[2], Role.OPERATOR, POLICY_TALLY, proposal="freeze")

    async def supervise(self):
        officer, subject = self.names[1], "policy/2"
        findings = {"reviewer": "ab" * 32, "meaning": "approval", "outcome": "accepted"}
        for state, said in (("OPEN", {}), ("ASSIGNED", {"reviewer": "ab" * 32}), ("CONCLUDED", findings)):
            await self.call(
                officer, Role.OFFICER, AUDIT_RECORD_REVIEW, review="rules", subject=subject, state=state, findings=said
            )
        for entries in (3, 8):
            head = digest_of(str(entries).encode())
            await self.call(officer, Role.AGGREGATOR, AUDIT_ANCHOR_ACCESS_LOG, entries=entries, head=head)


@pytest.fixture(scope="module")
def voted(network, tmp_path_factory):
    bundle = tmp_path_factory.mktemp("votes") / "ledger.qeb"

    async def walk():
        async with AsyncExitStack() as stack:
            votes = Votes(network, stack, "one")
            await votes.found()
            await votes.register(["8", "8", "8", "8"])
            charters = await votes.change_members()
            adopted = await votes.change_policies()
            session = await votes.as_(votes.names[0], Role.STEWARD)
            with pytest.raises(DeniedError, match="freeze"):
                await session.ledger.settling().dataset.retire("one")
            await votes.supervise()
            votes.policy_version = 2
            await votes.agree()
            await votes.round(1)
            view = await votes.call(votes.names[0], Role.OFFICER, CONSORTIUM_GET)
            await export_bundle(await votes.as_(votes.names[1], Role.OFFICER), bundle)
            return charters, adopted, view

    return bundle, *asyncio.run(walk())


def test_members_come_and_go_by_vote(voted):
    _, [admitted, kept, removed], _, view = voted
    assert "FirMSP" in {member.msp for member in admitted.members}
    assert kept == admitted
    assert "FirMSP" not in {member.msp for member in removed.members}
    assert (removed.amended.number, removed.amended.proposal) == (2, "fir-again")
    assert [(found.proposal, found.state) for found in view.proposals] == [
        ("fir", "ADOPTED"),
        ("fir-again", "ADOPTED"),
        ("out", "REJECTED"),
    ]


def test_a_policy_set_comes_into_force_by_vote(voted):
    _, _, adopted, _ = voted
    assert (adopted.state, adopted.version, adopted.closed.reason) == ("ADOPTED", 2, "voted")


def test_the_evidence_of_the_votes_verifies(voted, network):
    bundle, *_ = voted
    assert verify_bundle(bundle, genesis=network.genesis).result == "verified"
    with zipfile.ZipFile(bundle) as archive:
        events = [json.loads(line) for line in archive.read("events.jsonl").splitlines()]
    kinds = {event["type"] for line in events for event in line["events"]}
    assert {"consortium.amended", "consortium.change_rejected", "policy.in_force", "audit.review_concluded"} <= kinds
