"""Facts of the ledger itself: how much of it there is, who wrote it, who vouches for it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from gateway.audit.compliance.facts.fact import Fact, counted, listed, moment
from gateway.audit.trail import kinds
from gateway.audit.trail.questions.agreement import agreement as agreement_of
from gateway.audit.trail.tables import BLOCKS, EVENTS, TRANSACTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.audit.compliance.evidence import Evidence


def ledger(evidence: Evidence) -> Iterator[Fact]:
    """Yield its extent, and how many transactions took effect."""
    manifest, code = evidence.manifest, TRANSACTIONS.c.code
    with evidence.trail.engine.connect() as connection:
        whole = connection.execute(select(func.count()).select_from(BLOCKS).where(BLOCKS.c.whole == 1)).scalar_one()
        valid = connection.execute(select(func.count()).select_from(TRANSACTIONS).where(code == 0)).scalar_one()
        every = connection.execute(select(func.count()).select_from(TRANSACTIONS)).scalar_one()
    yield Fact("blocks", f"{manifest.height}, of which {whole} are in the bundle whole")
    yield Fact("transactions in whole blocks", f"{valid} took effect, {every - valid} were found invalid")
    scope = manifest.scope
    yield Fact("claimed times in scope", f"{moment(scope.first_claimed_time)} to {moment(scope.last_claimed_time)}")


def actors(evidence: Evidence) -> Iterator[Fact]:
    """Yield who submitted what took effect: organisation and role, with how many certificates."""
    columns = TRANSACTIONS.c.msp, TRANSACTIONS.c.role, TRANSACTIONS.c.certificate
    query = select(*columns, func.count()).where(TRANSACTIONS.c.code == 0, TRANSACTIONS.c.certificate.is_not(None))
    found: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    with evidence.trail.engine.connect() as connection:
        for msp, role, _, transactions in connection.execute(query.group_by(*columns)):
            found[msp, role or "without a role"].append(transactions)
    for (msp, role), each in sorted(found.items()):
        yield Fact(f"{msp}, {role}", f"{sum(each)} transactions, {len(each)} certificate{'s'[: len(each) > 1]}")


def witnesses(evidence: Evidence) -> Iterator[Fact]:
    """Yield who exported the bundle, and whose statements and time-stamps are in it."""
    yield Fact("exported by", evidence.manifest.exporter.msp)
    said = [name.removeprefix("witnesses/").removesuffix(".json") for name in evidence.files("witnesses")]
    yield Fact("statements of members' gateways", listed(said))
    yield Fact("time-stamps of authorities", str(len(evidence.files("timestamps"))))
    yield Fact("updates and models in the bundle", str(len(evidence.files("artifacts"))))


def software(evidence: Evidence) -> Iterator[Fact]:
    """Yield the versions that made the bundle, and how often the chaincode was defined."""
    for name, version in sorted(evidence.manifest.software.items()):
        yield Fact(f"version of {name}", version)
    query = select(func.count()).select_from(EVENTS).where(EVENTS.c.type == kinds.DEFINED)
    with evidence.trail.engine.connect() as connection:
        yield Fact("definitions of chaincode", str(connection.execute(query).scalar_one()))


def agreement(evidence: Evidence) -> Iterator[Fact]:
    """Yield where attesters, clocks or witnesses did not agree."""
    found = agreement_of(evidence.trail, hearsay=evidence.memory.hearsay)
    yield Fact("rounds whose attestations were compared", str(found.attested))
    yield Fact("members whose statements were compared", listed(found.members_heard))
    yield Fact("findings", counted(row.kind for row in found.rows))


def attention(evidence: Evidence) -> Iterator[Fact]:
    """Yield how many events need attention, by kind."""
    query = select(EVENTS.c.type).where(EVENTS.c.severity == int(kinds.Severity.ATTENTION))
    with evidence.trail.engine.connect() as connection:
        yield Fact("events that need attention", counted(connection.execute(query).scalars()))
