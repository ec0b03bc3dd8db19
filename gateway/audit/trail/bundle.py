"""A bundle as a trail in memory, so that every question is answered without any gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.audit.trail.questions.registry import Memory
from gateway.audit.trail.store import Trail
from gateway.audit.trail.witness_report import WitnessReport
from quorate.digest import parse_digest
from quorate.errors import IntegrityError, QuorateError
from quorate.verify.bundle import names
from quorate.verify.bundle.headers import read_headers
from quorate.verify.bundle.manifest import MAX_MANIFEST, Manifest
from quorate.verify.bundle.reader import open_bundle
from quorate.verify.bundle.witness import Witnessed

if TYPE_CHECKING:
    from pathlib import Path

    from quorate.verify.bundle.reader import Bundle


class BundleHoldings:
    """The artefacts that a bundle carries, as questions ask it."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle

    def holds(self, digest: str) -> bool:
        """Tell whether an artefact is at hand, whole."""
        return names.artifact_name(parse_digest(digest)) in self._bundle


def read_bundle(path: Path) -> tuple[Trail, Memory]:
    """Return the blocks of a bundle as a trail in memory, and what else the bundle holds.

    Its headers hang together and its blocks are those of the headers; signatures are not looked at, which
    `quorate.verify.verify_bundle` does.

    Raises
    ------
    QuorateError
        When the file is no bundle, or its headers and blocks do not hang together.
    """
    bundle = open_bundle(path)
    manifest = Manifest.parse(bundle.read(names.MANIFEST), limit=MAX_MANIFEST)
    said = [Witnessed.read(bundle.read(name)).statement for name in bundle.members if names.is_witness(name)]
    report = WitnessReport(said, observer=manifest.exporter.msp)
    trail = Trail.open(None, chaincode=manifest.chaincode, observer=report)
    try:
        with bundle.open(names.HEADERS) as file:
            for header, _ in read_headers(file):
                name = names.block_name(header.number)
                if name not in bundle:
                    trail.append_header(header)
                    continue
                trail.append([bundle.read(name)])
                if trail.head != header.digest:
                    raise IntegrityError(f"{name} is not the block of its header")
    except QuorateError:
        trail.close()
        raise
    carries = any(name.startswith("artifacts/") for name in bundle.members)
    report.about(trail.hashes())
    return trail, Memory(
        holdings=BundleHoldings(bundle) if carries else None, hearsay=report if said else None, observing=report
    )
