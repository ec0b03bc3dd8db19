"""The doctor's question whether any single member could decide alone, asked of channels where one could."""

import pytest

from gateway.service.checks.endorsement import check_endorsement
from gateway.service.checks.finding import Outcome
from quorate.blocks import protos
from tests.unit.quorate.ledger.chain import Chain, definition, transaction
from tests.unit.quorate.ledger.configuration import (
    IMPLICIT_META,
    SIGNATURE,
    channel_group,
    config_entry,
    meta,
    put_policy,
    signed_by,
)
from tests.unit.quorate.ledger.organisations import Organisation

ANY = meta(protos.ImplicitMetaPolicy.ANY, "Endorsement")
ALL = meta(protos.ImplicitMetaPolicy.ALL, "Endorsement")
BIRCH_ALONE = signed_by("BirchMSP", protos.MSPRole.PEER)


@pytest.fixture(scope="module")
def members():
    return [Organisation.new(name) for name in ("Alder", "Birch", "Cedar")]


class Served:
    """A peer that gives out the blocks of a channel whose policies were changed by name."""

    def __init__(self, members, policies, *, path="/Channel/Application/Endorsement"):
        ordering = Organisation.new("Orderers")
        group = channel_group(members, ordering)
        for name, (kind, policy) in policies.items():
            put_policy(group.groups["Application"], name, kind, policy)
        chain = Chain(ordering.orderer, config_entry(group))
        admin, peers = members[0].member("admin"), [member.peer for member in members]
        writes = definition("quorate", path)
        call = [b"CommitChaincodeDefinition"]
        chain.append([transaction(admin, "_lifecycle", call, writes=writes, endorsers=peers, time_ms=1)])
        self._blocks = [protos.Block.FromString(block) if isinstance(block, bytes) else block for block in chain.blocks]

    async def blocks(self):
        for block in self._blocks:
            yield block


async def found(served):
    return {finding.check: (finding.outcome, finding.message) for finding in await check_endorsement(served, "quorate")}


@pytest.mark.parametrize("policies", [{}, {"Endorsement": (IMPLICIT_META, ALL)}], ids=["majority", "all"])
async def test_under_a_majority_or_all_nobody_decides_alone(members, policies):
    text = "none of AlderMSP, BirchMSP, CedarMSP could decide alone"
    assert await found(Served(members, policies)) == {
        "endorsement policy": (Outcome.OK, text),
        "lifecycle policy": (Outcome.OK, text),
    }


async def test_under_any_everybody_does(members):
    findings = await found(Served(members, {"Endorsement": (IMPLICIT_META, ANY)}))
    assert findings["endorsement policy"] == (Outcome.FAILED, "AlderMSP, BirchMSP, CedarMSP could decide alone")
    assert findings["lifecycle policy"][0] is Outcome.OK


async def test_a_chaincode_whose_own_policy_names_one_member_is_that_members(members):
    served = Served(members, {"Ours": (SIGNATURE, BIRCH_ALONE)}, path="/Channel/Application/Ours")
    assert (await found(served))["endorsement policy"] == (Outcome.FAILED, "BirchMSP could decide alone")


async def test_whoever_could_change_the_definition_alone_is_named_too(members):
    findings = await found(Served(members, {"LifecycleEndorsement": (SIGNATURE, BIRCH_ALONE)}))
    assert findings["endorsement policy"][0] is Outcome.OK
    assert findings["lifecycle policy"] == (Outcome.FAILED, "BirchMSP could decide alone")


async def test_a_policy_that_cannot_be_resolved_is_not_checked(members):
    served = Served(members, {}, path="/Channel/Application/Nowhere")
    assert (await found(served))["endorsement policy"][0] is Outcome.NOT_CHECKED
