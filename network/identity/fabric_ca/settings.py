"""The configuration of a Fabric CA server that runs an organisation's two authorities."""

from collections.abc import Mapping
from typing import Final

import yaml

from network.identity.fabric_ca.served import REGISTRAR, SIGNING_CA, TLS_CA, Served
from network.identity.layout import KeyPair
from network.identity.wanted import Purpose

SERVER_FILE: Final = "fabric-ca-server-config.yaml"
TLS_CA_FILE: Final = f"{TLS_CA}/{SERVER_FILE}"

_A_YEAR: Final = "8760h"
_TEN_YEARS: Final = "87600h"  # the server ends what it issues with its own certificate at the latest
_DIGITAL: Final = "digital signature"
# As long as the development CA's: a ledger with SmartBFT knows its orderers by these very certificates.
_SIGNING: Final = {"default": {"usage": [_DIGITAL], "expiry": _TEN_YEARS}}
# A Fabric CA puts attributes into every certificate and lets only its default profile and the one named tls have them,
# so there can be no third one for servers that are not clients too.
_TLS: Final = {
    "default": {"usage": [_DIGITAL, "client auth"], "expiry": _TEN_YEARS},
    "profiles": {"tls": {"usage": [_DIGITAL, "server auth", "client auth"], "expiry": _TEN_YEARS}},
}
_PROFILES: Final = {Purpose.TLS_SERVER: "tls", Purpose.TLS_NODE: "tls"}


def server_settings(served: Served, secrets: Mapping[str, str], *, address: str = "127.0.0.1") -> dict[str, str]:
    """Return the server's configuration files by their names in its home.

    Identities must be registered before they enrol, and with a secret that works once unless the registrar says
    otherwise. Nothing can be removed from the registry, so that what was revoked stays revoked.

    Parameters
    ----------
    served : Served
        The organisation; its authorities' key pairs are used where they lie.
    secrets : mapping of str to str
        The enrolment secret of each CA's registrar, which is made known to the CA when its database is made.
    address : str
        Where it listens.
    """
    tls = served.paths.ca_tls
    server = {
        "address": address,
        "port": served.port,
        "tls": {"enabled": True, "certfile": str(tls.cert), "keyfile": str(tls.key)},
        "cors": {"enabled": False},
        "operations": {"listenaddress": "127.0.0.1:0"},
        "metrics": {"provider": "disabled"},
        "cafiles": [TLS_CA_FILE],
        **_ca(SIGNING_CA, served.paths.ca, secrets[SIGNING_CA], _SIGNING),
    }
    tls_ca = _ca(TLS_CA, served.paths.tls_ca, secrets[TLS_CA], _TLS)
    return {SERVER_FILE: yaml.safe_dump(server), TLS_CA_FILE: yaml.safe_dump(tls_ca)}


def profile_for(purpose: Purpose) -> str:
    """Return the signing profile for a purpose; empty for the CA's default one."""
    return _PROFILES.get(purpose, "")


def _ca(name: str, authority: KeyPair, secret: str, signing: Mapping[str, object]) -> dict[str, object]:
    return {
        "ca": {"name": name, "certfile": str(authority.cert), "keyfile": str(authority.key)},
        "cfg": {
            "identities": {"passwordattempts": 10, "allowremove": False},
            "affiliations": {"allowremove": False},
        },
        "crl": {"expiry": _A_YEAR},
        "db": {"type": "sqlite3", "datasource": f"{name}.db"},
        "affiliations": {},
        "signing": signing,
        "registry": {"maxenrollments": -1, "identities": [_registrar(secret)]},
    }


def _registrar(secret: str) -> dict[str, object]:
    return {
        "name": REGISTRAR,
        "pass": secret,
        "type": "client",
        "affiliation": "",
        "attrs": {
            "hf.Registrar.Roles": "client,peer,admin,orderer",
            "hf.Registrar.DelegateRoles": "client",
            "hf.Registrar.Attributes": "*",
            "hf.Revoker": "true",
            "hf.GenCRL": "true",
            "hf.AffiliationMgr": "true",
        },
    }
