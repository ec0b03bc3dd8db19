"""Portals for tests: a desk over a lively ledger, a clock that stands still, officers who sign."""

import asyncio
from types import SimpleNamespace

from gateway.audit.access import AccessLog, Desk
from gateway.audit.compliance.frameworks import FRAMEWORKS
from gateway.audit.trail import Trail
from gateway.audit.trail.history import newest
from gateway.audit.trail.observations import Observation
from gateway.audit.trail.questions.members import members_at
from gateway.audit.trail.questions.registry import Memory
from gateway.portal.app import application
from gateway.portal.challenge import challenge_of, make_answer, to_text
from gateway.portal.configured import Configured
from gateway.portal.login import Logins
from gateway.portal.portal import Doors, Portal
from gateway.portal.routes import ROLES
from gateway.portal.sessions import Officer, Sessions
from gateway.service.limiter import Rate
from quorate.identifiers import MspId
from quorate.records.policy import Policy

OWN = MspId("AlderMSP")
ORIGIN = "https://portal.test"


class Clock:
    """Unix milliseconds that only tests move."""

    def __init__(self, now=1_790_000_900_000):
        self.now = now

    def __call__(self):
        return self.now


class Feed:
    """Stands where a gateway's follower does: blocks come when a test says so."""

    def __init__(self, trail):
        self._trail = trail
        self._condition = asyncio.Condition()

    async def heights(self, after=None):
        while True:
            async with self._condition:
                await self._condition.wait_for(lambda seen=after: self._trail.height != seen)
                after = self._trail.height
            yield after

    async def wait_for(self, height):
        async with self._condition:
            await self._condition.wait_for(lambda: self._trail.height >= height)

    async def add(self, blocks):
        await asyncio.to_thread(self._trail.append, blocks)
        async with self._condition:
            self._condition.notify_all()


class Witness:
    """Saw members' ledgers differ when a test says so."""

    def __init__(self):
        self.observed = []

    def saw(self, msp, block, what, *, at):
        self.observed.append(Observation(msp=msp, block=block, what=what, observed_time=at))

    def observations(self):
        return iter(self.observed)


class Rules:
    """The policies and members as the trail has them, as a gateway's view of the ledger would."""

    def __init__(self, trail):
        self._trail = trail

    @property
    def policy(self):
        return max(
            (found.record for found in newest(self._trail, Policy, "policy", "version")),
            key=lambda record: record.version,
            default=None,
        )

    @property
    def members(self):
        return dict.fromkeys(members_at(self._trail).members)


def new_trail(blocks, path=None):
    """Return a trail of blocks; one that gets more while it is read needs a file."""
    trail = Trail.open(path)
    trail.append(blocks[trail.height :])
    return trail


def new_portal(trail, *, clock=None, sessions=None, origin=ORIGIN, minutes=30, attempts=None, observing=None):
    """Return a portal over a trail, and what tests reach inside it by."""
    clock = clock or Clock()
    log = AccessLog.open(None, OWN)
    feed = Feed(trail)
    memory = Memory(reads=log, deleted=log, observing=observing)
    desk = Desk(trail, log, Rules(trail), clock=clock, filler=feed, memory=memory)
    desk.ready.set()
    logins = Logins(
        own=OWN, channel="quorate", origin=origin, roles=ROLES, configuration=Configured(trail), clock=clock
    )
    doors = Doors(
        logins=logins,
        sessions=Sessions(clock, minutes=minutes) if sessions is None else sessions,
        attempts=attempts or Rate(0.2, burst=1000),
        minutes=minutes,
    )
    portal = Portal(
        desk=desk,
        msp=OWN,
        channel="quorate",
        origin=origin,
        source="following the ledger",
        viewer=Officer(msp="nobody", role="", name="", certificate="", pem=""),
        clock=clock,
        doors=doors,
        frameworks=FRAMEWORKS,
    )
    return SimpleNamespace(
        portal=portal, app=application(portal), trail=trail, log=log, desk=desk, doors=doors, clock=clock, feed=feed
    )


def answered(challenge_text, signer):
    """Return the answer that a signer's command would print."""
    challenge = challenge_of(challenge_text)
    return to_text(
        make_answer(
            challenge,
            msp=signer.msp_id,
            certificate=signer.certificate,
            signature=signer.sign(challenge.signed_bytes),
        )
    )
