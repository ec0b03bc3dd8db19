"""The consortium's Cedar policies for what happens off the ledger, by the text that is on the ledger.

Entities are built as the chaincode builds them. What cannot be evaluated is denied: no policies yet, no study to speak
of, or an error in any policy.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from cedarpy import PolicySet, is_authorized

from gateway.artifacts.access import Decider, Decision
from quorate.digest import digest_of
from quorate.errors import IntegrityError, UnsupportedVersionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gateway.artifacts.access import Facts
    from quorate.digest import Digest
    from quorate.identifiers import MspId
    from quorate.records.policy import Policy
    from quorate.records.study import Study

_DENIED: Final = Decision(allowed=False)
_CONSORTIUM: Final = "quorate"


class LedgerPolicies(Decider):
    """Decides by the policy set in force.

    The caller is known by its TLS certificate, which carries no role: another member's gateway asks in the role of an
    aggregator, the own organisation in that of an agent.

    Parameters
    ----------
    current
        Returns the policy set in force; None before there is one.
    """

    def __init__(self, current: Callable[[], Policy | None]) -> None:
        self._current = current
        self._parsed: tuple[Digest, PolicySet] | None = None

    def decide(self, *, action: str, reader: MspId, facts: Facts) -> Decision:
        """Decide whether an organisation may do something with a study's artefacts."""
        policy = self._current()
        if policy is None or facts.study is None:
            return _DENIED
        role = "agent" if reader == facts.own else "aggregator"
        request = {
            "principal": _reference("Member", reader),
            "action": _reference("Action", action),
            "resource": _reference("Study", facts.study.study.study),
            "context": {"now": {"__extn": {"fn": "datetime", "arg": _now()}}},
        }
        result = is_authorized(request, self._policies(policy), _entities(reader, role, action, facts))
        if result.diagnostics.errors:
            return _DENIED
        ids = tuple(sorted(result.diagnostics.id_annotations_by_reason.values()))
        return Decision(allowed=result.allowed, policies=ids)

    def _policies(self, policy: Policy) -> PolicySet:
        if self._parsed is None or self._parsed[0] != policy.digest:
            if digest_of(policy.text.encode()) != policy.digest:
                raise IntegrityError(f"the policy text of version {policy.version} does not have its digest")
            try:
                self._parsed = policy.digest, PolicySet.from_str(policy.text)
            except ValueError as error:
                raise UnsupportedVersionError(
                    f"policy version {policy.version} cannot be parsed", cause=error
                ) from error
        return self._parsed[1]


def _entities(reader: MspId, role: str, action: str, facts: Facts) -> list[dict[str, Any]]:
    study = facts.study.study if facts.study else None
    mentioned = {reader, *facts.members, *(_organisations(study) if study else ())}
    consortium = _reference("Consortium", _CONSORTIUM)
    entities = [
        _entity("Role", role),
        *(_entity("Org", msp, {"active": msp in facts.members}) for msp in sorted(mentioned)),
        _entity(
            "Member",
            reader,
            {"org": _entity_value("Org", reader)},
            [_reference("Org", reader), _reference("Role", role)],
        ),
        _entity("Consortium", _CONSORTIUM, {"founded": bool(facts.members), "members": _orgs(facts.members)}),
        _entity("Action", "off-ledger"),
        _entity("Action", action, parents=[_reference("Action", "off-ledger")]),
    ]
    if study:
        entities.append(_entity("Study", study.study, _attributes(study), [consortium]))
    return entities


def _attributes(study: Study) -> dict[str, Any]:
    return {
        "proposer": _entity_value("Org", study.proposer),
        "participants": _orgs({participant.msp for participant in study.terms.participants}),
        "attesters": _orgs(study.terms.attesters),
        "purpose": study.terms.purpose,
        "state": study.state,
    }


def _organisations(study: Study) -> set[MspId]:
    return {study.proposer, *study.terms.attesters, *(participant.msp for participant in study.terms.participants)}


def _orgs(msps: Iterable[MspId]) -> list[dict[str, Any]]:
    return [_entity_value("Org", msp) for msp in sorted(msps)]


def _reference(kind: str, name: str) -> dict[str, str]:
    return {"type": kind, "id": name}


def _entity_value(kind: str, name: str) -> dict[str, Any]:
    return {"__entity": _reference(kind, name)}


def _entity(
    kind: str, name: str, attributes: dict[str, Any] | None = None, parents: list[dict[str, str]] | None = None
) -> dict[str, Any]:
    return {"uid": _reference(kind, name), "attrs": attributes or {}, "parents": parents or []}


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
