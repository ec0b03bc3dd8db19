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
    put_policy(group, "Admins", SIGNATURE, signed_by(organisation.msp_id, protos.MSPRole.ADMIN))
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
    for group in (root, application, ordering):
        put_policy(group, "Admins", IMPLICIT_META, meta(protos.ImplicitMetaPolicy.MAJORITY, "Admins"))
    put_mod_policies(root)
    return root


def put_mod_policies(group):
    group.mod_policy = "Admins"
    for member in (*group.values.values(), *group.policies.values()):
        member.mod_policy = "Admins"
    for child in group.groups.values():
        put_mod_policies(child)


def config_entry(group, *, sequence=0, channel="quorate", last_update=None, orderer=None):
    """Return the entry of a configuration block, signed by an orderer unless it is the first."""
    config = protos.Config(sequence=sequence, channel_group=group)
    content = protos.ConfigEnvelope(config=config, last_update=last_update).SerializeToString()
    return envelope(protos.HeaderType.CONFIG, content, channel=channel, signer=orderer).SerializeToString()


def envelope(kind, content, *, channel="quorate", signer=None):
    header = protos.ChannelHeader(type=kind, channel_id=channel)
    signature = protos.SignatureHeader(creator=signer.serialized if signer else b"", nonce=bytes(24))
    payload = protos.Payload(
        header=protos.Header(channel_header=header.SerializeToString(), signature_header=signature.SerializeToString()),
        data=content,
    ).SerializeToString()
    return protos.Envelope(payload=payload, signature=signer.sign(payload) if signer else b"")


def update_of(before, after, signers, *, channel="quorate"):
    """Return the update that leads from one group to another, signed; and the group with its versions counted on."""
    counted = count_on(before, after)
    update = protos.ConfigUpdate(channel_id=channel, read_set=before, write_set=counted).SerializeToString()
    content = protos.ConfigUpdateEnvelope(config_update=update)
    for signer in signers:
        header = protos.SignatureHeader(creator=signer.serialized, nonce=bytes(24)).SerializeToString()
        content.signatures.add(signature_header=header, signature=signer.sign(header + update))
    return envelope(protos.HeaderType.CONFIG_UPDATE, content.SerializeToString(), channel=channel), counted


def count_on(before, after):
    found = protos.ConfigGroup(version=before.version, mod_policy=after.mod_policy)
    kinds = ("groups", "values", "policies")
    if any(set(getattr(before, kind)) != set(getattr(after, kind)) for kind in kinds):
        found.version += 1
    for name, child in after.groups.items():
        known = before.groups.get(name)
        found.groups[name].CopyFrom(count_on(known, child) if known else child)
    for kind in ("values", "policies"):
        for name, member in getattr(after, kind).items():
            getattr(found, kind)[name].CopyFrom(member)
            if name in getattr(before, kind):
                known = getattr(before, kind)[name]
                same = protos.ConfigGroup(**{kind: {name: member}}) == protos.ConfigGroup(**{kind: {name: known}})
                getattr(found, kind)[name].version = known.version + (0 if same else 1)
    return found
