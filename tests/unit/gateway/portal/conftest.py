import re

import httpx
import pytest

from tests.unit.gateway.portal.ledger import lively
from tests.unit.gateway.portal.rooms import ORIGIN, answered, new_portal, new_trail


@pytest.fixture(scope="session")
def house():
    return lively()


@pytest.fixture(scope="session")
def blocks(house):
    return house.blocks


@pytest.fixture(scope="session")
def trail(blocks):
    """What tests only read; so there is one."""
    made = new_trail(blocks)
    yield made
    made.close()


@pytest.fixture
def room(trail):
    made = new_portal(trail)
    yield made
    made.log.close()


@pytest.fixture
async def browser(room):
    """A client without a session."""
    transport = httpx.ASGITransport(room.app)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"accept": "text/html"}) as client:
        yield client


@pytest.fixture
async def another(trail):
    """Make a portal that differs, and a client without a session for it."""
    made = []

    def make(**how):
        room = new_portal(trail, **how)
        client = httpx.AsyncClient(transport=httpx.ASGITransport(room.app), base_url=ORIGIN)
        made.append((room, client))
        return room, client

    yield make
    for room, client in made:
        await client.aclose()
        room.log.close()


async def log_in(client, signer):
    page = await client.get("/login")
    challenge = re.search(r"officer\.toml ([A-Za-z0-9_-]+)", page.text)[1]
    return await client.post("/login", data={"answer": answered(challenge, signer)})


def csrf_of(page):
    return re.search(r'name="csrf" value="([0-9a-f]{64})"', page.text)[1]


@pytest.fixture
def officer_key(house):
    return house.members[0].roles["officer"]


@pytest.fixture
async def officer(browser, officer_key):
    """A client with an officer's session."""
    assert (await log_in(browser, officer_key)).status_code == 303
    return browser
