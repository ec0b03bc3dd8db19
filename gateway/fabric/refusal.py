"""What the chaincode itself said when it refused, out of a failed call."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.fabric.errors import GatewayError

_RESPONSE: Final = re.compile(r"chaincode response (\d{3}), (.*)", re.DOTALL)
_CODED: Final = re.compile(r"([A-Z][A-Z0-9_]{2,63}): (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ChaincodeRefusal:
    """A chaincode's answer of status 400 or more, ``CODE: message`` taken apart; `code` is empty where it gave none."""

    code: str
    message: str


def chaincode_refusal(error: GatewayError) -> ChaincodeRefusal | None:
    """Return what the chaincode said, or None when it was not the chaincode that failed.

    Peers that endorse may put the chaincode's words alone, so a detail of the form ``CODE: message`` counts too. The
    gateway that relays the words could change them; nothing here is signed.
    """
    return find([*(detail.message for detail in error.details), error.message])


def find(texts: Iterable[str]) -> ChaincodeRefusal | None:
    """Return the first refusal with a code among these texts, else the first without one, else None."""
    refusals = [found for found in map(_parse, texts) if found is not None]
    coded = [found for found in refusals if found.code]
    return next(iter(coded or refusals), None)


def _parse(text: str) -> ChaincodeRefusal | None:
    response = _RESPONSE.search(text)
    coded = _CODED.fullmatch(response[2] if response else text)
    if coded:
        return ChaincodeRefusal(code=coded[1], message=coded[2])
    return ChaincodeRefusal(code="", message=response[2]) if response else None
