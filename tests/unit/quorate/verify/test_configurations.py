"""Configurations that follow each other, and which of them holds for what."""

import pytest

from quorate.verify import Step, VerificationError, verify_bundle
from tests.unit.quorate.ledger.bundles import export
from tests.unit.quorate.ledger.chain import sign_block
from tests.unit.quorate.ledger.configuration import channel_group, config_entry, organisation_group, update_of
from tests.unit.quorate.ledger.consortium import Consortium, Ledger
from tests.unit.quorate.ledger.forgery import forger, of_version
from tests.unit.quorate.ledger.organisations import Organisation


@pytest.fixture
def made():
    return Consortium(Ledger(("Alder", "Birch"), per_block=1))


def update(ledger, *, sequence=1, channel="quorate", members=None, ordering=None, signers=None, alter=None):
    """Put a new configuration on the ledger, by default signed by every admin."""
    ledger.cut()
    signers = signers if signers is not None else [*ledger.members, ledger.ordering]
    group = channel_group(members or ledger.members, ordering or ledger.ordering)
    last_update, group = update_of(ledger.group, group, [_admin(found) for found in signers])
    if alter:
        alter(group)
    orderer = ledger.ordering.orderer
    entry = config_entry(group, sequence=sequence, channel=channel, last_update=last_update, orderer=orderer)
    ledger.chain.append([entry], config=True)
    ledger.group = group


def _admin(signer):
    return signer.admin if isinstance(signer, Organisation) else signer


def outcome(ledger, path):
    export(ledger, path)
    return verify_bundle(path, genesis=ledger.genesis)


def failures(ledger, path):
    with pytest.raises(VerificationError) as caught:
        outcome(ledger, path)
    return caught.value.report.failed


def failure(ledger, path):
    return failures(ledger, path)[0]


def test_a_new_configuration_holds_from_the_next_block_on(made, tmp_path):
    update(made.ledger, members=[*made.members, Organisation.new("Cedar")])
    made.open(1)
    report = outcome(made.ledger, tmp_path / "bundle")
    assert any("2 configurations in force" in found.message for found in report.verified)
    number = len(made.ledger.chain.blocks) - 2
    said = f"1 update of the configuration, each signed as the policies of all that it changed demanded: block {number}"
    assert any(f"{said} by AlderMSP, BirchMSP, OrderersMSP" in found.message for found in report.verified)


def odd_admin(organisation):
    return forger(organisation, organisation.admin, version=of_version(2))


def test_an_update_that_rests_on_an_odd_certificate_is_said_to_be_open(made, tmp_path):
    alder, birch = made.members
    update(made.ledger, members=[alder, birch, Organisation.new("Cedar")], signers=[alder, odd_admin(birch)])
    made.open(1)
    report = outcome(made.ledger, tmp_path / "bundle")
    number = len(made.ledger.chain.blocks) - 2
    [found] = [found for found in report.not_checked if found.step is Step.HEADERS]
    assert found.message == f"that the configuration of block {number} was signed as the policies before it demanded"
    assert found.why.endswith("BirchMSP's: it is of version 2")
    assert not any("update of the configuration" in found.message for found in report.verified)


def test_an_odd_certificate_more_leaves_nothing_open(made, tmp_path):
    alder, birch = made.members
    signers = [alder, odd_admin(birch), birch]
    update(made.ledger, members=[alder, birch, Organisation.new("Cedar")], signers=signers)
    report = outcome(made.ledger, tmp_path / "bundle")
    assert any("1 update of the configuration" in found.message for found in report.verified)


def test_an_odd_certificate_does_not_make_up_for_the_others(made, tmp_path):
    alder, birch = made.members
    update(made.ledger, members=[alder, birch, Organisation.new("Cedar")], signers=[odd_admin(birch)])
    assert "does not satisfy" in failure(made.ledger, tmp_path / "bundle").message


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
    update(made.ledger, members=[*made.members, Organisation.new("Cedar")])
    made.ledger.chain.last_config = 0
    made.open(1)
    assert "in force is" in failure(made.ledger, tmp_path / "bundle").message


@pytest.mark.parametrize("wrong", [{"sequence": 2}, {"sequence": 0}, {"channel": "other"}])
def test_configurations_follow_each_other_one_by_one(made, tmp_path, wrong):
    update(made.ledger, members=[*made.members, Organisation.new("Cedar")], **wrong)
    assert "the configuration is number" in failure(made.ledger, tmp_path / "bundle").message


def test_a_configuration_may_not_hide_among_transactions(made, tmp_path):
    made.ledger.put(config_entry(made.ledger.group, sequence=1, orderer=made.ledger.ordering.orderer))
    assert "cannot have been valid" in failure(made.ledger, tmp_path / "bundle").message


def test_a_configuration_signed_by_no_orderer(made, tmp_path):
    update(made.ledger, members=[*made.members, Organisation.new("Cedar")])
    block = made.ledger.chain.blocks[-1]
    stranger = Organisation.new("Orderers").orderer
    block.data.data[0] = config_entry(made.ledger.group, sequence=1, orderer=stranger)
    made.ledger.chain.reseal()
    assert "BAD_CREATOR_SIGNATURE" in str(failures(made.ledger, tmp_path / "bundle"))


@pytest.mark.parametrize("signers", [[], [0]])
def test_an_update_signed_by_too_few(made, tmp_path, signers):
    cedar = Organisation.new("Cedar")
    update(made.ledger, members=[*made.members, cedar], signers=[made.members[index] for index in signers])
    made.open(1)
    found = failure(made.ledger, tmp_path / "bundle")
    assert found.step is Step.HEADERS
    assert "does not satisfy /Channel/Application/Admins" in found.message


def test_an_update_signed_by_a_member_that_is_no_admin(made, tmp_path):
    members = [*made.members, Organisation.new("Cedar")]
    last_update, group = update_of(
        made.ledger.group,
        channel_group(members, made.ledger.ordering),
        [found.peer for found in made.members],
    )
    made.ledger.cut()
    orderer = made.ledger.ordering.orderer
    made.ledger.chain.append([config_entry(group, sequence=1, last_update=last_update, orderer=orderer)], config=True)
    assert "does not satisfy" in failure(made.ledger, tmp_path / "bundle").message


def test_a_configuration_that_its_update_does_not_lead_to(made, tmp_path):
    cedar, elm = Organisation.new("Cedar"), Organisation.new("Elm")

    def add(group):
        group.groups["Application"].groups["Elm"].CopyFrom(organisation_group(elm))

    update(made.ledger, members=[*made.members, cedar], alter=add)
    assert "does not lead to the configuration" in failure(made.ledger, tmp_path / "bundle").message


def test_a_configuration_without_an_update(made, tmp_path):
    made.ledger.cut()
    orderer = made.ledger.ordering.orderer
    made.ledger.chain.append([config_entry(made.ledger.group, sequence=1, orderer=orderer)], config=True)
    assert "the update" in failure(made.ledger, tmp_path / "bundle").message


def test_a_block_that_is_called_a_configuration_and_is_none(made, tmp_path):
    number = len(made.ledger.chain.blocks)
    made.open(1)
    sign_block(made.ledger.chain.blocks[number], made.ledger.ordering.orderer, number)
    assert "a configuration is expected" in failure(made.ledger, tmp_path / "bundle").message


def test_one_study_needs_every_configuration_too(made, tmp_path):
    update(made.ledger, members=[*made.members, Organisation.new("Cedar")])
    made.open(1)
    export(made.ledger, tmp_path / "study", study="one")
    assert verify_bundle(tmp_path / "study", genesis=made.ledger.genesis).result == "verified"
