"""Every question of an officer on a ledger where the answer is known: asked of a gateway, and of a bundle alone."""

import asyncio
import csv
import io
import json
import signal
import threading
import time
from contextlib import AsyncExitStack, aclosing, contextmanager
from dataclasses import replace

import grpc
import pytest
from click.testing import CliRunner

from gateway.audit.access.client import AuditStub
from gateway.audit.access.query import Meant, new_query, signed_bytes
from gateway.audit.export import export_bundle
from gateway.audit.inquiry import Source, follow, inquire
from gateway.audit.review import open_review
from gateway.audit.sign import ProfileSealer
from gateway.audit.trail.questions import QUESTIONS
from gateway.ledger.session import Profile, open_session
from gateway.service.protos.quorate.v1 import audit_pb2 as pb
from network import embedded_engine
from network.home import NetworkHome
from network.identity.layout import Role
from network.topology import Topology
from quorate.blocks.protos import SerializedIdentity
from quorate.cli.root import root
from quorate.digest import digest_of
from quorate.errors import QuorateError
from tests.integration.audit_walk import Known, write_profile
from tests.integration.gateway_process import GatewayProcess

OWN = ("reads", "deletions", "recompute", "agreement", "limits")
"""Questions to which a gateway knows more than the ledger does."""


class World:
    """The network, a gateway process, its officer's profile, a bundle, and how the walk ended."""

    def __init__(self, connection, folder):
        self.connection = connection
        self.folder = folder
        self.bundle = folder / "ledger.qeb"
        self.gateway = GatewayProcess(connection, connection.organisations[0], folder)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        try:
            self.run(self._take())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.gateway.process is not None:
            self.run(self.gateway.stop(signal.SIGKILL))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._loop.close()

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(600)

    def ask(self, name, **asked):
        return self.run(inquire(Source(profile=self.officer), f"question/{name}", asked))

    def ask_bundle(self, name, **asked):
        source = Source(bundle=self.bundle, genesis=self.connection.genesis)
        return self.run(inquire(source, f"question/{name}", asked))

    def command(self, *arguments, status=0):
        found = CliRunner().invoke(root(), ["audit", *arguments])
        ended = found.exception.exit_code if isinstance(found.exception, QuorateError) else found.exit_code
        assert ended == status, (found.output, found.exception)
        return found.stdout

    async def _take(self):
        async with AsyncExitStack() as stack:
            walk = Known(self.connection, stack, "one")
            self.first, self.second = await walk.take()
            self.names, self.msps = walk.names, [walk.msps[name] for name in walk.names]
            session = await walk.as_(walk.names[0], Role.OFFICER)
            exported = await export_bundle(session, self.bundle)
            self.height = exported.manifest.height
            await self.gateway.start()
        self.officer = write_profile(self.folder / "officer.toml", self.gateway, Role.OFFICER)
        self.agent = write_profile(self.folder / "agent.toml", self.gateway, Role.AGENT)
        async with asyncio.timeout(300):
            while (await inquire(Source(profile=self.officer), "events", {})).head["height"] < self.height:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)


@contextmanager
def network_of(folder, names):
    running = embedded_engine.start(NetworkHome(folder), Topology.for_members(names), dies_with_parent=True)
    try:
        yield running.connection
    finally:
        running.stop()


@pytest.fixture(scope="module")
def world(tmp_path_factory, embedded_program):  # noqa: ARG001 - it must be built
    names = ["Alder", "Birch", "Cedar", "Elm"]
    with (
        network_of(tmp_path_factory.mktemp("network"), names) as connection,
        World(connection, tmp_path_factory.mktemp("audit")) as made,
    ):
        yield made


def test_1_members_at_a_round_and_who_let_them_in(world):
    told = world.ask("members", study="one", round=1)
    assert told.head["members"] == sorted(world.msps)
    assert told.head["attesters"] == sorted(world.msps)
    changes = {(row["msp"], row["change"]): row for row in told.rows}
    assert changes["FirMSP", "admitted"]["approved_by"] == ["AlderMSP", "BirchMSP", "CedarMSP"]
    assert changes["FirMSP", "admitted"]["rejected_by"] == ["ElmMSP"]
    assert changes["FirMSP", "admitted"]["proposer"] == "AlderMSP"
    assert changes["FirMSP", "removed"]["proposer"] == "BirchMSP"
    assert changes["AlderMSP", "founded"]["approved_by"] == sorted(world.msps)
    assert [row["is_member"] for row in told.rows if row["msp"] == "FirMSP"] == [False, False]


