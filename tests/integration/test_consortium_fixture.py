"""The fixture `consortium`, as whoever installs ``quorate[network]`` finds it."""

from pathlib import Path

import pytest

from gateway.fabric import EndorseError, chaincode_refusal
from network.consortium import found_consortium
from network.identity import Role
from quorate.digest import digest_of
from quorate.records.common import make
from quorate.records.consortium import ConsortiumView, Get
from quorate.records.dataset import Dataset
from tests.integration.datasets import unprotected

LIMIT = 1024 * 1024
MEMBERS = ["AlderMSP", "BirchMSP", "ChestnutMSP", "ElmMSP"]


def test_every_organisation_is_in_the_charter(consortium):
    assert [member.msp for member in consortium.charter.members] == MEMBERS
    commitments = {member.msp: member.fingerprint_key for member in consortium.charter.members}
    assert commitments == {msp: digest_of(key) for msp, key in consortium.fingerprint_keys.items()}


@pytest.mark.parametrize("organisation", ["alder", "birch", "chestnut", "elm"])
async def test_every_member_sees_the_charter_on_its_own_peer(consortium, organisation):
    async with consortium.contract(organisation, Role.OFFICER) as contract:
        view = ConsortiumView.parse(await contract.evaluate("consortium:Get", make(Get).encode()), limit=LIMIT)
    assert view.charter == consortium.charter


@pytest.fixture(scope="module")
def examples():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "network.md").read_text(encoding="utf-8")
    names = {}
    for block in page.split("```python\n")[1:]:
        exec(block.split("```")[0], names)  # noqa: S102 - our own page
    return names


async def test_the_reference_page_s_example(consortium, examples):
    await examples["test_reads_the_charter"](consortium)


def test_the_reference_page_s_example_of_breaking_things(fabric_engine, examples, tmp_path):
    examples["test_a_peer_that_returns"](fabric_engine, tmp_path)


async def test_a_role_may_do_what_is_its_own(consortium):
    async with consortium.contract("BirchMSP", Role.STEWARD) as contract:
        found = Dataset.parse(
            await contract.submit("dataset:Register", unprotected("by-a-steward").encode()), limit=LIMIT
        )
    assert (found.msp, found.dataset) == ("BirchMSP", "by-a-steward")


async def test_a_role_may_not_do_what_is_another_s(consortium):
    async with consortium.contract("birch", Role.AGENT) as contract:
        with pytest.raises(EndorseError) as caught:
            await contract.submit("dataset:Register", unprotected("by-an-agent").encode())
    assert chaincode_refusal(caught.value).code == "DENIED"


async def test_the_same_founding_again_changes_nothing(consortium):
    assert await found_consortium(consortium.network) == consortium


async def test_another_charter_is_refused_once_one_is_in_force(consortium):
    with pytest.raises(EndorseError) as caught:
        await found_consortium(consortium.network, title="Another")
    assert chaincode_refusal(caught.value).code in {"INVALID_STATE", "ALREADY_EXISTS", "CONFLICT"}
