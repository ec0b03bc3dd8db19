"""Between people and canonical texts: what may be typed in several ways, and how ε is shown."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Final

from quorate.privacy.orders import UNIT

_NUMBER: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?(?:[eE]-[0-9]{1,2})?")
_FRACTION: Final = re.compile(r"([0-9]{1,12})/([0-9]{1,12})")
_SHOWN_DECIMALS: Final = 4


def decimal_text(text: str) -> str:
    """Return the canonical text of a decimal such as ``"4.0"``; anything else unchanged, for the parser to refuse."""
    if not _NUMBER.fullmatch(text):
        return text
    plain = f"{Decimal(text):f}"
    return plain.rstrip("0").removesuffix(".") if "." in plain else plain


def fraction_text(text: str) -> str:
    """Return the canonical text of a rate such as ``"2/8"`` or ``"0.25"``; anything else unchanged."""
    if _NUMBER.fullmatch(text):
        value = Fraction(text)
    elif (match := _FRACTION.fullmatch(text)) and int(match[2]) > 0:
        value = Fraction(int(match[1]), int(match[2]))
    else:
        return text
    return f"{value.numerator}/{value.denominator}"


def delta_text(text: str) -> str:
    """Return the canonical text of a δ such as ``"0.00001"`` or ``"1e-05"``; anything else unchanged."""
    if not _NUMBER.fullmatch(text) or not 0 < (value := Decimal(text)) < 1:
        return text
    digits = "".join(str(digit) for digit in value.as_tuple().digits).rstrip("0")
    mantissa = f"{digits[0]}.{digits[1:]}".removesuffix(".")
    return f"{mantissa}e{value.adjusted()}"


def epsilon_text(nano: int) -> str:
    """Return ε for people: four decimals, rounded up as every amount is."""
    step = UNIT // 10**_SHOWN_DECIMALS
    return f"{Decimal(-(-nano // step)).scaleb(-_SHOWN_DECIMALS):f}"
