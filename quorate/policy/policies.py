"""A policy set, ready to decide: its exact text, the digest of that, and the parsed form, kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from cedarpy import Decision as Outcome
from cedarpy import PolicySet, is_authorized

from quorate.digest import Digest, digest_of
from quorate.errors import DefectError, IntegrityError, UsageError
from quorate.policy.entities import Reference, action
from quorate.policy.guard import check

if TYPE_CHECKING:
    from cedarpy import Entities

    from quorate.policy.world import Principal, World
    from quorate.records.policy import Policy

_KEPT: Final = 8
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ID: Final = re.compile(r"policy(0|[1-9][0-9]{0,2})")
_FAILED: Final = re.compile(r"error while evaluating policy `(policy[0-9]+)`: ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Asks whether a principal may do an action to a resource.

    Attributes
    ----------
    action
        Such as ``artifact.read``.
    resource
        Something in the world that the decision is about.
    now
        Unix time in milliseconds.
    study
        What data are to be trained for; ``data.train`` needs it and nothing else has it.
    """

    principal: Principal
    action: str
    resource: Reference
    now: int
    study: Reference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a policy set decides, and by which text.

    Attributes
    ----------
    policies
        Ids of the policies that decided, sorted; when some could not be evaluated, of those. Empty when none permits.
    policy_digest, policy_version
        The text that decided; version 0 is one that is not on the ledger.
    """

    allowed: bool
    policies: tuple[str, ...]
    policy_digest: Digest
    policy_version: int = 0

    def __str__(self) -> str:
        word, deciders = "allowed" if self.allowed else "denied", ", ".join(self.policies) or "default"
        return f"{word} by {deciders} (policy version {self.policy_version}, {self.policy_digest})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """A parsed policy set. Immutable; several threads may ask it at once.

    A thread needs 2 MiB of stack, a quarter of Linux's default: with less, the engine calls the deepest policies that
    the guard accepts impossible to evaluate, which denies what others allow.

    Attributes
    ----------
    ids
        Each policy's annotation ``@id``, in the order of the text.
    """

    digest: Digest
    ids: tuple[str, ...]
    version: int = 0
    _parsed: PolicySet = field(repr=False, compare=False)

    def decide(self, world: World, request: Request) -> Decision:
        """Return the decision. Any policy that cannot be evaluated denies.

        Raises
        ------
        UsageError
            When the time is not one that Cedar has.
        """
        principal = world.principal(request.principal)  # before the entities are taken
        context: dict[str, Any] = {"now": _moment(request.now)}
        if request.study is not None:
            context["study"] = request.study.as_value()
        asked = {
            "principal": principal._asdict(),
            "action": action(request.action)._asdict(),
            "resource": request.resource._asdict(),
            "context": context,
        }
        allowed, ids = self.evaluate(asked, world.handle())
        return Decision(allowed=allowed, policies=ids, policy_digest=self.digest, policy_version=self.version)

    def evaluate(self, request: dict[str, Any], entities: Entities) -> tuple[bool, tuple[str, ...]]:
        """Return decision and sorted ids for a request and entities in Cedar's own forms; for what has no type here.

        Raises
        ------
        DefectError
            When the engine cannot read the request.
        """
        result = is_authorized(request, self._parsed, entities)
        if result.decision is Outcome.NoDecision:
            raise DefectError("the policy engine cannot read a request that was built for it")
        if result.diagnostics.errors:
            return False, self._failed(result.diagnostics.errors)
        return result.allowed, self._named(result.diagnostics.reasons)

    def _failed(self, errors: list[str]) -> tuple[str, ...]:
        # The engine names a failed policy only in its sentence; nothing else of the sentence is looked at.
        return self._named(found[1] for error in errors if (found := _FAILED.match(error)))

    def _named(self, positions: Any) -> tuple[str, ...]:  # noqa: ANN401 - strings
        # The engine names policies by their position in the text.
        found = (_ID.fullmatch(position) for position in positions)
        return tuple(sorted(self.ids[int(place[1])] for place in found if place))


@lru_cache(maxsize=_KEPT)
def parse(text: str, *, version: int = 0) -> Policies:
    """Return the policy set of a text that the guard accepts; those used last are kept.

    Raises
    ------
    PolicyRefusedError
        When the guard refuses it.
    UsageError
        When it is not Cedar.
    """
    ids = check(text)
    try:
        parsed = PolicySet.from_str(text)
    except ValueError as error:
        raise UsageError("the policy text is not Cedar", cause=error) from error
    if len(parsed) != len(ids):
        raise UsageError(f"the policy text has {len(ids)} policies, and the engine found {len(parsed)}")
    return Policies(digest=digest_of(text.encode()), ids=ids, version=version, _parsed=parsed)


def in_force(record: Policy) -> Policies:
    """Return the policy set of a record of the ledger.

    Raises
    ------
    IntegrityError
        When its text does not have its digest.
    UsageError
        When the text cannot be used.
    """
    found = parse(record.text, version=record.version)
    if found.digest != record.digest:
        raise IntegrityError(f"the policy text of version {record.version} does not have its digest")
    return found


def _moment(milliseconds: int) -> dict[str, Any]:
    try:
        moment = _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError as error:
        raise UsageError(f"{milliseconds} ms is not in the years 1 to 9999", cause=error) from error
    text = moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
    return {"__extn": {"fn": "datetime", "arg": text}}
