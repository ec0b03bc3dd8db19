"""Where a consortium's peers are and who may speak to them, as other clients wrote it down: profiles and wallets.

Connection profiles (JSON or YAML) of fabric-sdk-py and of Fabric's own older SDKs are read, and the wallets of
fabric-sdk-py. Nothing here is written.
"""

from gateway.fabric.profile.document import MAX_PROFILE_BYTES
from gateway.fabric.profile.profile import CertificateAuthority, ConnectionProfile, Organisation
from gateway.fabric.profile.wallet import FileSystemWallet

__all__ = ["MAX_PROFILE_BYTES", "CertificateAuthority", "ConnectionProfile", "FileSystemWallet", "Organisation"]
