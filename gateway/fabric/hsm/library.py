"""A PKCS#11 library: loaded once for each process, spoken to by one thread at a time."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from quorate.errors import DeniedError, QuorateError, UnreachableError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pkcs11

_INSTALL: Final = "Install the extra: pip install 'quorate[hsm]'"
_PIN_ERRORS: Final = frozenset({"PinIncorrect", "PinInvalid", "PinLenRange", "PinLocked", "PinExpired"})


class Loaded(Protocol):
    """What is needed of python-pkcs11's library object."""

    def get_slots(self, *, token_present: bool) -> list[pkcs11.Slot]:
        """Return the slots, with or without those that are empty."""
        ...

    def finalize(self) -> None:
        """End the use of the library."""
        ...


class Library:
    """One loaded library, for all factories that name it. Every call of it stands within `calling`."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.users = 0
        # python-pkcs11 initialises libraries for one thread, so they do no locking of their own.
        self._lock = threading.RLock()
        with self.calling("load the library"):
            self.lib = _load(path)

    @contextmanager
    def calling(self, what: str) -> Iterator[None]:
        """Speak to the library; its errors become ours, without any argument of the call."""
        import pkcs11  # noqa: PLC0415  # an extra

        try:
            with self._lock:
                yield
        except pkcs11.PKCS11Error as error:
            raise _meant(error, f"the PKCS#11 library {self.path} could not {what}") from error

    def finalize(self) -> None:
        """Tell the library that nobody uses it any more; this ends all its sessions."""
        with self.calling("end"):
            self.lib.finalize()


_LIBRARIES: Final[dict[str, Library]] = {}
_LOADING: Final = threading.Lock()


def acquire(path: Path | str) -> Library:
    """Return the library of this path, loaded; to be given back with `release`.

    Raises
    ------
    UsageError
        The extra is not installed, or this is no PKCS#11 library.
    """
    with _LOADING:
        library = _LIBRARIES.get(str(path)) or Library(str(path))
        _LIBRARIES[library.path] = library
        library.users += 1
        return library


def release(library: Library) -> None:
    """Give a library back; it ends with its last user."""
    with _LOADING:
        library.users -= 1
        if library.users:
            return
        del _LIBRARIES[library.path]
        library.finalize()


def _load(path: str) -> Loaded:
    import pkcs11  # noqa: PLC0415  # an extra

    loaded: Loaded = pkcs11.lib(path)
    return loaded


def require_extra() -> None:
    """Raise `UsageError` where the extra is not installed."""
    try:
        import pkcs11  # noqa: F401, PLC0415  # whether it is there
    except ImportError as error:
        raise UsageError("keys in hardware need the package python-pkcs11", hint=_INSTALL, cause=error) from error


def _meant(error: pkcs11.PKCS11Error, what: str) -> QuorateError:
    name = type(error).__name__
    if name in _PIN_ERRORS:
        return DeniedError(f"{what}: {name}", hint="Check the PIN before another try: tokens lock after a few.")
    if name == "PKCS11Error":
        return UsageError(f"{what}: {error}", hint="Name the vendor's PKCS#11 library, a file that ends in .so.")
    return UnreachableError(f"{what}: {name}", hint="Check that the token is there, then make a new signer.")
