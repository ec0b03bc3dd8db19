"""Labels and descriptions as messages, and back. What comes from outside is checked here, before anything uses it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from gateway.artifacts.label import Description, Kind, Label
from gateway.service.protos.quorate.v1 import artifacts_pb2 as pb
from quorate.digest import parse_digest

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICE: Final = "quorate.v1.Artifacts"

_KINDS: Final[Mapping[Kind, pb.Kind]] = MappingProxyType(
    {
        Kind.PLAN: pb.KIND_PLAN,
        Kind.INITIAL_MODEL: pb.KIND_INITIAL_MODEL,
        Kind.FINAL_MODEL: pb.KIND_FINAL_MODEL,
        Kind.UPDATE: pb.KIND_UPDATE,
        Kind.EVALUATION: pb.KIND_EVALUATION,
    }
)
_NAMES = MappingProxyType({number: kind for kind, number in _KINDS.items()})


def label_message(label: Label) -> pb.Label:
    """Return the message of a label."""
    return pb.Label(
        kind=_KINDS[label.kind],
        study=label.study,
        round=label.round,
        msp=label.msp or "",
        dataset=label.dataset or "",
    )


def label_of(message: pb.Label) -> Label:
    """Return the label of a message; `UsageError` when it is malformed."""
    kind = _NAMES.get(message.kind, "")
    return Label.of(kind=kind, study=message.study, round=message.round, msp=message.msp, dataset=message.dataset)


def artifact_message(description: Description) -> pb.Artifact:
    """Return the message of a description."""
    return pb.Artifact(digest=description.digest, size=description.size, label=label_message(description.label))


def description_of(message: pb.Artifact) -> Description:
    """Return the description of a message; `UsageError` when it is malformed."""
    return Description(digest=parse_digest(message.digest), size=message.size, label=label_of(message.label))
