"""Filling an organisation's folders from its Fabric CA server: register, enrol, store; what exists is kept."""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from pydantic import SecretStr

from network.identity.authority import Issued, server_names
from network.identity.fabric_ca.client import FabricCa
from network.identity.fabric_ca.credential import Credential
from network.identity.fabric_ca.records import Change, Kind, Registration
from network.identity.fabric_ca.served import REGISTRAR, SIGNING_CA, TLS_CA, Served
from network.identity.fabric_ca.settings import profile_for
from network.identity.layout import KeyPair
from network.identity.store import find, put
from network.identity.wanted import Purpose, Wanted
from quorate.errors import AlreadyExistsError, StorageError, first_error

_RENEW_BEFORE: Final = timedelta(days=30)
_AT_ONCE: Final = 4
_ANY_NUMBER: Final = -1


def issue(served: Iterable[Served]) -> None:
    """Issue what organisations lack, each from its own Fabric CA server, which must run; what exists is kept.

    A certificate that has expired, or will within thirty days, is issued anew; one that was revoked is not. Repeating
    this after an interruption completes it. A server whose organisation lacks nothing is not asked.

    Raises
    ------
    IntegrityError
        If a stored certificate, key and authority do not belong together, or a server answers with another certificate
        than was asked for.
    DeniedError
        If a server refuses, for instance an identity that was revoked.
    UnreachableError, TimedOutError
        If a server does not answer.
    StorageError
        If something cannot be read or written.
    """
    # In a thread of its own, so that it may be called where an event loop runs already.
    with ThreadPoolExecutor(max_workers=1) as executor:
        executor.submit(asyncio.run, _issue_all(list(served))).result()


async def _issue_all(served: Sequence[Served]) -> None:
    try:
        async with asyncio.TaskGroup() as group:
            for each in served:
                wanted = list(each.wanted())
                signing = [one for one in wanted if one.purpose is Purpose.SIGNING]
                group.create_task(_fill(each, SIGNING_CA, signing))
                group.create_task(_fill(each, TLS_CA, [one for one in wanted if one.purpose is not Purpose.SIGNING]))
    except ExceptionGroup as error:
        raise first_error(error) from error


async def _fill(served: Served, ca: str, wanted: Sequence[Wanted]) -> None:
    endpoint = served.endpoint(ca)
    (authority, *_) = endpoint.authorities
    lacking: dict[str, list[Wanted]] = defaultdict(list)
    for each in wanted:
        if _lacks(each.pair, authority):
            lacking[each.common_name].append(each)
    if not lacking:
        return
    async with FabricCa(endpoint) as client:
        registrar = await _registrar(client, served, ca, authority)
        at_once = asyncio.Semaphore(_AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for certificates in lacking.values():
                group.create_task(_enrol(client, registrar, served.organisation, certificates, at_once))


def _lacks(pair: KeyPair, authority: x509.Certificate) -> bool:
    stored = find(pair, authority)
    return stored is None or stored.certificate.not_valid_after_utc < datetime.now(tz=UTC) + _RENEW_BEFORE


async def _registrar(client: FabricCa, served: Served, ca: str, authority: x509.Certificate) -> Credential:
    pair = served.registrar(ca)
    if _lacks(pair, authority):
        try:
            secret = SecretStr(served.secret(ca).read_text(encoding="ascii"))
        except (OSError, ValueError) as error:
            raise StorageError(f"Cannot read the registrar's secret in {served.secret(ca)}.", cause=error) from error
        put(pair, await client.enrol(REGISTRAR, secret, organisation=served.organisation))
    return Credential.load(pair)


async def _enrol(
    client: FabricCa, registrar: Credential, organisation: str, wanted: Sequence[Wanted], at_once: asyncio.Semaphore
) -> None:
    name = wanted[0].common_name
    async with at_once:
        secret = await _register(client, registrar, name, wanted)
        for each in wanted:
            put(each.pair, await _certificate(client, name, secret, organisation, each.purpose))


async def _certificate(client: FabricCa, name: str, secret: SecretStr, organisation: str, purpose: Purpose) -> Issued:
    if purpose is Purpose.SIGNING:
        return await client.enrol(name, secret, organisation=organisation)
    names = None if purpose is Purpose.TLS_CLIENT else server_names(name)
    return await client.enrol(
        name, secret, organisation=organisation, names=names, profile=profile_for(purpose), attributes=()
    )


async def _register(client: FabricCa, registrar: Credential, name: str, wanted: Sequence[Wanted]) -> SecretStr:
    # The secret lives only here, and is used at once.
    secret = SecretStr(secrets.token_urlsafe(32))
    kind, attributes = Kind(wanted[0].unit), wanted[0].attributes
    identity = Registration(name=name, kind=kind, attributes=attributes, secret=secret, max_enrolments=len(wanted))
    try:
        await client.register(registrar, identity)
    except AlreadyExistsError:
        # Interrupted before, or renewed now. How often it has enrolled is not told, so no number would be right.
        again = Change(name=name, kind=kind, attributes=attributes, secret=secret, max_enrolments=_ANY_NUMBER)
        await client.modify(registrar, again)
    return secret
