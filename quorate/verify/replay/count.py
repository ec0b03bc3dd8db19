"""How members voted, and how many of them must be for something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from quorate.records.ballot import Ballot
    from quorate.records.consortium import Charter
    from quorate.records.study import VoteRecord


@dataclass(frozen=True, slots=True)
class Count:
    """How the members voted."""

    voters: int
    needed: int
    approve: int
    reject: int

    @property
    def passed(self) -> bool:
        """Whether enough are for it."""
        return self.approve >= self.needed

    @property
    def failed(self) -> bool:
        """Whether enough can no longer be for it."""
        return self.reject > self.voters - self.needed


def count(charter: Charter, rule: str, vote_of: Callable[[str], Ballot | VoteRecord | None]) -> Count:
    """Ask for every member's vote, which is none for one that has not voted."""
    votes = [vote_of(member.msp) for member in charter.members]
    choices = [vote.choice for vote in votes if vote is not None]
    voters = len(charter.members)
    return Count(voters, needed(rule, voters), approve=choices.count("approve"), reject=choices.count("reject"))


def needed(rule: str, voters: int) -> int:
    """Return how many of the voters must be for something."""
    return {"all": voters, "two-thirds": (2 * voters + 2) // 3, "majority": voters // 2 + 1}[rule]