def test_2_policies_their_votes_and_what_changed(world):
    told = world.ask("policies")
    first, second = told.rows
    assert (first["version"], first["state"], first["quorum"]) == (1, "REPLACED", "all of 4")
    assert (second["version"], second["state"], second["quorum"]) == (2, "IN_FORCE", "two-thirds of 4")
    assert (second["proposal"], second["proposer"]) == ("quiet", "AlderMSP")
    assert second["approved_by"] == ["AlderMSP", "CedarMSP", "ElmMSP"]
    assert second["rejected_by"] == ["BirchMSP"]
    assert (second["lines_added"], second["lines_removed"]) == (2, 0)
    assert '+@id("quiet") forbid' in told.head["diffs"][second["digest"]]


def test_3_approvals_by_pseudonym_and_meaning(world):
    rows = world.ask("approvals").rows
    count = {kind: sum(row["kind"] == kind for row in rows) for kind in {row["kind"] for row in rows}}
    assert count["confirmation"] == 4
    assert count["ballot"] == 12
    assert count["study vote"] == 4
    assert count["acceptance"] == 4
    assert all(row["pseudonym"].startswith("sha256:") for row in rows if row["kind"] != "review")
    of_study = world.ask("approvals", study="one", organisation="BirchMSP").rows
    assert [(row["kind"], row["meaning"]) for row in of_study] == [("study vote", "approve"), ("acceptance", "approve")]


def test_4_what_produced_a_model(world):
    told = world.ask("lineage", model=world.second.model)
    newest, oldest = told.rows
    assert (newest["model"], newest["state"], newest["distance"]) == (world.second.model, "RETIRED", 0)
    assert newest["contributors"] == ["AlderMSP/one", "BirchMSP/one"]
    assert newest["base"] == oldest["model"] == world.first.model
    assert oldest["base"] == told.head["initial"] == world.first.base
    assert newest["plan"] == digest_of(b"plan")
    assert (newest["rule"], newest["policy_version"]) == ("weighted-mean", 2)
    assert newest["parameters"]["privacy"]["noise_multiplier"] == "4"


def test_5_which_aggregates_can_be_recomputed(world):
    rows = world.ask("recompute").rows
    assert [(row["round"], row["equal"], row["needed"]) for row in rows] == [(1, 4, 3), (2, 4, 3)]
    assert [row["at_hand"] for row in rows] == [False, False]  # this gateway's store never had them
    assert len(rows[0]["missing"]) == 5
    assert rows[0]["command"] == "quorate round recompute one 1"
    assert [row["at_hand"] for row in world.ask_bundle("recompute").rows] == [None, None]


def test_6_what_descends_from_an_update(world):
    early = world.first.included[0].update
    assert [(r["round"], r["distance"]) for r in world.ask("descendants", artifact=early).rows] == [(1, 1), (2, 2)]
    late = world.second.included[0].update
    assert [(r["round"], r["how"]) for r in world.ask("descendants", artifact=late).rows] == [(2, "contains it")]


def test_7_what_was_spent_and_attempts_to_exceed(world):
    rows = {(row["msp"], row["study"]): row for row in world.ask("spending").rows}
    assert (rows["AlderMSP", None]["epsilon"], rows["AlderMSP", None]["charges"]) == ("0.9876", 2)
    elm = rows["ElmMSP", None]
    assert (elm["epsilon"], elm["cap"], elm["left"]) == ("0.7104", "0.8000", "0.0896")
    assert (elm["charges"], elm["refused"]) == (1, 1)
    assert rows["AlderMSP", "one"]["epsilon"] == "0.9876"
    assert [row["granted"] for row in world.ask("spending-curve", organisation="ElmMSP").rows] == [True, False]


def test_8_accounts_are_what_their_history_makes(world):
    rows = world.ask("recount").rows
    assert [row["msp"] for row in rows] == sorted(world.msps)
    assert all(row["equal"] for row in rows)


def test_9_the_unit_of_privacy_declared_and_charged(world):
    rows = world.ask("protection", study="one").rows
    assert {row["unit"] for row in rows} == {row["study_unit"] for row in rows} == {"record"}
    assert {(row["clipping_norm"], row["noise_multiplier"]) for row in rows} == {("1", "4")}
    assert all(row["charged_as_declared"] for row in rows)


