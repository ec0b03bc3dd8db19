"""The client against a real fabric-ca-server: what it gives, and that Quorate reads the certificates as its own."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from gateway.fabric import PrivateKeySigner
from network.identity.authority import server_names
from network.identity.fabric_ca import Change, Credential, FabricCa, Kind, Reason, Registration
from network.identity.fabric_ca.served import TLS_CA
from quorate.blocks import protos
from quorate.blocks.certificate import is_issued_by, role_of
from quorate.blocks.errors import BlockError
from quorate.blocks.identity import Kind as MemberKind
from quorate.blocks.msp import Msp


def pem(issued):
    return issued.certificate.public_bytes(Encoding.PEM)


def credential(issued):
    return Credential(certificate=pem(issued), signer=PrivateKeySigner(issued.key))


def msp(served, *, crls=()):
    """The organisation's MSP with node OUs, as a channel's configuration states it."""
    ca = served.paths.ca.cert.read_bytes()
    units = {
        f"{kind.value}_ou_identifier": {"organizational_unit_identifier": kind.value, "certificate": ca}
        for kind in MemberKind
    }
    units = {"enable": True, **units}
    return Msp(protos.FabricMSPConfig(name="AlderMSP", root_certs=[ca], revocation_list=crls, fabric_node_ous=units))


def admit(served, certificate, **kwargs):
    return msp(served, **kwargs).admit(b"", certificate)


async def test_the_ca_tells_its_name_and_certificate(ca, alder):
    info = await ca.info()
    assert (info.name, info.chain) == ("ca", alder.paths.ca.cert.read_bytes())
    assert info.version.startswith("1.5.")


@pytest.mark.parametrize("kind", list(Kind))
async def test_an_enrolled_identity_is_the_kind_it_was_registered_as(ca, alder, register, name, kind):
    issued = await ca.enrol(name, await register(kind=kind), organisation="alder")
    found = admit(alder, pem(issued))
    assert (found.kind, found.is_admin) == (MemberKind(kind.value), kind is Kind.ADMIN)
    assert issued.certificate.subject.rfc4514_string() == f"CN={name},OU={kind.value},O=alder"


async def test_an_enrolled_identity_carries_its_role(ca, register, name):
    issued = await ca.enrol(name, await register(attributes={"quorate.role": "steward"}))
    assert role_of(issued.certificate) == "steward"


async def test_the_key_is_ours_and_the_ca_never_had_it(ca, register, name):
    issued = await ca.enrol(name, await register())
    assert issued.key.public_key() == issued.certificate.public_key()


async def test_a_tls_server_gets_its_names(alder, name):
    registrar = Credential.load(alder.registrar(TLS_CA))
    async with FabricCa(alder.endpoint(TLS_CA)) as tls_ca:
        secret = await tls_ca.register(registrar, Registration(name=name))
        issued = await tls_ca.enrol(name, secret, names=server_names("gateway.example"), profile="tls", attributes=())
    names = issued.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names == server_names("gateway.example")
    assert role_of(issued.certificate) == ""


async def test_reenrolment_gives_a_new_key_and_the_present_attributes(ca, registrar, register, name):
    first = await ca.enrol(name, await register(attributes={"quorate.role": "agent"}), organisation="alder")
    changed = await ca.modify(registrar, Change(name=name, attributes={"quorate.role": "officer"}))
    assert changed.attributes["quorate.role"] == "officer"
    second = await ca.reenrol(credential(first), organisation="alder")
    assert second.certificate.subject == first.certificate.subject
    assert second.key.public_key() != first.key.public_key()
    assert (role_of(first.certificate), role_of(second.certificate)) == ("agent", "officer")


async def test_every_certificate_of_an_identity_is_listed(ca, registrar, register, name):
    first = await ca.enrol(name, await register())
    second = await ca.reenrol(credential(first))
    assert sorted(await ca.certificates(registrar, name)) == sorted([pem(first), pem(second)])


async def test_a_revoked_identity_is_on_the_list_and_no_longer_a_member(ca, alder, registrar, register, name):
    issued = await ca.enrol(name, await register())
    admit(alder, pem(issued))
    revoked = await ca.revoke(registrar, name=name, reason=Reason.KEY_COMPROMISE, with_crl=True)
    assert [each.serial for each in revoked.certificates] == [f"{issued.certificate.serial_number:x}"]
    with pytest.raises(BlockError, match="revoked"):
        admit(alder, pem(issued), crls=[revoked.crl])
    crl = x509.load_pem_x509_crl(await ca.crl(registrar))
    assert crl.is_signature_valid(x509.load_pem_x509_certificate(alder.paths.ca.cert.read_bytes()).public_key())
    assert crl.get_revoked_certificate_by_serial_number(issued.certificate.serial_number) is not None


async def test_one_certificate_is_revoked_and_the_other_goes_on(ca, registrar, register, name):
    first = await ca.enrol(name, await register())
    second = await ca.reenrol(credential(first))
    key = first.certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    await ca.revoke(registrar, serial=f"{first.certificate.serial_number:x}", aki=key.hex(), with_crl=True)
    crl = x509.load_pem_x509_crl(await ca.crl(registrar))
    assert crl.get_revoked_certificate_by_serial_number(first.certificate.serial_number) is not None
    assert crl.get_revoked_certificate_by_serial_number(second.certificate.serial_number) is None
    assert (await ca.reenrol(credential(second))).certificate.subject == second.certificate.subject


async def test_identities_are_listed_and_shown(ca, registrar, register, name):
    await register(kind=Kind.PEER, attributes={"quorate.role": "agent"}, max_enrolments=3)
    shown = await ca.identity(registrar, name)
    assert (shown.id, shown.type, shown.affiliation, shown.max_enrollments) == (name, "peer", "", 3)
    assert {"name": "quorate.role", "value": "agent", "ecert": True} in [each.model_dump() for each in shown.attrs]
    assert name in [each.id for each in await ca.identities(registrar)]


async def test_an_affiliation_becomes_a_unit(ca, registrar, register, name):
    await ca.add_affiliation(registrar, f"{name}.radiology")
    assert {name, f"{name}.radiology"} <= set(await ca.affiliations(registrar))
    issued = await ca.enrol(name, await register(affiliation=f"{name}.radiology"))
    units = [each.value for each in issued.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)]
    assert sorted(units) == sorted(["client", name, "radiology"])


async def test_a_secret_that_the_registrar_chose_is_the_secret(ca, register, name):
    chosen = SecretStr("chosen by the registrar: ü")
    assert (await register(secret=chosen)).get_secret_value() == chosen.get_secret_value()
    assert (await ca.enrol(name, chosen)).certificate.public_key()


async def test_what_is_issued_comes_from_the_pinned_authority(ca, alder, register, name):
    issued = await ca.enrol(name, await register())
    assert is_issued_by(issued.certificate, x509.load_pem_x509_certificate(alder.paths.ca.cert.read_bytes()))
