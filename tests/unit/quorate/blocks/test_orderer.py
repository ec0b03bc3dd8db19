import pytest

from quorate.blocks import protos
from quorate.blocks.config import ChannelConfig
from quorate.blocks.errors import BlockError
from quorate.blocks.header import BlockHeader
from quorate.blocks.orderer import decode_signatures, verify_orderers
from tests.unit.quorate.ledger.configuration import (
    SIGNATURE,
    channel_group,
    config_entry,
    n_out_of,
    put_policy,
    signed_by,
)
from tests.unit.quorate.ledger.forgery import forger, of_version
from tests.unit.quorate.ledger.organisations import Organisation

HEADER = BlockHeader(7, bytes(32), bytes(32))
VALUE = protos.OrdererBlockMetadata(last_config=protos.LastConfig(index=0)).SerializeToString()
CONSENTERS = 4
QUORUM = 3


@pytest.fixture(scope="module")
def ordering():
    return Organisation.new("Orderers")


@pytest.fixture(scope="module")
def nodes(ordering):
    return [ordering.member("orderer") for _ in range(CONSENTERS)]


@pytest.fixture(scope="module")
def config(ordering, nodes):
    """SmartBFT as Fabric configures it: numbered consenters, and a policy over their very identities."""
    group = channel_group([Organisation.new("Alder")], ordering)
    orderers = protos.Orderers()
    for number, node in enumerate(nodes, start=1):
        orderers.consenter_mapping.add(id=number, msp_id=node.msp_id, identity=node.pem)
    group.groups["Orderer"].values["Orderers"].value = orderers.SerializeToString()
    principals = [
        protos.MSPPrincipal(principal_classification=protos.MSPPrincipal.IDENTITY, principal=node.serialized)
        for node in nodes
    ]
    rule = n_out_of(QUORUM, *(protos.SignaturePolicy(signed_by=index) for index in range(CONSENTERS)))
    envelope = protos.SignaturePolicyEnvelope(rule=rule, identities=principals)
    put_policy(group.groups["Orderer"], "BlockValidation", SIGNATURE, envelope)
    return ChannelConfig(config_entry(group))


def signature(number, node, *, header=HEADER, value=VALUE):
    identifier = protos.IdentifierHeader(identifier=number, nonce=bytes([number])).SerializeToString()
    return protos.MetadataSignature(
        identifier_header=identifier, signature=node.sign(value + identifier + header.encoded)
    )


def slot(*signatures, value=VALUE):
    return decode_signatures(protos.Metadata(value=value, signatures=signatures).SerializeToString())


def test_a_quorum_of_consenters_vouches_for_a_block(config, nodes):
    found = slot(*(signature(number, nodes[number - 1]) for number in (1, 2, 4)))
    assert found.last_config == 0
    verify_orderers(HEADER, found, config)


def test_fewer_do_not(config, nodes):
    with pytest.raises(BlockError, match="BlockValidation"):
        verify_orderers(HEADER, slot(*(signature(number, nodes[number - 1]) for number in (1, 2))), config)


def test_one_consenter_several_times_is_not_a_quorum(config, nodes):
    with pytest.raises(BlockError, match="twice"):
        verify_orderers(HEADER, slot(*[signature(1, nodes[0])] * QUORUM), config)


def test_one_orderer_in_several_spellings_is_one(ordering, nodes):
    """A certificate's text may have other line ends and still be the same certificate."""
    group = channel_group([Organisation.new("Alder")], ordering)
    principal = signed_by(ordering.msp_id, protos.MSPRole.ORDERER).identities[0]
    rule = n_out_of(2, protos.SignaturePolicy(signed_by=0), protos.SignaturePolicy(signed_by=0))
    envelope = protos.SignaturePolicyEnvelope(rule=rule, identities=[principal])
    put_policy(group.groups["Orderer"], "BlockValidation", SIGNATURE, envelope)
    two_of_them = ChannelConfig(config_entry(group))

    def signed(node, pem):
        creator = protos.SerializedIdentity(mspid=node.msp_id, id_bytes=pem).SerializeToString()
        header = protos.SignatureHeader(creator=creator, nonce=b"n").SerializeToString()
        return protos.MetadataSignature(signature_header=header, signature=node.sign(VALUE + header + HEADER.encoded))

    first, second = nodes[:2]
    verify_orderers(HEADER, slot(signed(first, first.pem), signed(second, second.pem)), two_of_them)
    with pytest.raises(BlockError, match="twice"):
        verify_orderers(HEADER, slot(signed(first, first.pem), signed(first, first.pem + b"\n")), two_of_them)


def test_a_consenter_that_not_every_peer_need_take_is_needed_or_not(ordering, nodes, config):
    odd = forger(ordering, nodes[0], version=of_version(2))
    group = protos.ConfigGroup()
    group.CopyFrom(config.group)
    orderers = protos.Orderers.FromString(group.groups["Orderer"].values["Orderers"].value)
    orderers.consenter_mapping[0].identity = odd.pem
    group.groups["Orderer"].values["Orderers"].value = orderers.SerializeToString()
    policy = protos.SignaturePolicyEnvelope.FromString(group.groups["Orderer"].policies["BlockValidation"].policy.value)
    policy.identities[0].principal = odd.serialized
    group.groups["Orderer"].policies["BlockValidation"].policy.value = policy.SerializeToString()
    after = ChannelConfig(config_entry(group))

    def signed(*numbers):
        return slot(*(signature(number, nodes[number - 1]) for number in numbers))

    assert verify_orderers(HEADER, signed(1, 2, 3, 4), after) == ()
    assert verify_orderers(HEADER, signed(1, 2, 3), after) == ("OrderersMSP's: it is of version 2",)
    with pytest.raises(BlockError, match="BlockValidation"):
        verify_orderers(HEADER, signed(1, 2), after)


def test_a_consenters_number_is_not_enough_without_its_key(config, nodes):
    with pytest.raises(BlockError, match="not this key's"):
        verify_orderers(HEADER, slot(*(signature(number, nodes[0]) for number in (1, 2, 3))), config)


def test_an_unknown_consenter_is_refused(config, nodes):
    with pytest.raises(BlockError, match="no consenter 9"):
        verify_orderers(HEADER, slot(signature(9, nodes[0])), config)


def test_signatures_of_another_header_are_refused(config, nodes):
    other = BlockHeader(8, bytes(32), bytes(32))
    found = slot(*(signature(number, nodes[number - 1], header=other) for number in (1, 2, 3)))
    with pytest.raises(BlockError, match="not this key's"):
        verify_orderers(HEADER, found, config)


def test_the_configurations_number_is_under_the_signature(config, nodes):
    other = protos.OrdererBlockMetadata(last_config=protos.LastConfig(index=5)).SerializeToString()
    found = slot(*(signature(number, nodes[number - 1]) for number in (1, 2, 3)), value=other)
    with pytest.raises(BlockError, match="not this key's"):
        verify_orderers(HEADER, found, config)


@pytest.mark.parametrize("data", [b"", b"\xff", protos.Metadata(value=VALUE).SerializeToString()])
def test_no_signature_is_refused(data):
    with pytest.raises(BlockError):
        decode_signatures(data)


def test_signed_metadata_without_a_configuration_are_refused(nodes):
    with pytest.raises(BlockError, match="no configuration"):
        slot(signature(1, nodes[0]), value=b"")
