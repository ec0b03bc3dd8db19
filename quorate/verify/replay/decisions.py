"""Asks the policies in force again whether a step was allowed, from the request and the entities that endorsers saw."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, TypeVar, cast

from quorate.policy import Principal, Request, World, in_force
from quorate.policy.actions import action_of
from quorate.records.consortium import Charter
from quorate.records.dataset import Dataset
from quorate.records.model import Model
from quorate.records.policy import CurrentPolicy, Policy
from quorate.records.study import Study
from quorate.verify.replay import keys
from quorate.verify.replay.errors import require

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from quorate.digest import Digest
    from quorate.policy import Decision, Policies
    from quorate.policy.entities import Reference
    from quorate.records.common import Document
    from quorate.records.study import Terms
    from quorate.verify.replay.call import Call

    Resource: TypeAlias = Callable[[Call, World], Reference]

R = TypeVar("R", bound="Document")


class _About(Protocol):
    """The fields by which requests name what they are about; each has those that its function's resource needs."""

    study: str
    round: int
    dataset: str
    model: Digest
    purposes: list[str]
    protection: str
    terms: Terms


_SELF_RULE: Final = frozenset({"policy:Propose", "policy:Vote", "policy:Tally"})
"""What no policy set can take from the members' operators: with it they can always vote for another one."""

_FLOOR: Final = ("charter",)
"""Stands for the charter where a decision names what decided."""


@dataclass(frozen=True, slots=True)
class _Question:
    function: str
    world: World
    request: Request
    is_member: bool

    def decide(self, policies: Policies) -> Decision:
        decision = policies.decide(self.world, self.request)
        if decision.allowed or not self._rules_itself():
            return decision
        return replace(decision, allowed=True, policies=_FLOOR)

    def _rules_itself(self) -> bool:
        return self.is_member and self.request.principal.role == "operator" and self.function in _SELF_RULE

    def require_allowed(self, policies: Policies) -> None:
        decision = self.decide(policies)
        who = self.request.principal
        require(decision.allowed, f"{who.msp} called {self.function} as {who.role or 'nobody'}, which is {decision}")


class Decisions:
    """Evaluates the access policies at every step."""

    def __init__(self) -> None:
        self.asked = 0
        self._foundings: list[_Question] = []

    @property
    def waiting(self) -> int:
        """How many steps came before there were policies on the ledger, and were never followed by any."""
        return len(self._foundings)

    def require_allowed(self, call: Call) -> None:
        """Return when the policies in force let the caller do this.

        Before a charter no policies are on the ledger: the chaincode decides by the ones that it will then put there,
        and so what came before is asked of those, by `settle`.

        Raises
        ------
        RuleError
            When they do not.
        """
        question = _question(call)
        current = call.world.get(CurrentPolicy, keys.current_policy())
        if current is None:
            self._foundings.append(question)
            return
        question.require_allowed(in_force(call.world.need(Policy, keys.policy(current.version))))
        self.asked += 1

    def settle(self, call: Call) -> None:
        """Ask the first policies about what came before them, once they are on the ledger.

        Raises
        ------
        RuleError
            When they would not have let somebody do what was done.
        """
        if not self._foundings or call.world.get(CurrentPolicy, keys.current_policy()) is None:
            return
        policies = in_force(call.world.need(Policy, keys.policy(1)))
        waiting, self._foundings = self._foundings, []
        for question in waiting:
            question.require_allowed(policies)
            self.asked += 1


def decision_on(call: Call) -> Decision | None:
    """Return what the policies in force decide about a call, and which of them; None before there are any.

    Raises
    ------
    RuleError
        When a record that the call is about is not in its world.
    """
    current = call.world.get(CurrentPolicy, keys.current_policy())
    if current is None:
        return None
    return _question(call).decide(in_force(call.world.need(Policy, keys.policy(current.version))))


def _question(call: Call) -> _Question:
    charter = call.world.get(Charter, keys.charter())
    members = [] if charter is None else [member.msp for member in charter.members]
    world = World(members)
    find = _RESOURCES.get(call.function, _consortium)
    stamp = call.stamp
    return _Question(
        call.function,
        world,
        Request(
            principal=Principal(msp=stamp.msp, role=stamp.role, certificate=stamp.certificate),
            action=action_of(call.function),
            resource=find(call, world),
            now=call.time,
        ),
        is_member=call.msp in members,
    )


def _partial(kind: type[R], **fields: object) -> R:
    """Return a record of which only these fields are looked at."""
    return cast("R", kind.model_construct(**cast("Any", fields)))


def _asked(call: Call) -> _About:
    return cast("_About", call.request)


def _consortium(_: Call, world: World) -> Reference:
    return world.consortium


def _new_dataset(call: Call, world: World) -> Reference:
    asked = _asked(call)
    fields = {"dataset": asked.dataset, "purposes": asked.purposes, "protection": asked.protection}
    return world.dataset(_partial(Dataset, msp=call.msp, state="NEW", **fields))


def _own_dataset(call: Call, world: World) -> Reference:
    return world.dataset(call.world.need(Dataset, keys.dataset(call.msp, _asked(call).dataset)))


def _new_study(call: Call, world: World) -> Reference:
    asked = _asked(call)
    return world.study(_partial(Study, study=asked.study, proposer=call.msp, terms=asked.terms, state="PROPOSED"))


def _study(call: Call, world: World) -> Reference:
    return world.study(call.study(_asked(call).study))


def _round(call: Call, world: World) -> Reference:
    asked = _asked(call)
    return world.round(call.study(asked.study), call.round(asked.study, asked.round))


def _model(call: Call, world: World) -> Reference:
    model = call.world.need(Model, keys.model(_asked(call).model))
    return world.model(call.study(model.study), model)


_RESOURCES: Final[Mapping[str, Resource]] = MappingProxyType(
    {
        "dataset:Register": _new_dataset,
        **dict.fromkeys(("dataset:Revise", "dataset:Retire"), _own_dataset),
        "study:Propose": _new_study,
        **dict.fromkeys(
            [
                f"study:{name}"
                for name in ("Vote", "Tally", "Accept", "Withdraw", "Start", "Suspend", "Resume", "Complete")
            ],
            _study,
        ),
        "round:Open": _study,
        "privacy:Reserve": _round,
        **dict.fromkeys(
            [f"round:{name}" for name in ("Decline", "Commit", "Seal", "Attest", "Finalize", "Retry", "Abort")], _round
        ),
        "model:Retire": _model,
    }
)
"""What each function is done to; the consortium itself unless named here."""
