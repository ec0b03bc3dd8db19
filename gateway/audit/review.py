"""What ``quorate audit review`` does: signs each step as the officer, with no name and no text on the ledger."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from gateway.audit.pseudonyms import pseudonym, read_key, resolve
from gateway.ledger.session import Profile, open_session
from quorate.digest import PREFIX
from quorate.errors import NotFoundError, StorageError, UsageError
from quorate.records.audit import RecordReview
from quorate.records.common import make

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.ledger.session import Session
    from quorate.records.audit import Review, Reviews

_CHUNK: Final = 1 << 20
_NAMES_LIMIT: Final = 1 << 20


async def open_review(profile: Path, name: str, subject: str) -> Review:
    """Open a review of something on the ledger."""
    request = make(RecordReview, review=name, subject=subject, state="OPEN", findings={})
    async with open_session(Profile.load(profile)) as session:
        return await session.ledger.settling().audit.record_review(request)


async def assign(profile: Path, name: str, *, reviewer: str, key: Path) -> Review:
    """Assign a review to a person; errors as `read_key`, and `NotFoundError` when there is no such review."""
    async with open_session(Profile.load(profile)) as session:
        who = pseudonym(read_key(key), session.profile.msp_id, reviewer)
        return await _next(session, name, "ASSIGNED", {"reviewer": who})


async def conclude(
    profile: Path, name: str, *, reviewer: str, key: Path, meaning: str, outcome: str, note: Path | None
) -> Review:
    """Conclude a review; the note stays here, and its digest goes on the ledger. Errors as `assign`."""
    async with open_session(Profile.load(profile)) as session:
        who = pseudonym(read_key(key), session.profile.msp_id, reviewer)
        findings = {"reviewer": who, "meaning": meaning, "outcome": outcome}
        if note is not None:
            findings["note"] = digest_of_file(note)
        return await _next(session, name, "CONCLUDED", findings)


async def listed(profile: Path, *, msp: str | None) -> Reviews:
    """Return the reviews of all members, or of one."""
    async with open_session(Profile.load(profile)) as session:
        return await session.ledger.audit.reviews(msp)


def known_reviewers(profile: Path, key: Path, names: Path) -> dict[str, str]:
    """Return who of the people in a file, one a line, stands behind which pseudonym; errors as `read_key`."""
    try:
        with names.open("rb") as file:
            data = file.read(_NAMES_LIMIT + 1)
        lines = data.decode().splitlines()
    except OSError as error:
        raise StorageError(f"{names} cannot be read: {error.strerror}", cause=error) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{names} is not UTF-8 at byte {error.start}", hint="Write a name a line.") from error
    if len(data) > _NAMES_LIMIT:
        raise UsageError(f"{names} has more than {_NAMES_LIMIT} bytes", hint="Write a name a line.")
    return resolve(read_key(key), Profile.load(profile).msp_id, filter(str.strip, lines))


def digest_of_file(path: Path) -> str:
    """Return a file's digest; `StorageError` when it cannot be read."""
    state = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                state.update(chunk)
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}", cause=error) from error
    return PREFIX + state.hexdigest()


async def _next(session: Session, name: str, state: str, findings: dict[str, str]) -> Review:
    own = (await session.ledger.settling().audit.reviews(session.profile.msp_id)).reviews
    found = next((review for review in own if review.review == name), None)
    if found is None:
        raise NotFoundError(
            f"{session.profile.msp_id} has no review {name!r}", hint="Open it first: quorate audit review open."
        )
    request = make(RecordReview, review=name, subject=found.subject, state=state, findings=findings)
    return await session.ledger.settling().audit.record_review(request)
