"""Certificates that signed while they were good, and were revoked or lost their organisation's place later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate.blocks.errors import BlockError
from quorate.verify.report import Step
from quorate.verify.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from quorate.blocks.config import ChannelConfig
    from quorate.blocks.identity import Identity
    from quorate.verify.findings import Findings

_SHOWN = 20


class Signatories:
    """Remembers who signed what counted, and when first."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, bytes], tuple[Identity, int]] = {}

    def take(self, identities: Iterable[Identity], block: int) -> None:
        """Note that these signed in a block, whoever is not in doubt."""
        for identity in identities:
            if not identity.doubt:
                self._seen.setdefault(identity.who, (identity, block))

    def conclude(self, configs: Sequence[tuple[int, ChannelConfig]], findings: Findings) -> None:
        """Say whose certificates a later configuration no longer knows; what they had signed counted all the same."""
        gone = list(self._gone(configs))
        if gone:
            more = f"; and {len(gone) - _SHOWN} more" if len(gone) > _SHOWN else ""
            findings.verified(
                Step.TRANSACTIONS,
                f"{count(len(gone), 'certificate')} signed what counted and was good no longer from a later block on: "
                f"{'; '.join(gone[:_SHOWN])}{more}",
            )

    def _gone(self, configs: Sequence[tuple[int, ChannelConfig]]) -> Iterator[str]:
        for identity, block in self._seen.values():
            for since, config in configs:
                if since < block:
                    continue
                try:
                    config.directory.identity(identity.serialized)
                except BlockError as error:
                    who = f"{_role(identity)} of {identity.msp_id}"
                    digest = identity.outline.digest
                    yield f"{who} ({digest}) after block {since}: {error.message}"
                    break


def _role(identity: Identity) -> str:
    try:
        return identity.outline.role or "a node"
    except BlockError:  # whatever its authority wrote there: it is not ours to judge here
        return "somebody"
