"""Channel configurations as configtxgen writes them."""

from quorate.blocks import protos
from quorate.blocks.config import DEVELOPMENT

SIGNATURE, IMPLICIT_META = 1, 3


def msp_config(organisation, *, revocation_list=()):
    ou = protos.FabricMSPConfig.DESCRIPTOR.fields_by_name["fabric_node_ous"].message_type._concrete_class
    identifier = ou.DESCRIPTOR.fields_by_name["client_ou_identifier"].message_type._concrete_class
    unit = {
        f"{kind}_ou_identifier": identifier(certificate=organisation.ca_pem, organizational_unit_identifier=kind)
        for kind in ("client", "peer", "admin", "orderer")
    }
    return protos.FabricMSPConfig(
        name=organisation.msp_id,
        root_certs=[organisation.ca_pem],
        revocation_list=revocation_list,
        fabric_node_ous=ou(enable=True, **unit),
    )


def signed_by(msp_id, role):
    principal = protos.MSPPrincipal(
        principal_classification=protos.MSPPrincipal.ROLE,
        principal=protos.MSPRole(msp_identifier=msp_id, role=role).SerializeToString(),
    )
    rule = n_out_of(1, protos.SignaturePolicy(signed_by=0))
    return protos.SignaturePolicyEnvelope(rule=rule, identities=[principal])


def n_out_of(n, *rules):
    return protos.SignaturePolicy(n_out_of=protos.SignaturePolicy.NOutOf(n=n, rules=rules))


def put_policy(group, name, kind, message):
    group.policies[name].policy.type = kind
    group.policies[name].policy.value = message.SerializeToString()


def meta(rule, sub_policy):
    return protos.ImplicitMetaPolicy(rule=rule, sub_policy=sub_policy)


def organisation_group(organisation, **msp):
    group = protos.ConfigGroup()
    outer = protos.MSPConfig(type=0, config=msp_config(organisation, **msp).SerializeToString())
    group.values["MSP"].value = outer.SerializeToString()
    put_policy(group, "Writers", SIGNATURE, signed_by(organisation.msp_id, protos.MSPRole.MEMBER))
    put_policy(group, "Endorsement", SIGNATURE, signed_by(organisation.msp_id, protos.MSPRole.PEER))
    return group


def channel_group(members, orderer, *, development=False, msp=None):
    root = protos.ConfigGroup()
    application, ordering = root.groups["Application"], root.groups["Orderer"]
    for organisation in members:
        extras = (msp or {}).get(organisation.name, {})
        application.groups[organisation.name].CopyFrom(organisation_group(organisation, **extras))
    ordering.groups[orderer.name].CopyFrom(organisation_group(orderer))
    capabilities = protos.Capabilities()
    capabilities.capabilities["V2_5"].SetInParent()
    application.values["Capabilities"].value = capabilities.SerializeToString()
    majority = meta(protos.ImplicitMetaPolicy.MAJORITY, "Endorsement")
    put_policy(application, "Endorsement", IMPLICIT_META, majority)
    put_policy(application, "LifecycleEndorsement", IMPLICIT_META, majority)
    put_policy(ordering, "BlockValidation", IMPLICIT_META, meta(protos.ImplicitMetaPolicy.ANY, "Writers"))
    if development:
        root.values["Consortium"].value = protos.Consortium(name=DEVELOPMENT).SerializeToString()
    return root


def config_entry(group, *, sequence=0, channel="quorate"):
    config = protos.Config(sequence=sequence, channel_group=group)
    header = protos.ChannelHeader(type=protos.HeaderType.CONFIG, channel_id=channel)
    payload = protos.Payload(
        header=protos.Header(channel_header=header.SerializeToString()),
        data=protos.ConfigEnvelope(config=config).SerializeToString(),
    )
    return protos.Envelope(payload=payload.SerializeToString()).SerializeToString()
