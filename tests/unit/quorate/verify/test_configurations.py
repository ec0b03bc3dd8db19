"""Configurations that follow each other, and which of them holds for what."""

import pytest

from quorate.verify import Step, VerificationError, verify_bundle
from tests.unit.quorate.ledger.bundles import export
from tests.unit.quorate.ledger.chain import sign_block
from tests.unit.quorate.ledger.configuration import channel_group, config_entry
from tests.unit.quorate.ledger.consortium import Consortium, Ledger
from tests.unit.quorate.ledger.organisations import Organisation


@pytest.fixture
def made():
    return Consortium(Ledger(("Alder", "Birch"), per_block=1))


def update(ledger, *, sequence=1, channel="quorate", members=None, ordering=None):
    ledger.cut()
    group = channel_group(members or ledger.members, ordering or ledger.ordering)
    ledger.chain.append([config_entry(group, sequence=sequence, channel=channel)], config=True)


def outcome(ledger, path):
    export(ledger, path)
    return verify_bundle(path, genesis=ledger.genesis)


def failure(ledger, path):
    with pytest.raises(VerificationError) as caught:
        outcome(ledger, path)
    return caught.value.report.failed[0]


def test_a_new_configuration_holds_from_the_next_block_on(made, tmp_path):
    update(made.ledger, members=[*made.members, Organisation.new("Cedar")])
    made.open(1)
    report = outcome(made.ledger, tmp_path / "bundle")
    assert any("2 configurations in force" in found.message for found in report.verified)
    assert any("configuration updates were signed" in found.message for found in report.not_checked)


def test_who_is_out_of_the_new_configuration_endorses_no_longer(made, tmp_path):
    update(made.ledger, members=[made.members[0], Organisation.new("Cedar"), Organisation.new("Elm")])
    made.open(1)
    found = failure(made.ledger, tmp_path / "bundle")
    assert (found.step, "AlderMSP hold" in found.message) == (Step.TRANSACTIONS, True)


def test_orderers_who_are_out_of_it_sign_no_longer(made, tmp_path):
    update(made.ledger, ordering=Organisation.new("Others"))
    made.open(1)
    assert "no organisation 'OrderersMSP'" in failure(made.ledger, tmp_path / "bundle").message


def test_a_block_may_not_go_back_to_an_older_configuration(made, tmp_path):
    update(made.ledger)
    made.ledger.chain.last_config = 0
    made.open(1)
    assert "in force is" in failure(made.ledger, tmp_path / "bundle").message


@pytest.mark.parametrize("wrong", [{"sequence": 2}, {"sequence": 0}, {"channel": "other"}])
def test_configurations_follow_each_other_one_by_one(made, tmp_path, wrong):
    update(made.ledger, **wrong)
    assert "the configuration is number" in failure(made.ledger, tmp_path / "bundle").message


def test_a_configuration_may_not_hide_among_transactions(made, tmp_path):
    made.ledger.put(config_entry(made.ledger.group, sequence=1))
    assert "cannot have been valid" in failure(made.ledger, tmp_path / "bundle").message


def test_a_block_that_is_called_a_configuration_and_is_none(made, tmp_path):
    number = len(made.ledger.chain.blocks)
    made.open(1)
    sign_block(made.ledger.chain.blocks[number], made.ledger.ordering.orderer, number)
    assert "a configuration is expected" in failure(made.ledger, tmp_path / "bundle").message


def test_one_study_needs_every_configuration_too(made, tmp_path):
    update(made.ledger)
    made.open(1)
    export(made.ledger, tmp_path / "study", study="one")
    assert verify_bundle(tmp_path / "study", genesis=made.ledger.genesis).result == "verified"
