"""What a reader of one study learns of others, and how much anybody's transactions can put on a page."""

import pytest
from sqlalchemy import insert

from gateway.audit.trail.tables import EVENTS, TRANSACTIONS
from gateway.portal.excerpt import MOST
from quorate.digest import digest_of
from quorate.records.common import make
from quorate.records.policy import Policy
from tests.unit.gateway.portal.conftest import log_in
from tests.unit.gateway.portal.rooms import new_trail

OF_TWO = """@id("officers-read-of-the-second-study")
permit (principal in Role::"officer", action == Action::"audit.read", resource == AuditTrail::"two");
"""


STAMP = {"tx": "0" * 64, "claimed_time": 1, "msp": "AlderMSP", "role": "operator", "certificate": digest_of(b"")}


class Narrow:
    """Rules by which officers read of one study only."""

    members = dict.fromkeys(("AlderMSP", "BirchMSP", "CedarMSP"))
    policy = make(
        Policy,
        version=3,
        digest=digest_of(OF_TWO.encode()),
        text=OF_TWO,
        in_force=STAMP,
    )


@pytest.fixture
async def narrow(another, officer_key):
    """An officer's client where the policies in force let officers read of the study ``two`` only."""
    room, client = another()
    room.desk._rules = Narrow()
    assert (await log_in(client, officer_key)).status_code == 303
    return client


@pytest.mark.parametrize(
    "where",
    ["/timeline?study=two", "/refusals?study=two", "/studies/two", "/studies/two/rounds/1",
     "/questions/spending?study=two"],
)  # fmt: skip
async def test_of_other_studies_not_even_the_name_is_shown(narrow, where):
    page = await narrow.get(where)
    assert page.status_code == 200
    text = page.text.partition("<main")[2]
    assert "two" in text
    for other in ("/studies/one", ">one<", '"one"', "of one"):
        assert other not in text


@pytest.mark.parametrize(
    "where",
    ["/", "/timeline", "/timeline?study=one", "/refusals", "/studies", "/studies/one", "/privacy", "/models",
     "/members", "/policies", "/agreement", "/reviews", "/access", "/exports", "/exports/events.csv?study=two",
     "/controls", "/questions/spending", "/questions/spending-curve", "/live"],
)  # fmt: skip
async def test_whoever_reads_of_one_study_reads_nothing_of_all(narrow, where):
    page = await narrow.get(where)
    assert page.status_code == 403
    assert "may not" in page.text


async def test_whoever_reads_of_all_is_offered_all(officer):
    page = await officer.get("/timeline?study=two")
    assert "<option>one</option>" in page.text
    assert "of one" not in (await officer.get("/refusals?study=two")).text
    assert "round 3 of one" in (await officer.get("/refusals")).text


@pytest.fixture
def flooded(blocks):
    """A trail to which somebody has added three thousand invalid transactions."""
    trail = new_trail(blocks)
    block, many = trail.height - 1, range(3000)
    ids = [f"{number:064x}" for number in many]
    blank = {column.name: None for column in EVENTS.c}
    about = {"block": block, "severity": 2, "type": "ledger.invalid", "actor": "BirchMSP", "reason": "BAD_RWSET"}
    with trail.engine.begin() as connection:
        connection.execute(
            insert(TRANSACTIONS),
            [
                {"block": block, "position": 100 + at, "id": ids[at], "code": 22, "kind": "call", "endorsers": ""}
                for at in many
            ],
        )
        connection.execute(
            insert(EVENTS),
            [blank | about | {"sequence": 1000 + at, "position": 100 + at, "transaction": ids[at]} for at in many],
        )
    yield trail
    trail.close()


@pytest.mark.parametrize("where", ["/refusals?kind=invalid", "/questions/refusals?kind=invalid"])
async def test_a_page_has_the_newest_of_what_anybody_can_add_to(where, flooded, room, officer):
    room.desk.trail = flooded
    page = await officer.get(where)
    assert page.text.count("/transactions/") == MOST
    assert "more lines are not on this page" in page.text
    lines = (await officer.get("/exports/refusals.jsonl?kind=invalid")).text.splitlines()
    assert len(lines) >= 3000
    assert page.text.count(f"/transactions/{2999:064x}") == 1
