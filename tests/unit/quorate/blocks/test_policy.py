import pytest

from quorate.blocks import protos
from quorate.blocks.config import ChannelConfig
from quorate.blocks.errors import BlockError
from quorate.blocks.policy import is_satisfied, is_satisfied_by
from tests.unit.quorate.ledger.configuration import (
    IMPLICIT_META,
    channel_group,
    config_entry,
    meta,
    n_out_of,
    put_policy,
    signed_by,
)
from tests.unit.quorate.ledger.organisations import Organisation

ENDORSEMENT = "/Channel/Application/Endorsement"


@pytest.fixture(scope="module")
def members():
    return [Organisation.new(name) for name in ("Alder", "Birch", "Cedar", "Elm")]


@pytest.fixture(scope="module")
def config(members):
    return ChannelConfig(config_entry(channel_group(members, Organisation.new("Orderers"))))


def identities(config, *signers):
    return [config.directory.identity(signer.serialized) for signer in signers]


@pytest.mark.parametrize(("count", "satisfied"), [(0, False), (1, False), (2, False), (3, True), (4, True)])
def test_a_majority_is_more_than_half(config, members, count, satisfied):
    peers = identities(config, *[member.peer for member in members[:count]])
    assert config.satisfies(ENDORSEMENT, peers) is satisfied


def test_several_peers_of_one_organisation_are_one_voice(config, members):
    peers = [members[0].peer, *(members[0].member("peer") for _ in range(3))]
    assert not config.satisfies(ENDORSEMENT, identities(config, *peers))


def test_an_organisation_has_one_set_of_certificates(members):
    """Else whoever may add an ordering organisation could replace a member's authorities under its name."""
    group = channel_group(members, Organisation.new("Alder"))
    with pytest.raises(BlockError, match="two organisations with different certificates call themselves 'AlderMSP'"):
        ChannelConfig(config_entry(group))
    both = ChannelConfig(config_entry(channel_group(members, members[0])))
    assert both.satisfies("/Channel/Orderer/BlockValidation", identities(both, members[0].orderer))


@pytest.mark.parametrize(("rule", "needed"), [("ANY", 1), ("MAJORITY", 3), ("ALL", 4)])
def test_implicit_policies_ask_the_groups_below(config, members, rule, needed):
    group = protos.ConfigGroup()
    group.CopyFrom(config.group.groups["Application"])
    put_policy(group, "Test", IMPLICIT_META, meta(protos.ImplicitMetaPolicy.Rule.Value(rule), "Endorsement"))
    peers = identities(config, *[member.peer for member in members])
    assert not is_satisfied(group, "Test", peers[: needed - 1])
    assert is_satisfied(group, "Test", peers[:needed])


def principals(*members):
    return [signed_by(member.msp_id, protos.MSPRole.PEER).identities[0] for member in members]


def test_an_identity_counts_once_in_a_signature_policy(config, members):
    twice = n_out_of(2, protos.SignaturePolicy(signed_by=0), protos.SignaturePolicy(signed_by=0))
    envelope = protos.SignaturePolicyEnvelope(rule=twice, identities=principals(members[0]))
    assert not is_satisfied_by(envelope, identities(config, members[0].peer))
    assert is_satisfied_by(envelope, identities(config, members[0].peer, members[0].member("peer")))


def test_what_a_failed_branch_used_is_given_back(config, members):
    failed = n_out_of(2, protos.SignaturePolicy(signed_by=0), protos.SignaturePolicy(signed_by=1))
    rule = n_out_of(1, failed, protos.SignaturePolicy(signed_by=0))
    envelope = protos.SignaturePolicyEnvelope(rule=rule, identities=principals(*members[:2]))
    assert is_satisfied_by(envelope, identities(config, members[0].peer))


@pytest.mark.parametrize("role", ["ADMIN", "CLIENT", "ORDERER"])
def test_a_peer_has_no_other_role(config, members, role):
    envelope = signed_by(members[0].msp_id, protos.MSPRole.MSPRoleType.Value(role))
    assert not is_satisfied_by(envelope, identities(config, members[0].peer))


def test_a_principal_may_be_one_identity(config, members):
    principal = protos.MSPPrincipal(
        principal_classification=protos.MSPPrincipal.IDENTITY, principal=members[0].peer.serialized
    )
    envelope = protos.SignaturePolicyEnvelope(rule=protos.SignaturePolicy(signed_by=0), identities=[principal])
    assert is_satisfied_by(envelope, identities(config, members[0].peer))
    assert not is_satisfied_by(envelope, identities(config, members[0].member("peer")))


