"""What the policies in force decided about a transaction, computed again from the records that stood before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

from sqlalchemy import or_, select, tuple_

from gateway.audit.trail.tables import WRITES
from quorate.errors import QuorateError
from quorate.policy.actions import action_of
from quorate.records.common import Stamp
from quorate.records.functions import FUNCTIONS
from quorate.verify.replay import keys
from quorate.verify.replay.call import Call
from quorate.verify.replay.decisions import decision_on
from quorate.verify.replay.world import World

if TYPE_CHECKING:
    from gateway.audit.trail import Trail
    from gateway.audit.trail.detail import TransactionDetail
    from quorate.digest import Digest
    from quorate.identifiers import MspId
    from quorate.records.common import Document

R = TypeVar("R", bound="Document")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision as it is shown.

    Attributes
    ----------
    principal
        Who asked, in which role.
    policies
        Those that decided.
    """

    action: str
    principal: str
    allowed: bool
    policies: tuple[str, ...]
    policy_version: int
    policy_digest: str


class _Before(World):
    """The records as they stood before a place on the ledger, read when they are asked for."""

    def __init__(self, trail: Trail, block: int, position: int) -> None:
        super().__init__()
        self._trail = trail
        self._place = (block, position)

    def get(self, kind: type[R], key: str) -> R | None:
        """Return a record, None when there was none."""
        before = or_(WRITES.c.block < self._place[0], tuple_(WRITES.c.block, WRITES.c.position) < tuple_(*self._place))
        query = (
            select(WRITES.c.value)
            .where(WRITES.c.key == keys.readable(key), before)
            .order_by(WRITES.c.block.desc(), WRITES.c.position.desc())
            .limit(1)
        )
        with self._trail.engine.connect() as connection:
            value = connection.execute(query).scalar()
        return None if value is None else kind.parse(value.encode())


def decision_at(trail: Trail, found: TransactionDetail) -> Decided | None:
    """Return the decision about a valid call; None when there is none, or the trail lacks what it takes to decide."""
    function = found.function or ""
    if found.code != "VALID" or found.request is None or function not in FUNCTIONS or not found.msp:
        return None
    try:
        call = Call(
            function=function,
            request=FUNCTIONS[function].request.parse(found.request.encode()),
            stamp=Stamp(
                tx=found.id,
                claimed_time=found.claimed_time or 0,
                msp=cast("MspId", found.msp),
                role=found.role or "",
                certificate=cast("Digest", found.certificate or ""),
            ),
            world=_Before(trail, found.block, found.position),
            written={},
            whole=False,
        )
        made = decision_on(call)
    except (QuorateError, ValueError):
        return None
    if made is None:
        return None
    return Decided(
        action=action_of(function),
        principal=f"{found.role or 'nobody in particular'} of {found.msp}",
        allowed=made.allowed,
        policies=made.policies,
        policy_version=made.policy_version,
        policy_digest=made.policy_digest,
    )
