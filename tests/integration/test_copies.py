"""The same envelope several times is one transaction, whoever looks: the peer, its events, the trail, the verifier."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest

from gateway.audit.export import export_bundle
from gateway.audit.trail.bundle import read_bundle
from gateway.audit.trail.detail import transaction
from gateway.audit.trail.questions.refusals import refusals
from gateway.fabric import EndorseError, Status, TxValidationCode
from network.identity.layout import Role
from quorate.verify import verify_bundle
from tests.integration.datasets import unprotected
from tests.integration.evidence_walk import Walk

AT_ONCE = 3


@dataclass
class Copied:
    """One transaction of which several copies were sent, and what became of each."""

    id: str
    statuses: list[Status] = field(default_factory=list)

    @property
    def first(self):
        return self.statuses[0]


async def endorsed(contract, dataset):
    """Endorse a registration, as soon as the peers that are asked have the founding: one may be a block behind."""
    async with asyncio.timeout(120):
        while True:
            try:
                return await contract.new_proposal("dataset:Register", unprotected(dataset).encode()).endorse()
            except EndorseError:
                await asyncio.sleep(0.1)


async def submitted(proposed):
    """Submit copies at once, and another when one of them is in a block."""
    copied = Copied(proposed.transaction_id)
    commits = await asyncio.gather(*(proposed.submit() for _ in range(AT_ONCE)))
    copied.statuses += await asyncio.gather(*(commit.status() for commit in commits))
    copied.statuses.append(await (await proposed.submit()).status())
    return copied


async def events_until(session, last):
    """Return the transactions of all events, in order, up to one."""
    found = []
    async with (
        asyncio.timeout(60),
        session.network.chaincode_events(session.profile.chaincode, start_block=0) as events,
    ):
        while last not in found:
            found.append((await anext(events)).transaction_id)
    return found


@pytest.fixture(scope="module")
def ledger(network, tmp_path_factory):
    """A ledger with a valid transaction and one that lost to it, both sent again and again."""
    bundle = tmp_path_factory.mktemp("copies") / "ledger.qeb"

    async def walk():
        async with AsyncExitStack() as stack:
            one = Walk(network, stack, "one")
            await one.found()
            steward = await one.as_(one.names[0], Role.STEWARD)
            contract = steward.network.contract(steward.profile.chaincode)
            won, lost = [await endorsed(contract, "copied") for _ in range(2)]
            copies = [await submitted(each) for each in (won, lost)]
            after = await (await endorsed(contract, "after")).submit()
            told = await events_until(steward, (await after.status()).transaction_id)
            await export_bundle(await one.as_(one.names[1], Role.OFFICER), bundle)
            return copies, told

    return *asyncio.run(walk()), bundle


def test_every_copy_has_the_fate_of_the_first(ledger):
    (won, lost), _, _ = ledger
    assert (won.first.code, lost.first.code) == (TxValidationCode.VALID, TxValidationCode.MVCC_READ_CONFLICT)
    for copied in (won, lost):
        assert copied.statuses == [copied.first] * (AT_ONCE + 1)


def test_its_event_comes_once(ledger):
    (won, lost), told, _ = ledger
    assert (told.count(won.id), told.count(lost.id)) == (1, 0)


def test_the_trail_has_the_first(ledger):
    (won, lost), _, bundle = ledger
    trail, _ = read_bundle(bundle)
    for copied in (won, lost):
        found = transaction(trail, copied.id)
        assert (found.block, found.code) == (copied.first.block_number, copied.first.code.name)
    [written] = [row.key for row in transaction(trail, won.id).writes if row.key.startswith("dataset~")]
    assert written.endswith("~copied")
    assert [row.transaction for row in refusals(trail).rows if row.kind == "conflict"] == [lost.id]


def test_the_evidence_verifies(ledger, network):
    _, _, bundle = ledger
    report = verify_bundle(bundle, genesis=network.genesis)
    assert report.verified
    [codes] = [found.message for found in report.verified if "derived again" in found.message]
    # The embedded network's orderer takes no copy of what it has; Fabric's Raft takes every one.
    assert ("DUPLICATE_TXID" in codes) is (network.engine != "embedded")
