"""Which key, in which token."""

from __future__ import annotations

from dataclasses import dataclass, field

from quorate.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class HSMSignerOptions:
    """Which key of which token signs.

    Parameters
    ----------
    label
        The token's label. May be left out where `slot` is given.
    slot
        The number of the slot that holds the token, where labels are not unique.
    pin
        The user's PIN. It is neither shown nor kept.
    identifier
        The key's CKA_ID; text is taken as UTF-8. Without it, the subject key identifier of the identity's certificate,
        under which Fabric's own tools keep keys (`ski`).
    user_type
        Who logs in, as a number of PKCS#11; the normal user unless the vendor has others.
    """

    pin: str = field(repr=False)
    label: str = ""
    slot: int | None = None
    identifier: str | bytes = b""
    user_type: int | None = None

    def __post_init__(self) -> None:
        if not self.pin:
            raise UsageError("no PIN was given for the token")
        if not self.label and self.slot is None:
            raise UsageError("neither the label nor the slot of a token was given")

    @property
    def key_id(self) -> bytes:
        """The identifier as bytes; empty where none was given."""
        return self.identifier.encode() if isinstance(self.identifier, str) else self.identifier
