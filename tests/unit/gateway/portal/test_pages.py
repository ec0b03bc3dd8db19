"""What the pages say, on a ledger where the answers are known."""

import csv
import io
import json
import re
from dataclasses import replace

import httpx
import pytest

from gateway.audit.access import Reader
from gateway.audit.trail import Trail
from gateway.portal.alone import portal_alone
from gateway.portal.app import application
from quorate.cli.audit_review import review_group
from quorate.digest import digest_of
from tests.unit.gateway.portal.conftest import csrf_of, log_in
from tests.unit.gateway.portal.rooms import OWN, Witness


def plain(page):
    """Return a page's text without its tags, each run of white space as one space."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


async def text(client, where):
    page = await client.get(where)
    assert page.status_code == 200, page.text
    return plain(page)


async def test_the_overview_counts_what_needs_attention(officer):
    found = await text(officer, "/")
    assert "Events that need attention 6" in found
    assert "Members 4 AlderMSP, BirchMSP, CedarMSP, ElmMSP" in found
    assert "Fullest privacy account 87 %" in found
    assert "version 2" in found
    assert "Reviews to conclude 2 1 not assigned" in found


async def test_the_timeline_filters_by_its_address(officer):
    page = await officer.get("/timeline?organisation=BirchMSP&kind=privacy.refused&severity=2")
    assert len(re.findall(r'<tr id="event-', page.text)) == 1
    assert "<option selected>BirchMSP</option>" in page.text
    assert 'data-live="/live?organisation=BirchMSP&amp;kind=privacy.refused&amp;severity=2"' in page.text


async def test_the_timeline_is_walked_by_links_alone(officer):
    seen, where = [], "/timeline"
    while where:
        page = await officer.get(where)
        seen += [int(found) for found in re.findall(r'data-sequence="(\d+)"', page.text)]
        older = re.search(r'rel="next" href="([^"]+)"', page.text)
        where = older[1].replace("&amp;", "&") if older else ""
    assert seen == list(range(94, 0, -1))


@pytest.mark.parametrize(
    "query",
    ["round=1", "severity=7", "first_block=9&last_block=3", "since=yesterday", "at=x", "study=one&study=two", "foo=1",
     "round=9999999999999999&study=one", "organisation=%3Cscript%3E", "kind=nothing", "kind=round.nothing"],
)  # fmt: skip
async def test_a_malformed_filter_is_refused(query, officer):
    page = await officer.get(f"/timeline?{query}")
    assert page.status_code == 400
    assert "<script>" not in page.text.partition("</head>")[2]


async def test_a_claimed_time_range_is_in_utc(officer):
    page = await officer.get("/timeline?since=2026-09-21T14:20&until=2026-09-21T14:20:46")
    times = re.findall(r'<td><time datetime="([^"]+)"', page.text)
    assert times
    assert all("2026-09-21T14:20:00" <= time < "2026-09-21T14:20:46" for time in times)


@pytest.fixture
async def diverged(another, officer_key):
    """An officer's client of a portal whose gateway has seen Birch's ledger differ at block 40."""
    witness = Witness()
    witness.saw("BirchMSP", 40, "the ledger of BirchMSP has another block 40: a fork", at=1_790_000_800_000)
    _, client = another(observing=witness)
    assert (await log_in(client, officer_key)).status_code == 303
    return client


async def test_what_a_witness_saw_stands_on_the_timeline_marked(diverged):
    page = await diverged.get("/timeline")
    rows = re.findall(r"<tr .*?</tr>", page.text, re.DOTALL)
    [place] = [place for place, row in enumerate(rows) if "observed-BirchMSP-40" in row]
    row = " ".join(re.sub(r"<[^>]+>", " ", rows[place]).split())
    assert row == (
        "40 \N{EN DASH} attention A member's ledger differs from this one seen here, not on the ledger "
        "witness.diverged nobody BirchMSP the ledger of BirchMSP has another block 40: a fork 2026-09-21 14:26:40"
    ).replace("'", "&#39;")
    assert 'href="/agreement"' in rows[place]
    assert "/transactions/" not in rows[place]
    blocks = [int(re.search(r'<td class="n">(\d+)', row)[1]) for row in rows if "<td" in row]
    assert blocks == sorted(blocks, reverse=True)
    assert blocks.index(40) == place - [("<td" in row) for row in rows].index(True)  # above its block's events


async def test_what_a_witness_saw_needs_attention_on_the_overview(diverged, officer):
    found = await text(diverged, "/")
    assert "Events that need attention 7 of 95 in all, 1 not on the ledger" in found
    assert "A member&#39;s ledger differs from this one BirchMSP seen here, not on the ledger 1 min ago" in found
    assert "not on the ledger" not in await text(officer, "/")


async def test_files_have_what_a_witness_saw_as_the_page_has(diverged):
    lines = [json.loads(line) for line in (await diverged.get("/exports/events.jsonl")).text.splitlines()]
    [seen] = [line for line in lines if line["source"] == "witness"]
    assert (seen["type"], seen["msp"], seen["block"], seen["sequence"]) == ("witness.diverged", "BirchMSP", 40, None)
    rows = list(csv.DictReader(io.StringIO((await diverged.get("/exports/events.csv?kind=witness")).text)))
    assert [(row["source"], row["reason"], row["transaction"]) for row in rows] == [("witness", seen["reason"], "")]


async def transaction_of(client, kind):
    page = await client.get(f"/timeline?kind={kind}")
    return re.search(r"/transactions/[0-9a-f]{64}", page.text)[0]


async def test_a_transaction_shows_its_decision_and_how_to_verify_it(officer):
    found = await text(officer, await transaction_of(officer, "round.committed"))
    assert "Asked round.commit as agent of CedarMSP" in found
    assert "By the policies agents-take-part" in found
    assert "version 2" in found
    assert "Endorsed by AlderMSP, BirchMSP" in found
    assert "quorate audit export two-1.qeb --study two --rounds 1-1 --profile officer.toml" in found
    assert "quorate audit verify two-1.qeb --genesis sha256:" in found
    assert '"schema": "quorate.round.commit/1"' in found.replace("&#34;", '"')


async def test_an_invalid_transaction_shows_why_and_no_decision(officer):
    found = await text(officer, await transaction_of(officer, "ledger.invalid"))
    assert "endorsement policy failure" in found
    assert "No policy decided this" in found


async def test_no_such_transaction_is_not_found(officer):
    page = await officer.get(f"/transactions/{'0' * 64}")
    assert (page.status_code, "NOT_FOUND" in page.text) == (404, True)


async def test_a_disputed_round_says_so(officer):
    found = await text(officer, "/studies/one/rounds/3")
    assert "Attesters did not agree. No attempt found 2 equal attestations" in found


async def test_a_round_shows_who_was_left_out(officer):
    assert "CedarMSP records none none left out: missing" in await text(officer, "/studies/one/rounds/2")


async def test_an_open_round_shows_refused_charges(officer):
    found = await text(officer, "/studies/two/rounds/1")
    assert "AlderMSP records refused" in found
    assert "declined: policy" in found


async def test_accounts_are_recomputed_on_request(officer):
    assert "Counted anew" not in await text(officer, "/privacy")
    found = await text(officer, "/privacy?recount=yes")
    assert "All 3 accounts are exactly what the granted charges make" in found


async def test_the_chart_has_the_numbers_of_the_table(officer):
    chart = (await officer.get("/privacy/curve")).json()
    lines = {one["label"]: one["values"] for one in chart["series"]}
    spent = [round(value, 3) for value in lines["AlderMSP/records"] if value is not None]
    assert spent == [0, 0.71, 0.988, 1.205, 1.205]  # and still as much at the end
    assert lines["cap 1.39"] == [1.39] * len(chart["at"])


async def test_policies_show_votes_and_what_changed(officer):
    page = await officer.get("/policies")
    assert "all of 3" in plain(page)
    digest = re.search(r"/policies/(sha256:[0-9a-f]{64})", page.text)[1]
    found = await text(officer, f"/policies/{digest}")
    assert "Approved by AlderMSP, BirchMSP, CedarMSP" in found
    assert "4 lines added, 0 removed" in found
    assert "+@id(&#34;no-one-trains-at-new-year&#34;)" in found


async def test_lineage_is_drawn_and_told(officer):
    models = await officer.get("/models")
    newest = re.search(r"/models/(sha256:[0-9a-f]{64})", models.text)[1]
    page = await officer.get(f"/models/{newest}")
    assert page.text.count('<g class="update">') == 5
    assert page.text.count("<path class=") == 7
    assert "the beginning, which no round made" in plain(page)
    update = re.search(r"artifact=(sha256%3A[0-9a-f]{64})", page.text)[1]
    assert "contains it" in await text(officer, f"/models?artifact={update}")


async def test_members_name_the_vote(officer):
    found = await text(officer, "/members")
    assert "ElmMSP admitted yes elm AlderMSP AlderMSP, BirchMSP CedarMSP" in found
    assert "ElmMSP" not in await text(officer, "/members?study=one&round=1")


async def test_refusals_are_filtered(officer):
    found = await text(officer, "/refusals?kind=budget&organisation=AlderMSP")
    assert "1.3935 of 1.3900" in found
    assert "1 round is disputed: round 3 of one" in found


@pytest.mark.parametrize("where", ["/refusals?kind=lat", "/reviews?state=OPENED", "/live?kind=round.open"])
async def test_a_value_that_a_filter_does_not_have_is_refused(where, officer):
    page = await officer.get(where)
    assert page.status_code == 400
    assert "INVALID_ARGUMENT" in page.text


async def test_agreement_names_divergences(officer):
    found = await text(officer, "/agreement")
    assert "Divergences 4 1 disputed, 3 models" in found
    assert not re.search(r"[0-9a-f]{64}", found)  # whole in titles, short in the text


async def test_where_nobody_agreed_nobody_stood_with_the_most(officer):
    found = await text(officer, "/agreement")
    for organisation in ("AlderMSP", "BirchMSP", "CedarMSP"):
        assert f"{organisation} 5 2 2 of 5" in found  # two rounds became final, and three attempts did not


async def test_a_question_leaves_out_columns_without_any_value_and_says_so(officer):
    found = await text(officer, "/questions/members")
    assert "Approved by" in found
    assert "In no line of this table: observed here" in found
    assert "Observed here" not in found


async def test_every_read_is_logged_with_who_and_what(officer, room):
    await officer.get("/timeline?study=one")
    await officer.get("/questions/limits")
    entries = list(room.log.entries())
    assert [(entry.what, entry.via, entry.role, entry.allowed) for entry in entries] == [
        ("events", "portal", "officer", True),
        ("question/limits", "portal", "officer", True),
    ]
    assert json.loads(entries[0].asked) == {"limit": 50, "study": "one"}
    assert entries[0].policies == ["officers-read-and-export-the-trail"]
    found = await text(officer, "/access")
    assert "3 2" not in found.partition("Entries")[0]
    assert "question/limits" in found
    assert "AlderMSP 3 entries" in found


@pytest.fixture
def long_log(room):
    """An access log with 230 lines of before."""
    reader = Reader(msp=OWN, role="officer", certificate=digest_of(b"an officer"))
    for at in range(230):
        room.log.add(reader, via="command", what="events", asked={}, height=1, decision=None, time=at)
    return room.log


@pytest.mark.parametrize("page", ["/access", "/questions/reads"])
async def test_a_long_access_log_is_walked_by_links_alone(page, officer, long_log):
    where, seen, sizes = page, [], []
    while where:
        found = await officer.get(where)
        rows = [int(number) for number in re.findall(r'<tr><td class="n">(\d+)</td>', found.text)]
        seen += rows
        sizes.append(len(rows))
        older = re.search(r'rel="next" href="([^"]+)"', found.text)
        where = older[1].replace("&amp;", "&") if older else ""
    assert seen == list(range(231, 0, -1))  # the first page logs itself, and pages after it go on from there
    assert sizes == [100, 100, 31]
    assert long_log.count == 230 + len(sizes)


async def test_a_file_of_the_access_log_has_all_of_it_or_the_page_that_was_asked_for(officer, long_log):
    rows = list(csv.DictReader(io.StringIO((await officer.get("/exports/reads.csv")).text)))
    assert [int(row["number"]) for row in rows if row["number"]] == list(range(long_log.count, 0, -1))
    assert [row["msp"] for row in rows if not row["number"]] == ["AlderMSP"]  # the newest anchor, once
    lines = (await officer.get("/exports/reads.jsonl?at=before-9&limit=3")).text.splitlines()
    assert [json.loads(line)["number"] for line in lines] == [8, 7, 6, None]


@pytest.mark.parametrize("query", ["at=x", "at=before-", "before=3", "limit=5"])
async def test_a_malformed_place_in_the_access_log_is_refused(query, officer):
    assert (await officer.get(f"/access?{query}")).status_code == 400


@pytest.mark.parametrize("where", ["/", "/studies", "/privacy", "/models", "/exports", "/questions", "/controls"])
async def test_no_page_is_read_unlogged(where, officer, room):
    before = room.log.count
    await officer.get(where)
    assert room.log.count > before


@pytest.mark.parametrize(
    ("form", "command"),
    [
        ({"state": "OPEN"}, "quorate audit review open first-model round/one/1 --profile officer.toml"),
        (
            {"state": "ASSIGNED"},
            "quorate audit review assign first-model --reviewer WHO --key reviewers.key --profile officer.toml",
        ),
        (
            {"state": "CONCLUDED", "meaning": "review", "outcome": "follow-up"},
            (
                "quorate audit review conclude first-model --meaning review --outcome follow-up --note reasons.txt "
                "--reviewer WHO --key reviewers.key --profile officer.toml"
            ),
        ),
    ],
)
async def test_a_reviews_next_step_is_a_command_of_ours(form, command, officer):
    csrf = csrf_of(await officer.get("/reviews?review=first-model"))
    about = {"review": "first-model", "subject": "round/one/1", "meaning": "", "outcome": ""}
    page = await officer.post("/reviews/prepare", data={"csrf": csrf, **about, **form})
    assert page.status_code == 200
    assert command in plain(page)
    name, *words = command.split()[3:]
    known = {option for parameter in review_group.commands[name].params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


@pytest.mark.parametrize(
    "change",
    [{"state": "DONE"}, {"subject": "everything"}, {"outcome": "fine"}, {"outcome": ""}, {"more": "1"},
     {"review": "<script>"}, {"review": "a; rm -r ~"}, {"subject": "ledger/$(id)"}],
)  # fmt: skip
async def test_a_malformed_review_is_refused(change, officer):
    form = {"review": "a", "subject": "ledger", "state": "CONCLUDED", "meaning": "review", "outcome": "accepted"}
    form |= {"csrf": csrf_of(await officer.get("/reviews"))} | change
    page = await officer.post("/reviews/prepare", data=form)
    assert page.status_code == 400
    assert "<script>" not in page.text.partition("</head>")[2]


async def test_events_are_exported_whole_and_logged_as_an_export(officer, room):
    page = await officer.get("/exports/events.csv?study=one")
    assert page.headers["content-type"] == "text/csv; charset=utf-8"
    assert page.headers["content-disposition"] == 'attachment; filename="events.csv"'
    rows = list(csv.DictReader(io.StringIO(page.text)))
    assert rows
    assert {row["study"] for row in rows} == {"one"}
    last = list(room.log.entries())[-1]
    assert (last.what, last.allowed) == ("export", True)
    lines = (await officer.get("/exports/events.jsonl")).text.splitlines()
    assert [json.loads(line)["sequence"] for line in lines] == list(range(94, 0, -1))


async def test_an_answer_is_exported(officer):
    rows = list(csv.DictReader(io.StringIO((await officer.get("/exports/spending.csv")).text)))
    assert [row["epsilon"] for row in rows if not row["study"]] == ["1.2055"] * 3


async def test_an_operator_may_read_but_not_export(browser, house):
    await log_in(browser, house.members[0].roles["operator"])
    assert (await browser.get("/timeline")).status_code == 200
    assert "events.csv" not in (await browser.get("/timeline")).text
    assert (await browser.get("/exports/events.csv")).status_code == 403


async def test_the_theme_is_kept_and_leads_back(officer):
    csrf = csrf_of(await officer.get("/studies"))
    answer = await officer.post("/theme", data={"csrf": csrf, "theme": "dark", "to": "/studies?"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/studies?")
    assert '<html lang="en" data-theme="dark">' in (await officer.get("/studies")).text
    answer = await officer.post("/theme", data={"csrf": csrf, "theme": 'x"><b>', "to": "//evil.test"})
    assert answer.headers["location"] == "/"
    assert '<html lang="en">' in (await officer.get("/studies")).text


@pytest.fixture
async def beginner():
    """A client of a portal over a ledger on which nothing has happened."""
    trail = Trail.open(None)
    origin = "http://127.0.0.1:7480"
    app = application(portal_alone(trail, origin=origin, source="showing nothing"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=origin) as client:
        yield client
    trail.close()


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("/", "The ledger is empty."),
        ("/timeline", "No event is like that."),
        ("/studies", "No study was proposed yet."),
        ("/privacy?recount=yes", "There is no account to count."),
        ("/policies", "there is no policy set"),
        ("/models", "No model is final yet."),
        ("/members", "Nobody is a member yet."),
        ("/refusals", "Nothing was refused."),
        ("/agreement", "Nobody diverged, as far as was seen."),
        ("/reviews", "Nobody has opened a review yet."),
        ("/access", "Nobody has anchored a log yet."),
        ("/questions/verifiability", "none yet"),
    ],
)
async def test_where_there_is_nothing_the_pages_say_so(where, says, beginner):
    found = await text(beginner, where)
    assert says in found
    assert "block -1" not in found


async def test_a_digest_that_is_an_answer_is_whole(officer, trail):
    assert trail.genesis in await text(officer, "/questions/verifiability")


@pytest.fixture
async def looker(trail):
    """A client of a portal that stands alone, as on a bundle."""
    origin = "http://127.0.0.1:7480"
    app = application(portal_alone(trail, origin=origin, source="showing one.qeb"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=origin) as client:
        yield client


@pytest.mark.parametrize("where", ["/", "/timeline", "/studies/one", "/privacy", "/access", "/exports/events.csv"])
async def test_a_bundle_is_looked_at_without_a_login(where, looker):
    page = await looker.get(where)
    assert page.status_code == 200
    assert "strict-transport-security" not in page.headers


@pytest.mark.parametrize("where", ["/login", "/reviews/prepare", "/logout", "/theme"])
async def test_there_is_nothing_to_log_in_to_beside_a_bundle(where, looker):
    assert (await looker.post(where)).status_code == 404


async def test_a_bundles_pages_answer_on_loopback_names_only(looker):
    assert (await looker.get("/", headers={"host": "evil.test:7480"})).status_code == 421


async def test_a_bundles_pages_say_what_they_are(looker):
    found = await text(looker, "/")
    assert "showing one.qeb" in found
    assert "Read-only, on this machine only" in found


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ({"divergence": lambda: "BirchMSP: another block 7"}, "The ledger diverges. BirchMSP: another block 7"),
        ({"trouble": lambda: "the peer is gone"}, "These pages may be behind. the peer is gone"),
    ],
)
async def test_what_is_wrong_stands_on_every_page(what, says, room, officer_key):
    portal = replace(room.portal, **what)
    transport = httpx.ASGITransport(application(portal))
    async with httpx.AsyncClient(transport=transport, base_url=portal.origin) as client:
        assert (await log_in(client, officer_key)).status_code == 303
        for where in ("/", "/timeline", "/controls"):
            assert says in await text(client, where)
