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
    return find(error.message, (detail.message for detail in error.details))


def find(message: str, details: Iterable[str]) -> ChaincodeRefusal | None:
    """Return the first refusal with a code among details and message, else the first without one, else None."""
    refusals = [*map(_in_detail, details), _in_response(message)]
    found = [refusal for refusal in refusals if refusal is not None]
    return next((refusal for refusal in found if refusal.code), next(iter(found), None))


def _in_detail(text: str) -> ChaincodeRefusal | None:
    return _in_response(text) or _coded(text)


def _in_response(text: str) -> ChaincodeRefusal | None:
    response = _RESPONSE.search(text)
    return response and (_coded(response[2]) or ChaincodeRefusal(code="", message=response[2]))


def _coded(text: str) -> ChaincodeRefusal | None:
    coded = _CODED.fullmatch(text)
    return coded and ChaincodeRefusal(code=coded[1], message=coded[2])