def test_a_principal_may_be_a_unit_under_its_certifiers(config, members):
    peer = config.directory.identity(members[0].peer.serialized)

    def envelope(certifiers):
        unit = protos.OrganizationUnit(
            msp_identifier=peer.msp_id, organizational_unit_identifier="peer", certifiers_identifier=certifiers
        )
        principal = protos.MSPPrincipal(
            principal_classification=protos.MSPPrincipal.ORGANIZATION_UNIT, principal=unit.SerializeToString()
        )
        return protos.SignaturePolicyEnvelope(rule=protos.SignaturePolicy(signed_by=0), identities=[principal])

    assert is_satisfied_by(envelope(peer.issuers), [peer])
    assert not is_satisfied_by(envelope(bytes(32)), [peer])


def test_a_policy_with_a_reference_outside_the_identities_is_malformed_as_a_whole(config, members):
    rule = n_out_of(1, protos.SignaturePolicy(signed_by=0), protos.SignaturePolicy(signed_by=7))
    envelope = protos.SignaturePolicyEnvelope(rule=rule, identities=principals(members[0]))
    with pytest.raises(BlockError, match="that there is not"):
        is_satisfied_by(envelope, identities(config, members[0].peer))


def test_a_policy_nested_without_end_is_refused():
    rule = protos.SignaturePolicy(signed_by=0)
    for _ in range(40):
        rule = n_out_of(1, rule)
    with pytest.raises(BlockError, match="nested deeper"):
        is_satisfied_by(protos.SignaturePolicyEnvelope(rule=rule), [])


@pytest.mark.parametrize(
    "path",
    [
        "",
        "Channel/Application",
        "None/Endorsement",
        "/Application/Endorsement",
        "/Channel/None/Endorsement",
        "/Channel/Application/None",
    ],
)
def test_a_policy_that_does_not_exist_is_never_satisfied(config, path):
    with pytest.raises(BlockError):
        config.satisfies(path, [])


def test_a_chaincodes_policy_is_a_signature_policy_or_a_reference(config, members):
    peers = identities(config, *[member.peer for member in members[:3]])
    reference = protos.ApplicationPolicy(channel_config_policy_reference=ENDORSEMENT).SerializeToString()
    one = protos.ApplicationPolicy(signature_policy=signed_by(members[0].msp_id, protos.MSPRole.PEER))
    assert config.satisfies_parameter(reference, peers)
    assert config.satisfies_parameter(one.SerializeToString(), peers[:1])
    assert not config.satisfies_parameter(one.SerializeToString(), peers[1:])
    for unreadable in (
        b"",
        b"\xff",
        protos.ApplicationPolicy(channel_config_policy_reference="/None").SerializeToString(),
    ):
        assert not config.satisfies_parameter(unreadable, peers)


def test_a_reference_may_be_relative_to_the_channel(config, members):
    peers = identities(config, *[member.peer for member in members[:3]])
    assert config.satisfies("Application/Endorsement", peers)
    assert not config.satisfies("Application/Endorsement", peers[:2])


def test_parts_of_a_combined_principal_must_all_be_met(config, members):
    parts = [signed_by(members[0].msp_id, role).identities[0] for role in (protos.MSPRole.PEER, protos.MSPRole.MEMBER)]
    clash = [*parts, signed_by(members[0].msp_id, protos.MSPRole.CLIENT).identities[0]]

    def envelope(*combined):
        content = protos.CombinedPrincipal(principals=combined).SerializeToString()
        principal = protos.MSPPrincipal(principal_classification=protos.MSPPrincipal.COMBINED, principal=content)
        return protos.SignaturePolicyEnvelope(rule=protos.SignaturePolicy(signed_by=0), identities=[principal])

    peer = identities(config, members[0].peer)
    assert is_satisfied_by(envelope(*parts), peer)
    assert not is_satisfied_by(envelope(*clash), peer)
    assert not is_satisfied_by(envelope(), peer)


def test_without_a_policy_for_definitions_a_majority_of_members_decides(members):
    group = channel_group(members, Organisation.new("Orderers"))
    del group.groups["Application"].policies["LifecycleEndorsement"]
    config = ChannelConfig(config_entry(group))
    clients = identities(config, *[member.roles["agent"] for member in members[:3]])
    assert config.satisfies("/Channel/Application/LifecycleEndorsement", clients)
    assert not config.satisfies("/Channel/Application/LifecycleEndorsement", clients[:2])
