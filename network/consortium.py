"""A consortium on a running network, founded in a moment: what tests of everything above the ledger begin with."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateway.fabric import Contract, EndorseError, Endpoint, FileIdentity, GatewayError, Tls, chaincode_refusal, connect
from network.connection import Connection, OrganisationConnection
from network.identity import Role
from quorate.digest import digest_of
from quorate.errors import TimedOutError
from quorate.identifiers import parse_msp_id
from quorate.records.common import make
from quorate.records.consortium import Charter, Confirm, Found, Founding, Member, Members, MembersView, Quorum, Tally

_ANSWER_LIMIT = 1024 * 1024
_CLOCK_SKEW_MS = 10_000
_TOO_LATE = "EXPIRED"
_PEERS_AGREE_WITHIN_S = 60.0
_ASK_AGAIN_S = 0.1
_VOTING_PERIOD_MS = 3_600_000

_Call = Callable[[str, bytes], Awaitable[bytes]]


@dataclass(frozen=True, kw_only=True)
class Consortium:
    """A founded consortium: its charter is in force, and every organisation has an identity for every role.

    Attributes
    ----------
    network : Connection
        The network it lives on.
    charter : Charter
        The charter, signed by all.
    fingerprint_keys : mapping of str to bytes
        By MSP id, the key to which the charter commits each member for fingerprints of its data sets.
    """

    network: Connection
    charter: Charter
    fingerprint_keys: Mapping[str, bytes]

    @asynccontextmanager
    async def contract(self, organisation: str, role: Role) -> AsyncIterator[Contract]:
        """Open the chaincode as one organisation's client in a role; the organisation by name or MSP id."""
        async with open_contract(self.network, self.network.organisation(organisation), role) as contract:
            yield contract


@asynccontextmanager
async def open_contract(
    network: Connection, organisation: OrganisationConnection, role: Role
) -> AsyncIterator[Contract]:
    """Open the chaincode on the organisation's own peer, signing as its client in a role."""
    pair, client = organisation.paths.identity(role), organisation.paths.gateway_client
    identity, signer = FileIdentity(msp_id=organisation.msp_id, certificate=pair.cert, key=pair.key).load()
    tls = Tls.from_files(
        roots=organisation.tls_ca, certificate=client.cert, key=client.key, server_name=organisation.server_name
    )
    async with connect(Endpoint(organisation.address, tls), identity, signer) as gateway:
        yield gateway.network(network.channel).contract(network.chaincode)


async def found_consortium(
    network: Connection, *, title: str = "A consortium for tests", clock_skew_ms: int = _CLOCK_SKEW_MS
) -> Consortium:
    """Propose a charter of all organisations, have each confirm it, and bring it into force.

    Endorsers refuse transactions whose time is further than `clock_skew_ms` from their own clock.

    Raises
    ------
    GatewayError
        If the ledger refuses a step, as it does where another charter is in force.
    """
    keys = {member.msp_id: _fingerprint_key(member.msp_id) for member in network.organisations}
    found = make(
        Found,
        title=title,
        members=[Member(msp=parse_msp_id(msp), fingerprint_key=digest_of(key)) for msp, key in sorted(keys.items())],
        quorum=Quorum(studies="majority", members="majority", policies="majority"),
        clock_skew_ms=clock_skew_ms,
        voting_period_ms=_VOTING_PERIOD_MS,
    )
    first = network.organisations[0]
    async with open_contract(network, first, Role.OPERATOR) as contract:
        answer = await _in_time(contract.submit, "consortium:Found", found.encode())
        founding = Founding.parse(answer, limit=_ANSWER_LIMIT)
        await asyncio.gather(*(_confirm(network, member, founding) for member in network.organisations))
        tally = make(Tally, motion="founding", proposer=founding.proposer)
        await _in_time(contract.submit, "consortium:Tally", tally.encode(), too_early="INVALID_STATE")
    charters = await asyncio.gather(*(_charter(network, member) for member in network.organisations))
    return Consortium(network=network, charter=charters[0], fingerprint_keys=keys)


def found_at_once(network: Connection, *, timeout_s: float) -> Consortium:
    """Found as `found_consortium` does, for callers that are not asynchronous.

    Raises
    ------
    TimedOutError
        If it took more than `timeout_s` seconds.
    """
    # In a thread of its own, so that whichever event loop the caller's thread has is left alone.
    with ThreadPoolExecutor(max_workers=1) as thread:
        founding = asyncio.wait_for(found_consortium(network), timeout_s)
        try:
            return thread.submit(asyncio.run, founding).result()
        except TimeoutError as error:
            raise TimedOutError(f"Founding a consortium took more than {timeout_s:g} s.", cause=error) from error


async def _confirm(network: Connection, member: OrganisationConnection, founding: Founding) -> None:
    confirm = make(Confirm, proposer=founding.proposer, charter_digest=founding.charter_digest)
    async with open_contract(network, member, Role.OPERATOR) as contract:
        await _in_time(contract.submit, "consortium:Confirm", confirm.encode(), too_early="NOT_FOUND")


async def _charter(network: Connection, member: OrganisationConnection) -> Charter:
    # As the member's own peer has it, which may be a block behind the one that the tally was made at.
    deadline = time.monotonic() + _PEERS_AGREE_WITHIN_S
    async with open_contract(network, member, Role.OFFICER) as contract:
        while True:
            answer = await _in_time(contract.evaluate, "consortium:Members", make(Members).encode())
            view = MembersView.parse(answer, limit=_ANSWER_LIMIT)
            if view.charter is not None:
                return view.charter
            if time.monotonic() > deadline:
                raise TimedOutError(f"The peer of {member.name} has no charter after {_PEERS_AGREE_WITHIN_S:g} s.")
            await asyncio.sleep(_ASK_AGAIN_S)


async def _in_time(call: _Call, function: str, document: bytes, *, too_early: str = _TOO_LATE) -> bytes:
    # A real peer may not yet have read the block that the call builds on, or not yet know the others' peers; and what a
    # busy machine brings to a peer may be older by then than clocks may differ. Every step of a founding may be
    # repeated, so it is asked again until it is neither too early nor too late.
    deadline = time.monotonic() + _PEERS_AGREE_WITHIN_S
    while True:
        try:
            return await call(function, document)
        except GatewayError as error:
            if not _passes(error, too_early) or time.monotonic() > deadline:
                raise
            await asyncio.sleep(_ASK_AGAIN_S)


def _passes(error: GatewayError, too_early: str) -> bool:
    refusal = chaincode_refusal(error)
    if refusal is None:
        return isinstance(error, EndorseError)
    return refusal.code in {too_early, _TOO_LATE}


def _fingerprint_key(msp_id: str) -> bytes:
    # Nothing is secret in a test, and the same every time is easier to compare.
    return hashlib.sha256(f"fingerprint key of {msp_id}".encode()).digest()
