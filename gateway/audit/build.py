"""From a stream of blocks to a finished bundle; where the blocks come from is not this module's concern."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.audit.pack import pack
from gateway.audit.page import page
from gateway.audit.seal import manifest_of
from quorate.errors import NotFoundError
from quorate.verify.bundle import names

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.audit.collect import Collector
    from gateway.audit.seal import About, Sealer
    from gateway.audit.staging import Staging
    from quorate.verify.bundle.manifest import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A finished bundle.

    Attributes
    ----------
    manifest
        What it holds.
    absent
        Artefacts that were asked for and that the gateway no longer held.
    silent
        Members that were asked for a statement and made none, with the reason.
    """

    path: Path
    manifest: Manifest
    absent: tuple[str, ...]
    silent: tuple[str, ...] = ()


def finish(
    staged: Staging,
    collected: Collector,
    about: About,
    sealer: Sealer,
    target: Path,
    *,
    absent: tuple[str, ...] = (),
    silent: tuple[str, ...] = (),
) -> Exported:
    """Write what follows from the collected blocks, sign the manifest, and let the bundle appear.

    Raises
    ------
    NotFoundError
        When the study in scope is not on the ledger.
    UsageError
        When the files do not fit the form asked for.
    """
    if about.study is not None and about.study not in collected.studies:
        raise NotFoundError(f"the ledger has no study {about.study}")
    collected.close()
    collected.write_proofs()
    staged.write(names.REPORT, page(about, collected).encode())
    manifest = manifest_of(about, collected, staged.measure(), sealer)
    data = manifest.encode()
    staged.write(names.MANIFEST, data)
    staged.write(names.SIGNATURE, sealer.sign(data))
    pack(staged, staged.measure(), target)
    return Exported(path=target, manifest=manifest, absent=absent, silent=silent)
