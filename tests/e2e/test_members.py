"""Members that do not come back, do not fit their budget, or do not play fair."""

import asyncio
import ctypes
import hashlib
import json
import os
import sys
from types import SimpleNamespace

import pytest

from gateway.artifacts.label import Description, Kind, Label
from gateway.artifacts.transfer import ArtifactClient, BytesOrigin
from network.identity import Role
from participants.data.bindings import CsvBinding
from participants.demo.configuration import DATASET
from participants.demo.follow import follow
from quorate.cli.root import main
from quorate.digest import digest_of
from quorate.errors import CheckFailedError, first_error
from quorate.tensors import Header, Schema, file_size
from tests.e2e.play import STUDY, commit_of

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(1800)]


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


async def test_a_charge_beyond_the_cap_is_refused_recorded_and_nobody_trains(play, tmp_path):
    async with play(rounds=2, cap="0.5") as it:
        await it.kill_agent("Birch")
        data = tmp_path / "records.csv"
        data.write_text("whoever opens this is seen\n")
        it.configure_agent("Birch", CsvBinding(path=data))
        with Openings(data) as openings:
            await it.begin()
            status, said = await run_agent(it, "Birch")
            assert openings.seen() == 0
            data.read_bytes()
            assert openings.seen() == 1  # the watch works
        assert status == 6
        assert "BUDGET_EXCEEDED: round 1 of demo would bring BirchMSP/records from ε 0.0000 to 0." in said
        assert "at δ 1e-5, over its cap of 0.5000" in said
        assert "quorate privacy show" in said

        view = await it.round(1, lambda view: len(view.reservations) == 4)
        refused = {charge.msp for charge in view.reservations if charge.status == "REFUSED"}
        assert refused == {it.msp(member) for member in it.consortium.places}
        assert all(int(charge.epsilon_after_nano) > int(charge.cap_nano) for charge in view.reservations)
        others = [pid for member, pid in it.consortium.agents.items() if member != "Birch"]
        assert [await it.consortium.nursery.ended(pid) for pid in others] == [6, 6, 6]
        view = await it.round(1, lambda view: view.round.state == "ABORTED")
        assert view.commits == []
        for member in it.consortium.places:
            account = await it.ledger.privacy.account(it.msp(member), DATASET)
            assert (account.charges, account.epsilon_nano) == (0, "0")


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


async def test_one_wrong_attestation_of_four_changes_nothing(play, capsys):
    async with play(rounds=1, attest_timeout_ms=6_000) as it:
        it.stop_training("Chestnut")
        await it.begin()
        await it.round(1, lambda view: len(view.commits) == 3)
        await it.kill_gateway("Birch")
        it.go_on_training("Chestnut")
        await attest_by_hand(it, "Birch", attempt=1)
        view = await it.final(1)
        assert view.round.attested_by == ["AlderMSP", "ChestnutMSP", "ElmMSP"]
        shown = await quorate(it, capsys, "round", "show", STUDY, "1")
        assert "attested another model or other exclusions than the quorum" in " ".join(shown.split())


async def test_two_wrong_attestations_of_four_end_in_a_dispute_and_nothing_final(play, capsys):
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
        await every_surface_says_disputed(it, capsys)


async def run_agent(it, member):
    """Run `quorate agent run` as an operator does; return its exit status and what it says."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "quorate", "agent", "run"),
        *("--config", str(it.consortium.places[member].agent_config)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await asyncio.wait_for(process.communicate(), 600)
    return process.returncode, said.decode()


class Openings:
    """Counts how often a file is opened, by any process, as the kernel tells (inotify)."""

    _IN_OPEN = 0x20

    def __init__(self, path):
        self._path = path

    def __enter__(self):
        libc = ctypes.CDLL(None, use_errno=True)
        self._file = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        assert libc.inotify_add_watch(self._file, bytes(self._path), self._IN_OPEN) > 0, os.strerror(ctypes.get_errno())
        return self

    def seen(self):
        """Return how many openings there were since this was last asked."""
        try:
            return len(os.read(self._file, 4096)) // 16  # an event of a watched file has no name
        except BlockingIOError:
            return 0

    def __exit__(self, *_):
        os.close(self._file)


async def every_surface_says_disputed(it, capsys):
    shown = await quorate(it, capsys, "round", "show", STUDY, "1")
    assert "DISPUTED" in shown
    for attempt in (1, 2, 3):
        assert shown.count(f"attest {attempt}") == 4
    assert "DISPUTED" in await quorate(it, capsys, "study", "show", STUDY)

    async with it.as_role("Elm", Role.OFFICER) as session:
        with pytest.raises(BaseExceptionGroup) as caught:
            await follow(session.channel, Silence(), SimpleNamespace(agents={}))
    error = first_error(caught.value)  # what ends `quorate demo`
    assert isinstance(error, CheckFailedError)
    assert error.message.startswith("round 1 is disputed: no 3 attesters agreed in 3 attempts")
    assert "round-disputed.md" in error.hint
    for member in it.consortium.places:
        assert f"{it.msp(member)} attested sha256:" in error.message

    async with it.as_role("Elm", Role.OFFICER) as session:
        facts = [fact async for fact in facts_of(session)]
    assert [fact["attempt"] for fact in facts if fact["type"] == "round.retried"] == [2, 3]
    assert (facts[-1]["type"], facts[-1]["study"], facts[-1]["round"]) == ("round.disputed", STUDY, 1)
    await it.said(it.consortium.places["Elm"].log("gateway"), "round 1 of demo is disputed")


class Silence:
    """A board that nobody looks at."""

    def say(self, _text):
        pass

    def show(self, _view):
        pass


async def facts_of(session):
    """Yield every fact of the ledger's events up to the dispute."""
    profile = session.profile
    async with session.network.chaincode_events(profile.chaincode, start_block=0) as events, asyncio.timeout(60):
        async for event in events:
            for fact in json.loads(event.payload)["events"]:
                yield fact
                if fact["type"] == "round.disputed":
                    return


async def quorate(it, capsys, *arguments):
    """Return what a command of Elm's officer prints."""
    capsys.readouterr()
    profile = str(it.consortium.places["Elm"].profile(Role.OFFICER))
    assert await asyncio.to_thread(main, [*arguments, "--profile", profile, "--format", "table"]) == 0
    return capsys.readouterr().out


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
            await ArtifactClient(session.channel).put(description, BytesOrigin(update), within=90)
        await session.ledger.round.commit(STUDY, 1, dataset=DATASET, base=view.round.base, update=digest)


async def attest_by_hand(it, member, *, attempt):
    """Attest a model that nobody computed, as a member's gateway, straight at its peer."""
    await it.round(1, lambda view: view.round.state == "SEALED" and view.round.attempt == attempt)
    wrong = digest_of(b"a model of my own")
    possession = "sha256:" + hashlib.sha256(member.encode()).hexdigest()
    async with it.at_its_peer(member, Role.AGGREGATOR) as ledger:
        await ledger.settling().round.attest(STUDY, 1, attempt=attempt, model=wrong, excluded=[], possession=possession)
