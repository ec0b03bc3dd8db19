"""The portal in a gateway's own process, on a real ledger: log in by the command, read, follow, restart, read."""

import asyncio
import json
import re
import signal
import ssl

import httpx
import pytest
from click.testing import CliRunner

from gateway.portal.commands import group
from network.identity import Role
from tests.integration.audit_walk import write_profile
from tests.integration.datasets import unprotected
from tests.integration.gateway_process import GatewayProcess
from tests.integration.ports import free_port

pytestmark = pytest.mark.e2e


@pytest.fixture
async def gateway(consortium, tmp_path):
    member = consortium.network.organisation("alder")
    pair, port = member.paths.gateway_tls, free_port()
    section = f'[portal]\nlisten = "localhost:{port}"\ncertificate = "{pair.cert}"\nkey = "{pair.key}"\n'
    made = GatewayProcess(consortium.network, member, tmp_path, limits=section)
    made.portal = f"https://localhost:{port}"
    await made.start()
    yield made
    await made.stop(signal.SIGKILL)


@pytest.fixture
async def browser(gateway):
    verify = ssl.create_default_context(cafile=str(gateway.member.paths.tls_ca.cert))
    async with httpx.AsyncClient(base_url=gateway.portal, verify=verify, timeout=60) as client:
        yield client


async def log_in(browser, profile):
    page = await browser.get("/login")
    challenge = re.search(r"officer\.toml ([A-Za-z0-9_-]+)", page.text)[1]
    signed = await asyncio.to_thread(
        CliRunner().invoke, group, ["login", challenge, "--profile", str(profile), "--yes"], catch_exceptions=False
    )
    return await browser.post("/login", data={"answer": signed.stdout})


async def log_in_once_filled(browser, profile):
    async with asyncio.timeout(90):
        while "is not known yet" in (answer := await log_in(browser, profile)).text:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.2)
    return answer


async def register(gateway, name):
    async with gateway.ledger(Role.STEWARD) as ledger:
        await ledger.dataset.register(unprotected(name))


async def next_rows(parts):
    async with asyncio.timeout(60):
        async for line in parts:
            if line.startswith("data: {"):
                return json.loads(line.removeprefix("data: "))
    raise AssertionError("the stream ended")


async def test_an_officer_reads_follows_and_stays_logged_in_over_a_restart(gateway, browser, tmp_path):
    profile = write_profile(tmp_path / "officer.toml", gateway, Role.OFFICER)
    answer = await log_in_once_filled(browser, profile)
    assert answer.status_code == 303
    page = await browser.get("/timeline?kind=consortium.founded")
    assert "The consortium was founded" in page.text
    assert 'class="status"' in page.text
    async with browser.stream("GET", "/live?kind=dataset&after=0") as stream:
        parts = stream.aiter_lines()
        await register(gateway, "first")
        assert "dataset.registered" in (await next_rows(parts))["rows"]
    assert await gateway.stop() == 0
    await gateway.start()
    assert (await browser.get("/timeline")).status_code == 200
    access = await browser.get("/access")
    assert "events/live" in access.text


async def test_an_agent_is_kept_out(gateway, browser, tmp_path):
    profile = write_profile(tmp_path / "agent.toml", gateway, Role.AGENT)
    answer = await log_in_once_filled(browser, profile)
    assert answer.status_code == 403
    assert "the role agent sees no page" in answer.text
