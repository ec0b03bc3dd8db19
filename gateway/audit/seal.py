"""The manifest of a bundle, and its exporter's signature."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import metadata
from typing import TYPE_CHECKING, Protocol

from quorate.errors import StateError
from quorate.records.common import make
from quorate.verify.bundle.manifest import Exporter, File, Manifest, PolicyInForce, Scope
from quorate.verify.bundle.scope import Extent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.audit.collect import Collector
    from gateway.audit.staging import Staged


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
    extent: Extent = field(default_factory=Extent)

    @property
    def study(self) -> str | None:
        """The one study, if it is about one."""
        return self.extent.study


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
        kind=about.extent.kind,
        study=about.study,  # type: ignore[arg-type]  # checked by whoever asked
        first_round=about.extent.first_round,
        last_round=about.extent.last_round,
        since=about.extent.since,
        until=about.extent.until,
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
