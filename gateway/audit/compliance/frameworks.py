"""Every framework by its name: the one source of the pages, the portal and the reports."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from gateway.audit.compliance.ai_act import AI_ACT
from gateway.audit.compliance.gdpr import GDPR
from gateway.audit.compliance.hipaa import HIPAA
from gateway.audit.compliance.part_11 import PART_11

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.audit.compliance.control import Framework

FRAMEWORKS: Final[Mapping[str, Framework]] = MappingProxyType(
    {found.name: found for found in (AI_ACT, HIPAA, GDPR, PART_11)}
)
"""In the order in which they are shown."""
