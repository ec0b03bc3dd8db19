"""Being logged in to a token, once for all sessions that this process has with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pkcs11

    from gateway.fabric.hsm.library import Library
    from gateway.fabric.hsm.options import HSMSignerOptions


class Login:
    """The state of one token: whoever enters first logs in, whoever leaves last logs out.

    A token knows one login for each process. So it is held by a session of its own, whose end is the only one that logs
    out; the sessions that sign come and go without disturbing each other.
    """

    def __init__(self, library: Library, token: pkcs11.Token) -> None:
        self._library = library
        self._token = token
        self._holding: pkcs11.Session | None = None
        self._users = 0

    def enter(self, options: HSMSignerOptions) -> None:
        """Log in, unless somebody is."""
        with self._library.calling("log in"):
            if not self._users:
                self._holding = self._open(options)
            self._users += 1

    def session(self) -> pkcs11.Session:
        """Return a new session, which is logged in as all are."""
        with self._library.calling("open a session"):
            return self._token.open()

    def leave(self) -> None:
        """Log out, if nobody else is there."""
        with self._library.calling("log out"):
            self._users -= 1
            if self._users == 0 and self._holding is not None:
                holding, self._holding = self._holding, None
                holding.close()

    def _open(self, options: HSMSignerOptions) -> pkcs11.Session:
        from pkcs11 import UserAlreadyLoggedIn  # noqa: PLC0415  # an extra

        more: dict[str, Any] = {} if options.user_type is None else {"user_type": options.user_type}
        try:
            return self._token.open(user_pin=options.pin, **more)
        except UserAlreadyLoggedIn:
            # By another library of this process, which will log out too.
            return self._token.open()
