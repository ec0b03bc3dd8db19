"""What no bundle says, or a given one does not, and where it is instead."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.audit.compliance.control import Control
    from gateway.audit.compliance.evidence import Evidence

ABSENT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "access-log": "Who read the trail: each gateway keeps that log itself; the ledger has anchors of it.",
        "artifacts": "Updates and models: each organisation keeps its own; this bundle carries none.",
        "deletions": "What was deleted off the ledger: each gateway's access log has its own deletions.",
        "documents": "The organisation's own documents, procedures and records.",
        "names": "Who the pseudonyms are: `quorate audit review list` with `--names` and the reviewers' key tells it.",
        "noise": "That clipping and noise were done as declared: no record can prove what happened beside the data.",
        "observed": "When blocks were seen: times here are claimed by submitters; gateways note when they saw each.",
        "refused": "What endorsers refused: that is no transaction; of refusals, the ledger has those of charges only.",
        "settings": "Settings of gateways, which each organisation has for itself.",
        "source-systems": "The systems where the data come from, and what happened there.",
        "use": "The use of released models.",
        "validation": "Records of validation of the installed system.",
    }
)
"""By the name that controls have for it."""

_CARRIED: Final = {"artifacts": "artifacts", "observed": "witnesses"}
"""What a bundle may hold, and in which folder."""

_PARTIAL: Final = "Totals and what is in force: the bundle holds a part of the ledger, and only a whole one tells them."


def absences(control: Control, evidence: Evidence, *, partial: bool) -> tuple[str, ...]:
    """Return what of a control is not in a bundle.

    Parameters
    ----------
    partial
        Whether facts were left out because the bundle is of a part of the ledger.
    """
    names = [name for name in control.absent if name not in _CARRIED or not evidence.files(_CARRIED[name])]
    return (*(ABSENT[name] for name in names), *((_PARTIAL,) if partial else ()))