def test_10_what_was_refused_and_why(world):
    rows = world.ask("refusals").rows
    found = {(row["kind"], row["msp"], row["reason"]) for row in rows if row["kind"] not in {"invalid", "conflict"}}
    assert found == {
        ("budget", "ElmMSP", "BUDGET_EXCEEDED"),
        ("declined", "CedarMSP", "policy"),
        ("left out", "CedarMSP", "declined"),
        ("left out", "ElmMSP", "refused"),
    }
    [budget] = world.ask("refusals", kind="budget").rows
    assert budget["detail"] == "ε would have become 0.9876 of 0.8000"


def test_11_where_organisations_diverged(world):
    told = world.ask("agreement")
    [models] = [row for row in told.rows if row["kind"] == "models"]
    assert (models["study"], models["round"]) == ("one", 1)
    assert models["organisations"] == sorted(world.msps)
    assert models["what"].startswith("attempt 1: ")
    assert told.head["attested"] == 2


def test_12_substantial_modifications_in_a_period(world):
    rows = world.ask("modifications").rows
    counted = [row["what"] for row in rows]
    assert counted.count("charter") == 3
    assert counted.count("policy set") == 2
    assert counted.count("study terms") == 1
    assert counted.count("model") == 3
    assert counted.count("data set") == 6  # four registered, one revised, one retired
    retired = next(row for row in rows if row["what"] == "model" and row["after"] == "RETIRED")
    later = world.ask("modifications", since=retired["claimed_time"]).rows
    assert [row["what"] for row in later] == ["model", "data set"]
    assert retired["observed_time"] >= retired["claimed_time"] - 1000


def test_13_who_read_with_which_filter_at_which_height(world):
    world.run(inquire(Source(profile=world.officer), "events", {"study": "one"}, limit=3))
    told = world.ask("reads")
    rows = [row for row in told.rows if row["number"]]
    own, read = rows[:2]
    assert (read["what"], json.loads(read["asked"])) == ("events", {"study": "one", "limit": 3})
    assert (read["msp"], read["role"], read["allowed"]) == ("AlderMSP", "officer", True)
    assert read["policies"] == ["officers-read-and-export-the-trail"]
    assert read["height"] >= world.height
    assert own["what"] == "question/reads"
    assert [row["number"] for row in rows] == list(range(told.head["entries"], told.head["entries"] - len(rows), -1))
    second = world.ask("reads", at="before-3", limit=5)
    assert [row["number"] for row in second.rows if row["number"]] == [2, 1]
    assert second.head["older"] is None


def test_14_reviews_with_their_outcome_and_no_name(world):
    key, note = world.folder / "reviewers.key", world.folder / "note.txt"
    note.write_text("Looked at both attempts.")
    world.command("review", "key", str(key))
    about = ["--profile", str(world.officer)]
    who = ["--reviewer", "employee 17", "--key", str(key)]
    world.command("review", "open", "first", "round/one/1", *about)
    world.command("review", "assign", "first", *who, *about)
    world.command("review", "conclude", "first", *who, "--outcome", "accepted", "--note", str(note), *about)
    listed = json.loads(world.command("review", "list", "--format", "json", *about))
    assert [(row["review"], row["state"], row["outcome"]) for row in listed] == [("first", "CONCLUDED", "accepted")]
    [row] = eventually(lambda: world.ask("reviews").rows, lambda rows: rows and rows[0]["state"] == "CONCLUDED")
    assert row["note"] == digest_of(note.read_bytes())
    assert len(row["reviewer"]) == 64
    assert "employee" not in json.dumps(row)
    names = world.folder / "names.txt"
    names.write_text("employee 16\nemployee 17\n")
    known = world.command("review", "list", "--names", str(names), "--key", str(key), "--format", "json", *about)
    assert json.loads(known)[0]["reviewer"] == "employee 17"


def test_events_come_as_their_blocks_do(world):
    async def first_event():
        async with aclosing(follow(Source(profile=world.officer), {"kinds": ["audit"]}, at=None)) as events:
            waiting, opened = asyncio.ensure_future(anext(events)), []
            async with asyncio.timeout(120):
                while not waiting.done():  # it begins at the end of the trail as it is when the question arrives
                    opened.append(f"live-{len(opened)}")
                    await open_review(world.officer, opened[-1], "study/one")
                    await asyncio.wait([waiting], timeout=1)
                return await waiting, opened

    found, opened = world.run(first_event())
    assert (found["type"], found["words"]) == ("audit.review_opened", "A review was opened")
    assert found["review"] in opened


