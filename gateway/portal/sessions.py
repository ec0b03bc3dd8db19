"""Who is logged in: bounded in number and in time, known by the digest of a cookie, kept across restarts."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import threading
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, Self

from quorate.errors import LimitError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_TOKEN_BYTES: Final = 32
_SCHEMA: Final = "quorate.portal.sessions/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """Whose session it is: an identity of the own organisation.

    Attributes
    ----------
    name
        The certificate's common name.
    certificate
        Its digest.
    pem
        The certificate itself: whether the channel still knows it is asked at every request.
    """

    msp: str
    role: str
    name: str
    certificate: str
    pem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One login.

    Attributes
    ----------
    expires
        Unix milliseconds; later requests do not move it.
    """

    officer: Officer
    expires: int


class Sessions:
    """Every open session.

    Parameters
    ----------
    clock
        Unix milliseconds.
    minutes
        How long a session lasts.
    most, most_each
        How many there may be in all and of one certificate; one more of the same certificate ends its oldest.
    path
        Where they survive a restart: digests of the cookies, never the cookies. In memory only when None.
    """

    def __init__(
        self, clock: Callable[[], int], *, minutes: float, most: int = 64, most_each: int = 4, path: Path | None = None
    ) -> None:
        self._clock = clock
        self._lasts = round(minutes * 60_000)
        self._most = most
        self._most_each = most_each
        self._path = path
        self._lock = threading.Lock()
        self._open: dict[str, Session] = {}

    @classmethod
    def kept(cls, path: Path, clock: Callable[[], int], *, minutes: float) -> Self:
        """Return the sessions in a file; none when it is not there or not understood, which logs everybody out."""
        made = cls(clock, minutes=minutes, path=path)
        try:
            document = json.loads(path.read_bytes())
            if document["schema"] == _SCHEMA:
                made._open = {
                    digest: Session(officer=Officer(**found["officer"]), expires=int(found["expires"]))
                    for digest, found in document["sessions"].items()
                }
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            made._open = {}
        return made

    def begin(self, officer: Officer) -> str:
        """Open a session and return its token, which is nowhere else.

        Raises
        ------
        LimitError
            When there are too many sessions of others.
        StorageError
            When it cannot be kept.
        """
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        with self._lock:
            self._drop_expired()
            own = [digest for digest, found in self._open.items() if found.officer.certificate == officer.certificate]
            for digest in own[: len(own) - self._most_each + 1]:
                del self._open[digest]
            if len(self._open) >= self._most:
                raise LimitError(f"{self._most} people are logged in, and more may not", hint="Try again later.")
            self._open[_digest(token)] = Session(officer=officer, expires=self._clock() + self._lasts)
            self._save()
        return token

    def find(self, token: str) -> Session | None:
        """Return the session of a token; None when it has ended or there never was one."""
        with self._lock:
            found = self._open.get(_digest(token))
        return found if found is not None and found.expires > self._clock() else None

    def end(self, token: str) -> None:
        """End a session, if there is one."""
        with self._lock:
            if self._open.pop(_digest(token), None) is not None:
                self._save()

    def __len__(self) -> int:
        return len(self._open)

    def _drop_expired(self) -> None:
        now = self._clock()
        self._open = {digest: found for digest, found in self._open.items() if found.expires > now}

    def _save(self) -> None:
        if self._path is None:
            return
        document = {"schema": _SCHEMA, "sessions": {digest: asdict(found) for digest, found in self._open.items()}}
        temporary = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(document, file)
            temporary.replace(self._path)
        except OSError as error:
            raise StorageError(f"{self._path} cannot be written: {error.strerror}", cause=error) from error


def csrf_token(token: str) -> str:
    """Return what a session's forms carry: it follows from the cookie, which other sites cannot read."""
    return hmac.new(token.encode(), b"quorate portal form", hashlib.sha256).hexdigest()


def is_csrf_token(token: str, given: str) -> bool:
    """Tell whether a form came from a page of this session."""
    return hmac.compare_digest(csrf_token(token).encode(), given.encode())


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
