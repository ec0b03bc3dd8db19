"""A participant's place in a round, and what it has said there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from quorate.records.privacy import Reservation
from quorate.records.round import CommitRecord, DeclineRecord, Included, LeftOut, Round
from quorate.records.study import Participant, Study, WithdrawRecord
from quorate.verify.replay import keys
from quorate.verify.replay.errors import RuleError, require

if TYPE_CHECKING:
    from quorate.records.round import LeftOutReason
    from quorate.verify.replay.call import Call


@dataclass(frozen=True, slots=True)
class Seat:
    """A participant's place in a round."""

    study: Study
    round: Round
    participant: Participant

    @classmethod
    def of(cls, call: Call, study: str, number: int, dataset: str) -> Self:
        """Return the place of one of the caller's data sets."""
        terms = call.study(study)
        for participant in terms.terms.participants:
            if (participant.msp, participant.dataset) == (call.msp, dataset):
                return cls(terms, call.round(study, number), participant)
        raise RuleError(f"{dataset} of {call.msp} is no participant of study {study}")

    @property
    def dataset(self) -> str:
        """The participant's data set."""
        return self.participant.dataset

    @property
    def is_private(self) -> bool:
        """Whether rounds are charged."""
        return self.study.terms.privacy.mechanism != "none"

    def key(self, kind: str) -> str:
        """Return the key of what the participant says: ``reserve``, ``decline`` or ``commit``."""
        return keys.seat(kind, self.study.study, self.round.round, self.participant.msp, self.dataset)

    def require_open(self, call: Call) -> None:
        """Return when the study runs and the round is open."""
        call.running(self.study.study)
        call.round(self.study.study, self.round.round, "OPEN")

    def require_taking_part(self, call: Call) -> None:
        """Return when the participant has neither withdrawn nor declined."""
        require(not self.has_withdrawn(call), f"{self.participant.msp} has withdrawn from the study")
        require(call.world.get(DeclineRecord, self.key("decline")) is None, f"{self.dataset} has declined the round")

    def require_charged(self, call: Call) -> None:
        """Return when the round's charge was granted, where rounds are charged."""
        if self.is_private:
            reservation = call.world.need(Reservation, self.key("reserve"))
            require(reservation.status == "GRANTED", f"the reservation of {self.dataset} was {reservation.status}")

    def has_withdrawn(self, call: Call) -> bool:
        """Tell whether the organisation has withdrawn from the study."""
        key = keys.withdraw(self.study.study, self.study.version, self.participant.msp)
        return call.world.get(WithdrawRecord, key) is not None

    def included(self, call: Call) -> Included | None:
        """Return the participant's update as a seal lists it, None when it has none to include."""
        commit = call.world.get(CommitRecord, self.key("commit"))
        if self.has_withdrawn(call) or commit is None or commit.status != "ON_TIME":
            return None
        return Included(
            msp=self.participant.msp,
            dataset=self.participant.dataset,
            weight=self.participant.weight,
            update=commit.update,
            leaf=commit.leaf,
        )

    def left_out(self, call: Call) -> LeftOut:
        """Return why the participant has no update to include."""
        return LeftOut(msp=self.participant.msp, dataset=self.participant.dataset, reason=self._reason(call))

    def _reason(self, call: Call) -> LeftOutReason:
        if self.has_withdrawn(call):
            return "withdrawn"
        if call.world.get(CommitRecord, self.key("commit")) is not None:
            return "late"
        reservation = call.world.get(Reservation, self.key("reserve")) if self.is_private else None
        if reservation is not None and reservation.status == "REFUSED":
            return "refused"
        if call.world.get(DeclineRecord, self.key("decline")) is not None:
            return "declined"
        return "missing"


def divide(call: Call, study: Study, round_: Round) -> tuple[list[Included], list[LeftOut]]:
    """Return what a seal includes, and the participants that it leaves out; both in canonical order."""
    included, left_out = [], []
    for participant in study.terms.participants:
        seat = Seat(study, round_, participant)
        update = seat.included(call)
        if update is None:
            left_out.append(seat.left_out(call))
        else:
            included.append(update)
    return included, left_out