def test_15_what_was_deleted_on_which_basis(world):
    rows = world.ask("deletions").rows
    assert [(row["what"], row["where"]) for row in rows] == [("model", "on the ledger"), ("data set", "on the ledger")]
    assert rows[0]["basis"] == f"reason {digest_of(b'why')}"


def test_16_what_a_third_party_needs(world):
    told = world.ask("verifiability")
    facts = {row["what"]: row["value"] for row in told.rows}
    assert facts["genesis"] == world.connection.genesis
    assert told.head["command"] == f"quorate audit verify BUNDLE --genesis {world.connection.genesis}"


def test_17_what_is_not_proven(world):
    assert any("clipping and noise" in row["what"] for row in world.ask("limits").rows)
    found = world.ask_bundle("limits").rows
    assert len(found) > len(world.ask("limits").rows)  # what the verifier could not check comes with it


def test_a_bundle_alone_answers_what_the_gateway_does(world):
    needs = {"lineage": {"model": world.second.model}, "descendants": {"artifact": world.first.base}}
    for name in QUESTIONS:
        if name in OWN or name in {"reviews", "approvals", "verifiability", "modifications"}:
            continue
        asked = needs.get(name, {})
        own, alone = world.ask(name, **asked), world.ask_bundle(name, **asked)
        assert own.rows, name
        assert [without_observation(row) for row in own.rows] == [without_observation(row) for row in alone.rows]


def test_the_timeline_by_page_and_in_every_format(world):
    about = ("--profile", str(world.officer))
    first = json.loads(world.command("log", "--study", "one", "--limit", "5", "--format", "json", *about))
    assert len(first["rows"]) == 5
    second = json.loads(
        world.command("log", "--study", "one", "--limit", "5", "--at", first["older"], "--format", "json", *about)
    )
    assert second["rows"][0]["sequence"] < first["rows"][-1]["sequence"]
    lines = world.command("log", "--kind", "round.finalized", "--format", "jsonl", *about).splitlines()
    assert [json.loads(line)["digest"] for line in lines] == [world.second.model, world.first.model]
    table = list(
        csv.DictReader(io.StringIO(world.command("log", "--severity", "attention", "--format", "csv", *about)))
    )
    assert {row["type"] for row in table} >= {"privacy.refused", "round.retried"}
    assert "observed (UTC)" in world.command("log", "--bundle", str(world.bundle))
    [shown] = json.loads(world.command("transaction", first["rows"][0]["transaction"], "--format", "json", *about))[
        "rows"
    ]
    assert shown["code"] == "VALID"
    assert shown["writes"]


def test_an_export_is_logged_and_the_bundle_verifies(world, tmp_path):
    about = ("--study", "one", "--rounds", "1-1", "--profile", str(world.officer), "--format", "json")
    exported = json.loads(world.command("export", str(tmp_path / "one.qeb"), *about))
    assert exported["logged"] is True
    [entry] = [row for row in world.ask("reads").rows if row["what"] == "export"]
    assert json.loads(entry["asked"]) == {"study": "one", "first_round": 1, "last_round": 1}
    world.command("verify", str(tmp_path / "one.qeb"), "--genesis", world.connection.genesis)


def test_others_are_denied_and_that_is_logged(world):
    world.command("log", "--profile", str(world.agent), status=4)
    _, last = [row for row in world.ask("reads", limit=2).rows if row["number"]]
    assert (last["role"], last["what"], last["allowed"], last["policies"]) == ("agent", "events", False, [])


def test_the_scheduled_audit_names_what_it_finds_and_is_recorded(world):
    out = world.command("check", "--profile", str(world.officer), "--format", "json", status=1)
    found = {row["check"]: row for row in json.loads(out)}
    assert found["policies in force"]["outcome"] == "failed"
    assert found["events that need attention"]["outcome"] == "failed"
    assert found["privacy budgets"]["outcome"] == "ok"
    assert found["accounts against their history"]["outcome"] == "ok"
    assert found["access log"]["outcome"] == "ok"
    assert found["trail"]["outcome"] == "ok"
    assert found["certificate: identity"]["outcome"] == "ok"
    assert found["endorsement policy"]["outcome"] == "ok"
    record = [row for row in world.ask("reads").rows if row["what"] == "checked"][-1]
    assert "policies in force" in json.loads(record["asked"])["failed"]


