"""Organisations with real certificates, and what each of them signs with."""

from dataclasses import dataclass, field
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from network.identity.authority import Issued, new_authority, new_member
from quorate.blocks import protos

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True)
class Signer:
    msp_id: str
    issued: Issued

    @cached_property
    def pem(self):
        return self.issued.certificate.public_bytes(Encoding.PEM)

    @property
    def certificate(self):
        return self.pem.decode()

    @cached_property
    def serialized(self):
        return protos.SerializedIdentity(mspid=self.msp_id, id_bytes=self.pem).SerializeToString()

    def sign(self, message, *, high_s=False):
        r, s = decode_dss_signature(self.issued.key.sign(message, ec.ECDSA(SHA256())))
        low = min(s, ORDER - s)
        return encode_dss_signature(r, ORDER - low if high_s else low)


@dataclass(frozen=True)
class Organisation:
    name: str
    ca: Issued = field(repr=False)

    @classmethod
    def new(cls, name):
        return cls(name, new_authority(common_name=f"ca.{name.lower()}.test", organisation=name))

    @property
    def msp_id(self):
        return f"{self.name}MSP"

    @cached_property
    def ca_pem(self):
        return self.ca.certificate.public_bytes(Encoding.PEM)

    @cached_property
    def peer(self):
        return self.member("peer")

    @cached_property
    def orderer(self):
        return self.member("orderer")

    @cached_property
    def admin(self):
        return self.member("admin")

    @cached_property
    def roles(self):
        return {role: self.member("client", role) for role in ("agent", "aggregator", "steward", "operator", "officer")}

    def member(self, unit, role=None):
        attributes = {"quorate.role": role} if role else None
        issued = new_member(
            self.ca,
            common_name=f"{role or unit}.{self.name.lower()}.test",
            organisation=self.name,
            unit=unit,
            attributes=attributes,
        )
        return Signer(self.msp_id, issued)
