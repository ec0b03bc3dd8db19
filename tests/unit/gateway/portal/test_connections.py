"""What strangers can do with connections alone: nothing that keeps an officer out."""

import asyncio
from contextlib import suppress

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from gateway.portal import guard
from gateway.portal.connection import HEAD_SECONDS, BoundedConnection
from gateway.portal.server import PortalServer

REQUEST = b"GET / HTTP/1.1\r\nhost: portal\r\n\r\n"


async def answer(scope, _receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


class Deadline:
    def __init__(self, seconds, callback):
        self.seconds, self.end, self.holds = seconds, callback, True

    def cancel(self):
        self.holds = False


class Loop:
    """Runs tasks as the real one does; deadlines come only when a test says so."""

    def __init__(self):
        self.deadlines = []

    def call_later(self, seconds, callback):
        self.deadlines.append(Deadline(seconds, callback))
        return self.deadlines[-1]

    def create_task(self, work):
        return asyncio.get_running_loop().create_task(work)

    @property
    def waiting(self):
        return [found for found in self.deadlines if found.holds and found.seconds == HEAD_SECONDS]


class Transport(asyncio.Transport):
    def __init__(self):
        super().__init__({"peername": ("127.0.0.1", 1)})
        self.aborted = False

    def write(self, _data):
        pass

    def close(self):
        pass

    def is_closing(self):
        return False

    def abort(self):
        self.aborted = True


async def test_the_head_of_every_request_has_its_time_and_an_answer_all_it_takes():
    go_on = asyncio.Event()

    async def slow(scope, receive, send):
        await go_on.wait()
        await answer(scope, receive, send)

    loop, transport = Loop(), Transport()
    config = Config(slow, log_config=None, lifespan="off", http=BoundedConnection)
    connection = BoundedConnection(config, ServerState(), {}, _loop=loop)
    connection.connection_made(transport)
    [first] = loop.waiting
    connection.data_received(REQUEST[:9])
    assert loop.waiting == [first]  # a part of a head wins no time
    connection.data_received(REQUEST[9:])
    assert loop.waiting == []
    go_on.set()
    await asyncio.wait_for(asyncio.gather(*connection.tasks), 60)
    [second] = loop.waiting
    connection.data_received(REQUEST[:9])
    assert loop.waiting == [second]
    second.end()
    assert transport.aborted
    connection.connection_lost(None)
    assert loop.waiting == []


@pytest.fixture
async def port():
    server = PortalServer("127.0.0.1:0")
    task = asyncio.create_task(server.run(answer))
    yield int(server.origin.rpartition(":")[2])
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    server.close()


async def ended(reader):
    async with asyncio.timeout(60):
        with suppress(ConnectionResetError):
            return await reader.read() == b""
    return True


@pytest.mark.parametrize("said", [b"", b"GET / HT"])
async def test_a_connection_that_asks_for_nothing_is_closed(port, said, monkeypatch):
    monkeypatch.setattr(BoundedConnection, "head_seconds", 0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    assert await ended(reader)
    writer.close()


async def test_one_address_leaves_room_for_others(port, monkeypatch):
    monkeypatch.setattr(BoundedConnection, "most_of_one_address", 2)
    mine = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
    assert await ended(mine[2][0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.2", 0))
    writer.write(REQUEST)
    assert (await asyncio.wait_for(reader.readline(), 60)).startswith(b"HTTP/1.1 204")
    for _, one in [*mine, (reader, writer)]:
        one.close()


async def test_a_form_that_never_ends_is_not_waited_for(browser, monkeypatch):
    monkeypatch.setattr(guard, "FORM_SECONDS", 0.1)
    over = asyncio.Event()

    async def body():
        yield b"answer=a"
        await over.wait()

    async def send():
        return await browser.post(
            "/login", content=body(), headers={"content-type": "application/x-www-form-urlencoded"}
        )

    page = await asyncio.wait_for(send(), 60)
    over.set()
    assert page.status_code == 403
    assert "the form did not come within 0.1 s" in page.text
