"""What an agent asks of the consortium's policies: by the text on the ledger, before it reserves."""

from __future__ import annotations

import json

import pytest

from gateway.fabric import FileIdentity
from gateway.ledger import Ledger
from network.identity import Role, issue_organisation
from participants.agent.config import DatasetSection
from participants.agent.context import AgentContext
from participants.agent.journal import Journal
from participants.agent.ledger_policy import LedgerPolicy, principal_of
from participants.agent.local_policy import LocalPolicy
from participants.agent.participation import Participation
from quorate.blocks.certificate import certificate_digest, load_certificate
from quorate.digest import digest_of
from quorate.errors import UnreachableError
from quorate.policy import Principal
from quorate.records.common import make
from quorate.records.consortium import MembersView
from quorate.records.policy import Policy
from quorate.records.round import DeclineRecord, RoundView
from quorate.records.study import StudyView
from tests.unit.quorate.policy.samples import ALDER, BIRCH, CERTIFICATE, DEFAULT, NOW, STAMP, dataset, round_, study

AGENT = Principal(msp=ALDER, role="agent", certificate=CERTIFICATE)
NO_TRAINING = DEFAULT + '@id("no-training") forbid (principal, action == Action::"data.train", resource);\n'


class FakeContract:
    """The chaincode's answers to what an agent reads; remembers every call."""

    def __init__(self, text=DEFAULT, own=None, *, digest=None):
        self.text, self.own, self.digest = text, own or dataset(), digest
        self.calls = []
        self.is_away = False

    async def evaluate(self, name, *_):
        self.calls.append(name)
        if self.is_away:
            raise UnreachableError("the peer is away")
        return {
            "audit:Info": self.info,
            "policy:Get": self.policy,
            "consortium:Members": lambda: make(MembersView, members=[{"msp": ALDER}, {"msp": BIRCH}]).encode(),
            "dataset:Get": self.own.encode,
        }[name]()

    async def submit(self, name, *arguments):
        self.calls.append(name)
        assert name == "round:Decline", name
        asked = json.loads(arguments[0])
        asked.pop("schema")
        return make(DeclineRecord, msp=ALDER, declined=STAMP, **asked).encode()

    def info(self):
        info = {"schema": "quorate.info/1", "chaincode_version": "1", "schemas": [], "functions": []}
        return json.dumps(info | {"policy_version": 1, "policy_digest": digest_of(self.text.encode())}).encode()

    def policy(self):
        digest = self.digest or digest_of(self.text.encode())
        return make(Policy, version=1, digest=digest, text=self.text, in_force=STAMP).encode()


def asking(contract, principal=AGENT):
    return LedgerPolicy(Ledger(contract), principal, now=lambda: NOW)


async def test_training_that_the_policies_allow_meets_no_objection():
    assert await asking(FakeContract()).objection(study(), "rows") is None


@pytest.mark.parametrize(
    ("contract", "principal", "deciders"),
    [
        (FakeContract(NO_TRAINING), AGENT, "no-training"),
        (FakeContract(own=dataset(state="RETIRED")), AGENT, "default"),
        (FakeContract(own=dataset(purposes=("care",))), AGENT, "default"),
        (FakeContract(), Principal(msp=ALDER, role="steward", certificate=CERTIFICATE), "default"),
        (FakeContract(), Principal(msp="StrangerMSP", role="agent", certificate=CERTIFICATE), "forbid-outsiders"),
    ],
)
async def test_an_objection_names_the_policies_and_their_text(contract, principal, deciders):
    objection = await asking(contract, principal).objection(study(), "rows")
    assert objection.startswith("training on rows is denied by ")
    assert deciders in objection
    assert objection.endswith(f"(policy version 1, {digest_of(contract.text.encode())})")


async def test_the_policy_set_is_read_again_only_when_another_is_in_force():
    contract = FakeContract()
    rules = asking(contract)
    for _ in range(3):
        assert await rules.objection(study(), "rows") is None
    assert contract.calls.count("policy:Get") == 1
    contract.text = NO_TRAINING
    for _ in range(2):
        assert "no-training" in await rules.objection(study(), "rows")
    assert contract.calls.count("policy:Get") == 2


@pytest.mark.parametrize(
    ("contract", "reason"),
    [
        (FakeContract(digest=digest_of(b"another")), "does not have its digest"),
        (FakeContract("/* everything */"), "block-comment"),
        (FakeContract('@id("a") permit (principal, action);'), "is not Cedar"),
    ],
)
async def test_policies_that_cannot_be_used_allow_nothing(contract, reason):
    objection = await asking(contract).objection(study(), "rows")
    assert objection.startswith("the policies in force cannot be used here: ")
    assert reason in objection


async def test_a_ledger_that_is_away_decides_nothing():
    contract = FakeContract()
    contract.is_away = True
    with pytest.raises(UnreachableError):
        await asking(contract).objection(study(), "rows")


def test_an_agent_is_who_its_certificate_says(tmp_path):
    pair = issue_organisation(tmp_path, "alder").identity(Role.AGENT)
    identity, _ = FileIdentity(msp_id=ALDER, certificate=pair.cert, key=pair.key).load()
    digest = certificate_digest(load_certificate(pair.cert.read_bytes()))
    assert principal_of(identity) == Principal(msp=ALDER, role="agent", certificate=digest)


def participation(contract, tmp_path):
    context = AgentContext(
        msp=ALDER,
        ledger=Ledger(contract),
        artifacts=None,
        models=None,
        trainer=None,
        journal=Journal(tmp_path / "journal"),
        policy=LocalPolicy(),
        ledger_policy=asking(contract),
        is_approved=lambda _: True,
    )
    views = {"votes": [], "accepts": [], "withdrawals": [], "rounds": []}
    empty = {"reservations": [], "commits": [], "declines": [], "attestations": []}
    return Participation(
        context=context,
        dataset=DatasetSection(id="rows", binding={"kind": "csv", "path": tmp_path / "rows.csv"}),
        study=make(StudyView, study=study(), **views),
        view=make(RoundView, round=round_(), **empty),
    )


async def test_a_round_that_the_policies_do_not_allow_is_declined_and_nothing_is_charged(tmp_path):
    contract = FakeContract(NO_TRAINING)
    await participation(contract, tmp_path).take_part()
    assert contract.calls[-1] == "round:Decline"
    assert "privacy:Reserve" not in contract.calls
    assert list((tmp_path / "journal").iterdir()) == []


async def test_nothing_is_declined_while_the_policies_cannot_be_read(tmp_path):
    contract = FakeContract()
    contract.is_away = True
    with pytest.raises(UnreachableError):
        await participation(contract, tmp_path).take_part()
    assert "round:Decline" not in contract.calls
