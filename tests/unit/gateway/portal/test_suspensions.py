"""A study that a member has stopped, on the officer's pages."""

import re

import httpx
import pytest

from tests.unit.gateway.portal.conftest import log_in
from tests.unit.gateway.portal.ledger import House
from tests.unit.gateway.portal.rooms import ORIGIN, new_portal, new_trail


@pytest.fixture
async def officer():
    house = House()
    house.open(1)
    house.call("study:Suspend", by=1, role="steward", study="one", round=1, reason="data")
    trail = new_trail(house.blocks)
    room = new_portal(trail)
    transport = httpx.ASGITransport(room.app)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"accept": "text/html"}) as client:
        assert (await log_in(client, house.members[0].roles["officer"])).status_code == 303
        yield client
    room.log.close()
    trail.close()


async def text(client, where):
    page = await client.get(where)
    assert page.status_code == 200, page.text
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


async def test_who_stopped_it_why_and_since_when(officer):
    found = await text(officer, "/studies/one")
    assert "Readmission after heart failure suspended" in found
    assert re.search(r"Suspensions Number .* 1 BirchMSP steward data \S+ \S+ .*suspended", found), found


@pytest.mark.parametrize("where", ["/studies/one", "/studies/one/rounds/1"])
async def test_nobody_takes_its_open_round_for_one_that_goes_on(where, officer):
    found = await text(officer, where)
    assert "The study is suspended by BirchMSP (data). Its open round waits" in found
    assert "a vote on resume/1 lifts all" in found


async def test_it_needs_attention(officer):
    found = await text(officer, "/")
    assert "Studies running 0 of 1" in found
    assert "A study was suspended BirchMSP" in found
