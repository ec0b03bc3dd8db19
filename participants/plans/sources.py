"""Where a command's PLAN argument leads: a directory, a document file, or a shipped plan's name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from participants.plans.document import DOCUMENT_LIMIT, parse_document, read_directory
from participants.plans.errors import PlanDocumentError
from participants.plans.shipped.catalogue import names, shipped
from quorate.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from participants.plans.document import PlanDocument


def open_plan(text: str) -> PlanDocument:
    """Return the plan in a directory (``plan.toml``), in a document file, or shipped under a name, tried in this order.

    Raises
    ------
    PlanDocumentError, NotFoundError
    """
    path = Path(text)
    if path.is_dir():
        return read_directory(path)
    if path.is_file():
        return _read_file(path)
    try:
        return shipped(text)
    except (NotFoundError, UsageError) as error:
        raise NotFoundError(
            f"{text} is neither a directory, a plan document, nor a shipped plan",
            hint=f"Shipped are {', '.join(names())}; `quorate plan new DIR` writes a template.",
        ) from error


def _read_file(path: Path) -> PlanDocument:
    try:
        with path.open("rb") as file:
            return parse_document(file.read(DOCUMENT_LIMIT + 1))
    except OSError as error:
        raise PlanDocumentError(f"{path} cannot be read: {error.strerror}") from error
