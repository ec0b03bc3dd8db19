"""Ledgers that `tests.evidence.record` has kept, and bundles of them."""

import base64
import json
import lzma
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.audit.build import finish
from gateway.audit.collect import Collector
from gateway.audit.seal import About
from gateway.audit.staging import staging
from network.identity.authority import Issued
from quorate.blocks import protos
from quorate.verify.bundle.scope import Extent
from tests.unit.quorate.ledger.organisations import Signer

FOLDER = Path(__file__).parents[1] / "vectors" / "ledgers"


@dataclass(frozen=True)
class Recorded:
    """A ledger as a peer gave it out, and an officer's key to export it with."""

    path: Path

    @cached_property
    def document(self):
        return json.loads(lzma.decompress(self.path.read_bytes()))

    @property
    def genesis(self):
        return self.document["genesis"]

    @cached_property
    def officer(self):
        known = self.document["exporter"]
        key = load_pem_private_key(known["key"].encode(), None)
        certificate = x509.load_pem_x509_certificate(known["certificate"].encode())
        return Signer(known["msp"], Issued(certificate=certificate, key=key))

    def blocks(self):
        """Return the blocks, anew each time, since tests alter them."""
        return [protos.Block.FromString(base64.b64decode(data)) for data in self.document["blocks"]]

    def export(self, target, *, blocks=None, **extent):
        """Write a bundle of the blocks, or of others given instead."""
        with staging(target) as staged, Collector(staged, chaincode="quorate", extent=Extent(**extent)) as collected:
            for block in self.blocks() if blocks is None else blocks:
                collected.take(block)
            about = About(channel="quorate", chaincode="quorate", extent=Extent(**extent))
            return finish(staged, collected, about, self.officer, target)


def recorded():
    """Return every ledger that is kept, by name."""
    return {path.name.removesuffix(".json.xz"): Recorded(path) for path in sorted(FOLDER.glob("*.json.xz"))}
