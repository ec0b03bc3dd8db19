"""What a Fabric CA's error codes mean in terms of ours."""

from typing import Final

from quorate.errors import (
    AlreadyExistsError,
    DeniedError,
    NotFoundError,
    QuorateError,
    StateError,
    UnreachableError,
    UsageError,
)

_QUOTED: Final = 300

_SERVER_AT_FAULT: Final = 500
_AUTHENTICATION: Final = 20
_AUTHORIZATION: Final = 71
_TOO_MANY_WRONG_SECRETS: Final = 73

_BY_CODE: Final[dict[int, type[QuorateError]]] = {
    **dict.fromkeys((1, 3, 4, 5, 15, 31, 36, 37, 57, 77, 79, 80, 82), UsageError),
    **dict.fromkeys((8, 10, 16, 19, 30, 63), NotFoundError),
    74: AlreadyExistsError,
    **dict.fromkeys((9, 66), StateError),
}

_BY_STATUS: Final[dict[int, type[QuorateError]]] = {
    400: UsageError,
    401: DeniedError,
    403: DeniedError,
    404: NotFoundError,
    405: UsageError,
    409: AlreadyExistsError,
    500: StateError,
}

_HINTS: Final[dict[int, str]] = {
    _AUTHENTICATION: (
        "The CA does not say which: the name or secret is wrong, the secret has been used as often as it may, or the "
        "identity or certificate is revoked or expired. Its log says; `quorate network ca secret` gives a new secret."
    ),
    _AUTHORIZATION: (
        "The registrar needs the right to do this (hf.Registrar.Roles, hf.Revoker, hf.GenCRL, hf.Registrar.Attributes) "
        "and an affiliation that is named must exist. The CA's log says which."
    ),
    _TOO_MANY_WRONG_SECRETS: "It is locked after too many wrong secrets; `quorate network ca secret` gives a new one.",
    19: "Ask the server's operator for the CA's name; a server may run several.",
    56: "The server's configuration does not allow removal (cfg.identities.allowremove); revoke the identity instead.",
    66: "Nothing more is needed; make a new revocation list if members lack it.",
    74: "Choose another name, or give the identity a new secret.",
    77: "Enrol under the name that the identity was registered with.",
    82: "Ask for fewer enrolments; the server's configuration has a limit.",
}


def refusal(status: int, code: int, message: str, *, where: str) -> QuorateError:
    """Return the error for an answer of a Fabric CA that is not a success.

    Parameters
    ----------
    status : int
        HTTP status.
    code : int
        The CA's own code; 0 where it gave none.
    message : str
        The CA's own words.
    where : str
        Which CA it was.
    """
    kind = _BY_CODE.get(code) or _BY_STATUS.get(status) or UnreachableError
    said = " ".join(message.split())[:_QUOTED] or "no reason"
    hint = _HINTS.get(code, "Read the log of the CA server." if status >= _SERVER_AT_FAULT else "")
    return kind(f"The CA at {where} refused: {said} (HTTP {status}, code {code}).", hint=hint)