def test_the_gateway_goes_on_where_it_stood_and_anchors_when_it_ends(world):
    before = world.ask("reads").head["entries"]
    assert world.run(world.gateway.stop()) == 0
    world.run(world.gateway.start())
    world.officer = write_profile(world.folder / "officer.toml", world.gateway, Role.OFFICER)
    rows = eventually(
        lambda: world.ask("reads", at=f"before-{before + 1}", limit=1).rows,
        lambda rows: any(r["by"] == "anchor" and r["msp"] == "AlderMSP" for r in rows),
    )
    last, anchor = rows
    assert (anchor["what"], last["number"], last["anchored"]) == (f"{before} entries", before, anchor["anchored"])

    async def stand():
        async with open_session(Profile.load(world.officer)) as session:
            return await session.ledger.audit.anchors()

    assert [anchor.entries for anchor in world.run(stand()).anchors] == [before]


async def signed(session, **changes):
    """Return a query as the officer's client sends it, signed, with some of its fields altered before that."""
    stub = AuditStub(session.channel)
    process = (await stub.greet(pb.GreetRequest(), timeout=60)).process
    profile, sealer = session.profile, ProfileSealer.of(session.profile)
    meant = Meant(audience=profile.msp_id, channel=profile.channel, gateway=profile.gateway, process=process)
    document = new_query(
        replace(meant, **changes), "question/limits", {}, time=time.time_ns() // 1_000_000, via="command"
    ).encode()
    identity = SerializedIdentity(mspid=sealer.msp_id, id_bytes=sealer.certificate.encode()).SerializeToString()
    return pb.QueryRequest(document=document, identity=identity, signature=sealer.sign(signed_bytes(document)))


async def sent(officer, request):
    """Send a signed query as it is; return how many rows came, or why none did."""
    async with open_session(Profile.load(officer)) as session:
        try:
            return len([part async for part in AuditStub(session.channel).query(request, timeout=60)]) - 1
        except grpc.aio.AioRpcError as error:
            return error.details()


def test_a_query_that_somebody_kept_is_of_no_use_again_elsewhere_or_after_a_restart(world):
    async def kept(**changes):
        async with open_session(Profile.load(world.officer)) as session:
            return await signed(session, **changes)

    request = world.run(kept())
    assert world.run(sent(world.officer, request)) > 0
    assert "was asked before" in world.run(sent(world.officer, request))
    for changes, why in (
        ({"channel": "other"}, "for the channel other"),
        ({"gateway": "gateway.elsewhere.test:7443"}, "for the gateway at gateway.elsewhere.test:7443"),
        ({"process": "0" * 64}, "for another start of this gateway, or for another gateway"),
    ):
        assert why in world.run(sent(world.officer, world.run(kept(**changes))))
    unused = world.run(kept())
    assert world.run(world.gateway.stop()) == 0
    world.run(world.gateway.start())
    world.officer = write_profile(world.folder / "officer.toml", world.gateway, Role.OFFICER)
    for one in (request, unused):
        assert "for another start of this gateway" in world.run(sent(world.officer, one))
    assert world.run(sent(world.officer, world.run(kept()))) > 0


def test_a_trail_made_anew_is_the_same_with_what_was_observed(world):
    before = world.ask("modifications").rows
    log = world.ask("reads", limit=1).head["entries"]
    assert world.run(world.gateway.stop()) == 0
    for path in (world.folder / f"state-{world.gateway.member.name}" / "audit").glob("trail.db*"):
        path.unlink()
    world.run(world.gateway.start())
    world.officer = write_profile(world.folder / "officer.toml", world.gateway, Role.OFFICER)
    after = eventually(lambda: world.ask("modifications").rows, lambda rows: len(rows) >= len(before))
    assert after == before
    assert all(row["observed_time"] for row in after)
    assert world.ask("reads", limit=1).head["entries"] > log


def without_observation(row):
    return {name: value for name, value in row.items() if name != "observed_time"}


def eventually(ask, holds):
    ends = time.monotonic() + 120
    while not holds(found := ask()):
        assert time.monotonic() < ends, found
        time.sleep(0.05)
    return found
