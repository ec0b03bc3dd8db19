"""Which organisations endorse: the scenarios, for any signer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.fabric import EndorseError, GatewayError
from tests.conformance.world import endorsers, transient_of

if TYPE_CHECKING:
    from gateway.fabric import Contract


class Endorsing:
    """The subclass gives a `contract` whose signer is the one under test."""

    @pytest.mark.parametrize("msps", [["AlderMSP", "BirchMSP"], ["BirchMSP", "CedarMSP"], ["AlderMSP", "CedarMSP"]])
    async def test_exactly_those_asked_endorse(self, contract: Contract, key: str, msps: list[str]) -> None:
        transaction = await contract.new_proposal("put", key, "value", endorsing_organizations=msps).endorse()
        assert endorsers(transaction) == msps
        assert (await (await transaction.submit()).status()).successful

    @pytest.mark.parametrize("msp", ["AlderMSP", "BirchMSP", "CedarMSP"])
    async def test_one_alone_endorses_when_it_alone_is_asked(self, contract: Contract, key: str, msp: str) -> None:
        transaction = await contract.new_proposal("put", key, "value", endorsing_organizations=[msp]).endorse()
        assert endorsers(transaction) == [msp]

    async def test_without_a_wish_the_policy_decides(self, contract: Contract, key: str) -> None:
        transaction = await contract.new_proposal("put", key, "value").endorse()
        assert len(set(endorsers(transaction))) == 2
        assert (await (await transaction.submit()).status()).successful

    async def test_transient_data_reaches_those_asked(self, contract: Contract) -> None:
        result = await contract.submit(
            "transient", "a", transient={"a": "1", "b": "2"}, endorsing_organizations=["AlderMSP", "CedarMSP"]
        )
        assert transient_of(result) == {"value": "1", "count": "2"}

    @pytest.mark.parametrize("host", ["alder", "birch", "cedar"])
    async def test_a_query_is_answered_by_the_organisation_asked(self, contract: Contract, key: str, host: str) -> None:
        asked = [f"{host.capitalize()}MSP"]
        with pytest.raises(GatewayError, match="not here"):
            await contract.evaluate("failAt", host, key, endorsing_organizations=asked)
        others = {"alder", "birch", "cedar"} - {host}
        for other in others:
            await contract.evaluate("failAt", other, key, endorsing_organizations=asked)

    async def test_an_organisation_that_is_not_there_cannot_endorse(self, contract: Contract, key: str) -> None:
        with pytest.raises(EndorseError, match="ElmMSP"):
            await contract.submit("put", key, "value", endorsing_organizations=["AlderMSP", "ElmMSP"])
