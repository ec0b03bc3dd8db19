"""Keys with an endorsement policy of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.fabric import CommitError, TxValidationCode
from tests.conformance.world import endorsers

if TYPE_CHECKING:
    from gateway.fabric import Contract

pytestmark = pytest.mark.usefixtures("real_fabric")


@pytest.fixture
async def owned(contract: Contract, key: str) -> str:
    """Return a key whose changes the first organisation alone endorses."""
    await contract.submit("own", key, "AlderMSP")
    assert await contract.evaluate("owned", key) == b"true"
    return key


async def test_its_owner_alone_can_change_it(contract: Contract, owned: str) -> None:
    await contract.submit("put", owned, "changed", endorsing_organizations=["AlderMSP"])
    assert await contract.evaluate("get", owned) == b"changed"


@pytest.mark.parametrize("msps", [["BirchMSP"], ["BirchMSP", "CedarMSP"]])
async def test_others_cannot_however_many_they_are(contract: Contract, owned: str, msps: list[str]) -> None:
    with pytest.raises(CommitError) as caught:
        await contract.submit("put", owned, "changed", endorsing_organizations=msps)
    assert caught.value.validation_code is TxValidationCode.ENDORSEMENT_POLICY_FAILURE
    assert await contract.evaluate("get", owned) == b"owned"


@pytest.mark.parametrize("owner", ["BirchMSP", "CedarMSP"])
async def test_the_gateway_finds_an_owner_elsewhere_by_itself(contract: Contract, key: str, owner: str) -> None:
    await contract.submit("own", key, owner)
    transaction = await contract.new_proposal("put", key, "changed").endorse()
    assert owner in endorsers(transaction)
    assert (await (await transaction.submit()).status()).successful
    assert await contract.evaluate("get", key) == b"changed"


async def test_a_key_of_two_owners_in_turn_answers_to_the_last(contract: Contract, owned: str) -> None:
    await contract.submit("own", owned, "BirchMSP", endorsing_organizations=["AlderMSP"])
    with pytest.raises(CommitError):
        await contract.submit("put", owned, "changed", endorsing_organizations=["AlderMSP"])
    await contract.submit("put", owned, "changed", endorsing_organizations=["BirchMSP"])
    assert await contract.evaluate("get", owned) == b"changed"


async def test_other_keys_keep_the_chaincodes_policy(contract: Contract, owned: str) -> None:
    with pytest.raises(CommitError):
        await contract.submit("put", f"{owned}-other", "value", endorsing_organizations=["AlderMSP"])


async def test_two_owners_must_both_endorse(contract: Contract, key: str) -> None:
    await contract.submit("own", key, "AlderMSP,CedarMSP")
    for msps in (["AlderMSP", "BirchMSP"], ["CedarMSP"]):
        with pytest.raises(CommitError) as caught:
            await contract.submit("put", key, "changed", endorsing_organizations=msps)
        assert caught.value.validation_code is TxValidationCode.ENDORSEMENT_POLICY_FAILURE
    assert await contract.evaluate("get", key) == b"owned"
    await contract.submit("put", key, "changed", endorsing_organizations=["AlderMSP", "CedarMSP"])
    assert await contract.evaluate("get", key) == b"changed"


@pytest.mark.parametrize("owners", [["AlderMSP", "CedarMSP"], ["BirchMSP", "CedarMSP"]], ids=["one here", "none here"])
async def test_the_gateway_finds_both_owners_by_itself(contract: Contract, key: str, owners: list[str]) -> None:
    await contract.submit("own", key, ",".join(owners))
    transaction = await contract.new_proposal("put", key, "changed").endorse()
    assert set(owners) <= set(endorsers(transaction))
    assert (await (await transaction.submit()).status()).successful
    assert await contract.evaluate("get", key) == b"changed"
