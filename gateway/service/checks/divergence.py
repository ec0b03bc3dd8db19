"""Whether the gateway, as a witness, has seen members' ledgers differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.service.checks.finding import failed, not_checked, ok
from gateway.witness.divergence import read
from gateway.witness.room import divergences_file, memory_file
from quorate.errors import QuorateError

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.service.checks.finding import Finding

_CHECK: Final = "agreement of ledgers"
_HINT: Final = "Stop trusting either until you know which: compare both members' bundles, and see the incident runbook."


def check_divergence(state: Path) -> Finding:
    """Return what the gateway of a state directory has found."""
    try:
        found = read(divergences_file(state))
    except QuorateError as error:
        return failed(_CHECK, error.message, "Look into the file, and keep it.")
    if found:
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        return failed(_CHECK, f"{found[0].what}{more}", _HINT)
    if not memory_file(state).exists():
        return not_checked(_CHECK, "the gateway has not run yet")
    return ok(_CHECK, "no member's gateway has shown another ledger")
