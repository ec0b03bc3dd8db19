"""The manifest of a bundle, and its exporter's signature."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Protocol

from quorate.errors import StateError
from quorate.records.common import make
from quorate.verify.bundle.manifest import Exporter, File, Manifest, PolicyInForce, Scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.audit.collect import Collector
    from gateway.audit.staging import Staged
    from quorate.identifiers import StudyId


class Sealer(Protocol):
    """Signs for the exporting organisation."""

    @property
    def msp_id(self) -> str:
        """The organisation."""
        ...

    @property
    def certificate(self) -> str:
        """Its certificate, PEM."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the signature over a message."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the export was asked for."""

    channel: str
    chaincode: str
    study: StudyId | None


def manifest_of(about: About, collected: Collector, files: Sequence[Staged], sealer: Sealer) -> Manifest:
    """Return the manifest of the staged files.

    Raises
    ------
    StateError
        When no block has been collected.
    """
    if collected.genesis is None or collected.first_config is None:
        raise StateError("the ledger has no block yet")
    scope = Scope(
        kind="ledger" if about.study is None else "study",
        study=about.study,
        rounds=len(collected.rounds),
        first_claimed_time=min(collected.times, default=None),
        last_claimed_time=max(collected.times, default=None),
    )
    return make(
        Manifest,
        channel=about.channel,
        chaincode=about.chaincode,
        height=collected.height,
        genesis=collected.genesis,
        development=collected.first_config.is_development,
        scope=scope,
        software={"quorate": _version()},
        policies=[
            PolicyInForce(version=version, digest=digest) for version, digest in sorted(collected.policies.items())
        ],
        exporter=Exporter(msp=sealer.msp_id, certificate=sealer.certificate),  # type: ignore[arg-type]  # from its session
        files=[File(name=found.name, size=found.size, digest=found.digest) for found in files],
    )


def _version() -> str:
    try:
        return metadata.version("quorate")
    except metadata.PackageNotFoundError:
        return "unknown"
