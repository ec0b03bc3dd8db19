from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from network.identity import OrganisationPaths, issue_organisation
from quorate.identifiers import MspId
from quorate.records.consortium import MemberView
from tests.unit.gateway.service.house import House
from tests.unit.gateway.service.ledger_double import LedgerDouble
from tests.unit.gateway.service.relayed import Relayed, Setup

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

NAMES = ("alder", "birch", "cedar", "stranger")


@pytest.fixture(scope="session")
def identities(tmp_path_factory: pytest.TempPathFactory) -> dict[str, OrganisationPaths]:
    directory = tmp_path_factory.mktemp("identities")
    return {name: issue_organisation(directory, name) for name in NAMES}


@pytest.fixture
def ledger() -> LedgerDouble:
    return LedgerDouble()


@pytest.fixture
def birch_member(identities: dict[str, OrganisationPaths]) -> MemberView:
    root = identities["birch"].tls_ca.cert.read_text()
    return MemberView(msp="BirchMSP", address="localhost:7443", tls_root=root)


@pytest.fixture
async def houses(
    identities: dict[str, OrganisationPaths], ledger: LedgerDouble, tmp_path: Path
) -> AsyncIterator[dict[str, House]]:
    """Three members' gateways that know each other."""
    made = {name: House(MspId(f"{name.title()}MSP"), identities[name], tmp_path / name, ledger) for name in NAMES[:3]}
    for house in made.values():
        ledger.members_[house.msp] = house.member
    for house in made.values():
        await house.start()
    for house in made.values():
        ledger.members_[house.msp] = house.member
    yield made
    for house in made.values():
        await house.stop()


@pytest.fixture
def alder(houses: dict[str, House]) -> House:
    return houses["alder"]


@pytest.fixture
def birch(houses: dict[str, House]) -> House:
    return houses["birch"]


@pytest.fixture
def cedar(houses: dict[str, House]) -> House:
    return houses["cedar"]


@pytest.fixture
def setup(identities: dict[str, OrganisationPaths]) -> Setup:
    return Setup(identities)


@pytest.fixture
async def relayed(setup: Setup) -> AsyncIterator[Relayed]:
    async with setup() as made:
        yield made
