"""Divide records among members unevenly and repeatably, after setting a public evaluation set apart."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from quorate.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

EVALUATION_SHARE: Final = Fraction(1, 5)
CONCENTRATION: Final = 2.0
"""Parameter of the Dirichlet distribution over members, per class; the larger, the more alike members are."""

SMALLEST_SHARE: Final = Fraction(1, 2)
"""The least records that a member gets, as a share of an even division."""

_ATTEMPTS: Final = 10_000


@dataclass(frozen=True, kw_only=True)
class Division:
    """Row numbers: one array per member, and those of the public evaluation set. Together they are all rows, once."""

    members: tuple[NDArray[np.int64], ...]
    evaluation: NDArray[np.int64]


def divide(targets: NDArray[np.int64], *, members: int, seed: int, evaluation: Fraction = EVALUATION_SHARE) -> Division:
    """Divide rows by class: an evaluation set with every class's share, the rest by Dirichlet draws per class.

    Members differ in how many records and in which classes they have (label skew, Hsu et al., arXiv:1909.06335); none
    has fewer than half of an even division. The same arguments give the same division.

    Raises
    ------
    UsageError
        When there are too few records to give every member some.
    """
    if members < 1 or len(targets) < 10 * members:
        raise UsageError(f"{len(targets)} records cannot be divided among {members} members")
    random = np.random.default_rng([seed, members, len(targets)])
    classes = [random.permutation(np.flatnonzero(targets == value)) for value in np.unique(targets)]
    held_out = [round(len(rows) * evaluation) for rows in classes]
    rest = [rows[count:] for rows, count in zip(classes, held_out, strict=True)]
    out = np.concatenate([rows[:count] for rows, count in zip(classes, held_out, strict=True)])
    return Division(members=_shares(rest, members, random), evaluation=np.sort(out))


def _shares(
    classes: list[NDArray[np.int64]], members: int, random: np.random.Generator
) -> tuple[NDArray[np.int64], ...]:
    least = SMALLEST_SHARE * sum(len(rows) for rows in classes) / members
    for _ in range(_ATTEMPTS):
        parts: list[list[NDArray[np.int64]]] = [[] for _ in range(members)]
        for rows in classes:
            cuts = np.cumsum(random.dirichlet([CONCENTRATION] * members))[:-1]
            for part, share in zip(parts, np.split(rows, (cuts * len(rows)).astype(np.int64)), strict=True):
                part.append(share)
        joined = tuple(np.sort(np.concatenate(part)) for part in parts)
        if min(len(part) for part in joined) >= least:
            return joined
    raise UsageError(f"no division among {members} members gives each enough records")
