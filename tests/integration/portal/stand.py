"""A portal behind TLS on loopback in a thread of its own, which tests may stop and start again."""

import asyncio
import threading
from types import SimpleNamespace

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.portal.room import PortalRoom
from gateway.portal.server import PortalServer
from gateway.portal.sessions import Sessions
from network.identity.authority import new_authority, new_server
from tests.integration.ports import free_port
from tests.unit.gateway.portal.rooms import Clock, Witness, new_portal, new_trail

FIRST = 40
"""Blocks that are there at the beginning."""


class Stand:
    """One portal, its address kept across restarts."""

    def __init__(self, folder, house):
        self._folder = folder
        self._pair = _pair(folder)
        self.blocks = house.blocks
        self.clock = Clock()
        self.witness = Witness()
        self.witness.saw("BirchMSP", 2, "the ledger of BirchMSP has another block 2: a fork", at=self.clock())
        self.trail = new_trail(self.blocks[:FIRST], folder / "trail.db")
        self.port = free_port()
        self.origin = f"https://127.0.0.1:{self.port}"
        self.room = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._task = None

    def start(self):
        sessions = Sessions.kept(self._folder / "sessions.json", self.clock, minutes=30)
        self.room = new_portal(
            self.trail, clock=self.clock, sessions=sessions, origin=self.origin, observing=self.witness
        )
        room = PortalRoom(PortalServer(f"127.0.0.1:{self.port}", pair=self._pair), self.room.app)
        self._task = asyncio.run_coroutine_threadsafe(room.run(), self._loop)

    def stop(self):
        self._task.cancel()
        asyncio.run_coroutine_threadsafe(self._rest(), self._loop).result(90)
        self.room.log.close()

    def add(self, count=1):
        """Let the next blocks come."""
        height = self.trail.height
        coming = self.room.feed.add(self.blocks[height : height + count])
        asyncio.run_coroutine_threadsafe(coming, self._loop).result(90)

    def end(self):
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(90)
        self._loop.close()
        self.trail.close()

    async def _rest(self):
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        await asyncio.wait_for(asyncio.gather(*others, return_exceptions=True), 60)


def _pair(folder):
    authority = new_authority(common_name="tlsca.alder.test", organisation="Alder")
    issued = new_server(authority, common_name="localhost", organisation="Alder")
    files = SimpleNamespace(certificate=folder / "portal.pem", key=folder / "portal.key")
    files.certificate.write_bytes(issued.certificate.public_bytes(Encoding.PEM))
    files.key.touch(mode=0o600)
    files.key.write_bytes(issued.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files.certificate, files.key
