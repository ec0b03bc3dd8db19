"""What ``quorate audit report`` does, for the command that parses its options."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from gateway.audit.compliance.evidence import verified_evidence
from gateway.audit.compliance.frameworks import FRAMEWORKS
from gateway.audit.compliance.markdown import markdown_of
from gateway.audit.compliance.page import html_of
from gateway.audit.compliance.report import fill
from quorate.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from gateway.audit.compliance.report import ComplianceReport

_FORMS: Final[Mapping[str, Callable[[ComplianceReport], str]]] = MappingProxyType(
    {
        "markdown": markdown_of,
        "html": html_of,
        "json": lambda report: json.dumps(report.as_json(), indent=2, ensure_ascii=True) + "\n",
    }
)


def report(framework: str, bundle: Path, *, genesis: str | None, trust_bundle_genesis: bool, form: str) -> str:
    """Return a framework filled from a bundle, as ``markdown``, ``html`` or ``json``.

    Raises
    ------
    VerificationError
        When the evidence does not hold: then there is no report.
    NotFoundError
        When there is no such framework.
    QuorateError
        When no genesis is pinned, or the bundle cannot be read.
    """
    if framework not in FRAMEWORKS:
        raise NotFoundError(f"there is no framework {framework[:64]!r}", hint=f"There are: {', '.join(FRAMEWORKS)}.")
    with verified_evidence(bundle, genesis=genesis, trust_bundle_genesis=trust_bundle_genesis) as evidence:
        return _FORMS[form](fill(FRAMEWORKS[framework], evidence))
