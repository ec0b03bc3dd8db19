"""Handing out what a study's terms name: from a directory to the own gateway, from which other members' fetch."""

from __future__ import annotations

import hashlib
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from gateway.artifacts.access import named
from gateway.artifacts.label import Description, Kind, Label
from gateway.artifacts.transfer import ArtifactClient, FileOrigin
from quorate.digest import PREFIX, parse_digest
from quorate.errors import IntegrityError, UsageError
from quorate.identifiers import parse_study_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gateway.ledger.session import Session
    from quorate.records.study import Terms

FILES: Final[Mapping[Kind, str]] = MappingProxyType(
    {Kind.PLAN: "plan.json", Kind.INITIAL_MODEL: "initial.safetensors", Kind.EVALUATION: "evaluation.safetensors"}
)
"""What the files of a study are called in the directory that `quorate plan draft` writes."""

_SECONDS: Final = 600.0


def offered(study: str, terms: Terms, directory: Path) -> list[tuple[Description, Path]]:
    """Return what the terms name and the file of each, whose bytes have the digest that the terms name.

    Raises
    ------
    UsageError
        When a file is not there or cannot be read.
    IntegrityError
        When a file is another one than the terms name.
    """
    return [
        (_described(parse_digest(digest), Label(kind=kind, study=parse_study_id(study)), path), path)
        for kind, digest in named(terms).items()
        for path in (directory / FILES[kind],)
    ]


async def hand_out(session: Session, offer: Sequence[tuple[Description, Path]]) -> None:
    """Store files at the own gateway; what it holds already is not sent again."""
    client = ArtifactClient(session.channel)
    for description, path in offer:
        await client.put(description, FileOrigin(path), within=_SECONDS)


def _described(digest: str, label: Label, path: Path) -> Description:
    try:
        if not path.is_file():
            raise UsageError(
                f"{path}, the study's {label.kind}, is not there",
                hint="`quorate plan draft` writes it beside the terms.",
            )
        with path.open("rb") as file:
            found = PREFIX + hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", cause=error) from error
    if found != digest:
        raise IntegrityError(
            f"{path} is not the {label.kind} of the terms: it has {found}, and they name {digest}",
            hint="Draft the study again after a change of its plan, and propose what was written then.",
        )
    return Description(digest=parse_digest(digest), size=size, label=label)
