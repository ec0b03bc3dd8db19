"""Signing with keys that never leave a hardware token (PKCS#11). Needs the extra ``quorate[hsm]``."""

from gateway.fabric.hsm.factory import HSMSignerFactory
from gateway.fabric.hsm.options import HSMSignerOptions
from gateway.fabric.hsm.signer import HSMSigner
from gateway.fabric.hsm.ski import ski

__all__ = ["HSMSigner", "HSMSignerFactory", "HSMSignerOptions", "ski"]
