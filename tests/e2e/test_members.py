"""Members that do not come back, do not fit their budget, or do not play fair."""

import asyncio
import hashlib

import pytest

from gateway.artifacts.label import Description, Kind, Label
from gateway.artifacts.transfer import ArtifactClient, BytesOrigin
from network.identity import Role
from participants.demo.configuration import DATASET
from quorate.digest import digest_of
from quorate.tensors import Header, Schema, file_size
from tests.e2e.play import STUDY, commit_of

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def test_a_round_seals_without_an_agent_that_never_comes_back(play):
    async with play(rounds=1, commit_timeout_ms=8_000) as it:
        await it.kill_agent("Birch")
        await it.begin()
        view = await it.final(1)
        assert [(left.msp, left.reason) for left in view.round.left_out] == [("BirchMSP", "missing")]
        assert len(view.round.included) == 3


async def test_a_round_below_its_minimum_is_aborted_and_the_next_one_begins(play):
    async with play(rounds=1, commit_timeout_ms=8_000, minimum_commits=4) as it:
        it.stop_training("Birch")
        await it.begin()
        view = await it.round(1, lambda view: view.round.state == "ABORTED")
        assert view.round.model is None
        it.go_on_training("Birch")
        assert (await it.final(2)).round.base == it.terms.model.initial


async def test_a_charge_beyond_the_cap_is_refused_recorded_and_nobody_trains(play):
    async with play(rounds=2, cap="0.5") as it:
        await it.begin()
        view = await it.round(1, lambda view: len(view.reservations) == 4)
        refused = {charge.msp for charge in view.reservations if charge.status == "REFUSED"}
        assert refused == {it.msp(member) for member in it.consortium.places}
        assert all(int(charge.epsilon_after_nano) > int(charge.cap_nano) for charge in view.reservations)
        statuses = [await it.consortium.nursery.ended(pid) for pid in it.consortium.agents.values()]
        assert statuses == [6, 6, 6, 6]
        view = await it.round(1, lambda view: view.round.state == "ABORTED")
        assert view.commits == []
        assert (await it.ledger.privacy.account("BirchMSP", DATASET)).charges == 0


async def test_a_member_that_commits_and_withholds_cannot_stop_the_round(play):
    async with play(rounds=1, attest_timeout_ms=6_000) as it:
        await it.kill_agent("Birch")
        await it.begin()
        await commit_by_hand(it, "Birch", update=b"never shown to anybody", store=False)
        view = await it.final(1)
        assert [(left.msp, left.reason) for left in view.round.excluded] == [("BirchMSP", "unavailable")]


async def test_invalid_bytes_are_left_out_and_the_record_says_so(play):
    async with play(rounds=1) as it:
        await it.kill_agent("Birch")
        await it.begin()
        view = await it.round(1, lambda view: view.round.state == "OPEN")
        garbage = bytes(update_size(it, "Birch", view.round.base))
        await commit_by_hand(it, "Birch", update=garbage, store=True)
        view = await it.final(1)
        assert [(left.msp, left.reason) for left in view.round.excluded] == [("BirchMSP", "invalid")]


async def test_a_copied_update_is_invalid_for_whoever_copied_it(play):
    async with play(rounds=1) as it:
        await it.kill_agent("Birch")
        it.stop_training("Chestnut")
        await it.begin()
        view = await it.round(1, lambda view: commit_of(view, "AlderMSP") is not None)
        copied = commit_of(view, "AlderMSP").update
        async with it.as_role("Birch", Role.AGENT) as session:
            await session.ledger.privacy.reserve(study=STUDY, round_=1, dataset=DATASET)
            await session.ledger.round.commit(STUDY, 1, dataset=DATASET, base=view.round.base, update=copied)
        it.go_on_training("Chestnut")
        view = await it.final(1)
        assert [(left.msp, left.reason) for left in view.round.excluded] == [("BirchMSP", "invalid")]


async def test_one_wrong_attestation_of_four_changes_nothing(play):
    async with play(rounds=1, attest_timeout_ms=6_000) as it:
        it.stop_training("Chestnut")
        await it.begin()
        await it.round(1, lambda view: len(view.commits) == 3)
        await it.kill_gateway("Birch")
        it.go_on_training("Chestnut")
        await attest_by_hand(it, "Birch", attempt=1)
        view = await it.final(1)
        assert "BirchMSP" not in view.round.attested_by
        assert len(view.round.attested_by) >= 3


async def test_two_wrong_attestations_of_four_end_in_a_dispute_and_nothing_final(play):
    async with play(rounds=1, attest_timeout_ms=8_000) as it:
        it.stop_training("Chestnut")
        await it.begin()
        await it.round(1, lambda view: len(view.commits) == 3)
        await it.kill_gateway("Alder")
        await it.kill_gateway("Birch")
        it.go_on_training("Chestnut")
        for attempt in (1, 2, 3):
            await asyncio.gather(*(attest_by_hand(it, member, attempt=attempt) for member in ("Alder", "Birch")))
        view = await it.round(1, lambda view: view.round.state == "DISPUTED")
        assert view.round.model is None
        assert (await it.ledger.study.get(STUDY)).study.state == "RUNNING"


def update_size(it, member, base):
    schema = Schema.from_json([tensor.model_dump() for tensor in it.terms.model.tensors])
    header = Header.update(study=STUDY, round=1, msp=it.msp(member), dataset=DATASET, base=base)
    return file_size(schema, header)


async def commit_by_hand(it, member, *, update, store):
    """Do what an agent does, with bytes of the test's choice."""
    view = await it.round(1, lambda view: view.round.state == "OPEN")
    digest = digest_of(update)
    async with it.as_role(member, Role.AGENT) as session:
        await session.ledger.privacy.reserve(study=STUDY, round_=1, dataset=DATASET)
        if store:
            label = Label.of(kind=Kind.UPDATE, study=STUDY, round=1, msp=it.msp(member), dataset=DATASET)
            description = Description(digest=digest, size=len(update), label=label)
            await ArtifactClient(session.channel).put(description, BytesOrigin(update), within=20)
        await session.ledger.round.commit(STUDY, 1, dataset=DATASET, base=view.round.base, update=digest)


async def attest_by_hand(it, member, *, attempt):
    """Attest a model that nobody computed, as a member's gateway, straight at its peer."""
    await it.round(1, lambda view: view.round.state == "SEALED" and view.round.attempt == attempt)
    wrong = digest_of(b"a model of my own")
    possession = "sha256:" + hashlib.sha256(member.encode()).hexdigest()
    async with it.at_its_peer(member, Role.AGGREGATOR) as ledger:
        await ledger.settling().round.attest(STUDY, 1, attempt=attempt, model=wrong, excluded=[], possession=possession)
