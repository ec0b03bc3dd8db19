from __future__ import annotations

import asyncio
import datetime as dt
import socket
import ssl
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from gateway.portal.room import SESSIONS as FILE_OF_SESSIONS
from gateway.service.checks.finding import Outcome
from gateway.service.checks.portal import PACKAGES, SESSIONS, check_portal
from gateway.service.config import PortalSection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.service.checks.finding import Finding
    from network.identity import OrganisationPaths
    from network.identity.layout import KeyPair


@pytest.fixture
def port() -> Iterator[int]:
    """A port that nobody listens on, held against others while the test runs."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@pytest.fixture
def section(identities: dict[str, OrganisationPaths], port: int) -> PortalSection:
    pair = identities["alder"].gateway_tls
    return PortalSection(listen=f"localhost:{port}", certificate=pair.cert, key=pair.key)


def found(section: PortalSection, state: Path, *, now: dt.datetime | None = None) -> dict[str, Finding]:
    return {finding.check: finding for finding in check_portal(section, state, now=now)}


def wrong(section: PortalSection, state: Path, *, now: dt.datetime | None = None) -> dict[str, Finding]:
    return {
        check: finding for check, finding in found(section, state, now=now).items() if finding.outcome is not Outcome.OK
    }


@contextmanager
def listening(pair: KeyPair | None) -> Iterator[int]:
    """Show a certificate to whoever connects; without a pair, hang up instead."""
    context = None
    if pair is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pair.cert, pair.key)
    loop = asyncio.new_event_loop()

    async def meet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = loop.run_until_complete(asyncio.start_server(meet, "127.0.0.1", 0, ssl=context))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:

        async def end() -> None:
            # Begun before the server is closed, this waits for its connections too; no socket is left to a closed loop.
            closed = asyncio.ensure_future(server.wait_closed())
            await asyncio.sleep(0)
            server.close()
            await closed
            await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}), return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), loop).result(100)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(100)
        loop.close()


def test_a_portal_that_could_be_served_is_well(section: PortalSection, tmp_path: Path) -> None:
    assert wrong(section, tmp_path) == {}
    told = found(section, tmp_path)
    assert told["portal's address"].message.startswith(f"{section.listen} is free")
    assert told["portal's sessions"].message == "nobody has logged in yet"
    assert all(name in told["portal's packages"].message for name in PACKAGES)


def test_a_port_that_any_start_chooses_needs_no_look(section: PortalSection, tmp_path: Path) -> None:
    any_port = section.model_copy(update={"listen": "localhost:0"})
    assert found(any_port, tmp_path)["portal's address"].outcome is Outcome.OK


def test_a_portal_that_answers_shows_its_own_certificate(
    section: PortalSection, identities: dict[str, OrganisationPaths], tmp_path: Path
) -> None:
    with listening(identities["alder"].gateway_tls) as taken:
        told = found(section.model_copy(update={"listen": f"localhost:{taken}"}), tmp_path)["portal's address"]
    assert (told.outcome, told.message) == (Outcome.OK, f"localhost:{taken} answers with this certificate")


@pytest.mark.parametrize("other", ["another's certificate", "no certificate"])
def test_somebody_else_at_the_portals_address_is_found(
    other: str, section: PortalSection, identities: dict[str, OrganisationPaths], tmp_path: Path
) -> None:
    pair = identities["birch"].gateway_tls if other == "another's certificate" else None
    with listening(pair) as taken:
        told = wrong(section.model_copy(update={"listen": f"localhost:{taken}"}), tmp_path)
    assert set(told) == {"portal's address"}
    assert "does not show" in told["portal's address"].message


@pytest.mark.parametrize("listen", ["203.0.113.7:7444", "localhost:70000"])
def test_an_address_that_is_none_of_this_machine_is_found(listen: str, section: PortalSection, tmp_path: Path) -> None:
    told = wrong(section.model_copy(update={"listen": listen, "origin": "https://localhost:7444"}), tmp_path)
    assert set(told) == {"portal's address"}
    assert "cannot be listened on" in told["portal's address"].message


def test_a_key_of_another_certificate_and_one_that_others_can_read_are_found(
    section: PortalSection, identities: dict[str, OrganisationPaths], tmp_path: Path
) -> None:
    other = section.model_copy(update={"key": identities["birch"].gateway_tls.key})
    assert "does not belong" in wrong(other, tmp_path)["portal's TLS pair"].message
    key = tmp_path / "open.key"
    key.write_bytes(section.key.read_bytes())
    key.chmod(0o640)
    told = wrong(section.model_copy(update={"key": key}), tmp_path)["portal's TLS pair"]
    assert "has mode 0640" in told.message
    key.chmod(0o600)
    key.write_bytes(b"no key")
    assert "is not a PEM key" in wrong(section.model_copy(update={"key": key}), tmp_path)["portal's TLS pair"].message


def test_expiry_asks_for_a_restart_which_alone_takes_the_pair_up(section: PortalSection, tmp_path: Path) -> None:
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=3651)
    told = wrong(section, tmp_path, now=later)["portal's TLS pair"]
    assert "has expired on" in told.message
    assert told.hint == "Renew it; then restart the gateway."


def test_an_origin_that_the_certificate_does_not_name_is_found(section: PortalSection, tmp_path: Path) -> None:
    told = wrong(section.model_copy(update={"origin": "https://portal.elsewhere.test:7444"}), tmp_path)
    assert set(told) == {"portal's names"}
    assert "not for portal.elsewhere.test" in told["portal's names"].message
    assert told["portal's names"].hint == "Set `portal.origin` to a name that it has."


def test_sessions_that_others_can_read_are_found(section: PortalSection, tmp_path: Path) -> None:
    assert SESSIONS[-1] == FILE_OF_SESSIONS
    path = tmp_path.joinpath(*SESSIONS)
    path.parent.mkdir()
    path.write_text("{}")
    path.chmod(0o644)
    assert "has mode 0644" in wrong(section, tmp_path)["portal's sessions"].message
    path.chmod(0o600)
    assert wrong(section, tmp_path) == {}
