"""The entities that a decision is about, built from typed records exactly as the chaincode builds them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from quorate.policy.entities import Reference, entity, with_actions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from cedarpy import Entities

    from quorate.digest import Digest
    from quorate.identifiers import MspId
    from quorate.records.dataset import Dataset
    from quorate.records.model import Model
    from quorate.records.round import Round
    from quorate.records.study import Study

CONSORTIUM: Final = "quorate"
"""The one consortium of a channel, and the trail of all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks: a service of an organisation.

    Attributes
    ----------
    role
        Such as ``agent``.
    certificate
        Digest of the certificate that it signs transactions with. Where only its organisation is known, as of a caller
        over TLS, it stands under the organisation's name, and no policy can single it out.
    """

    msp: MspId
    role: str
    certificate: Digest | None = None


class World:
    """Begins with the actions and the consortium; whatever is added brings all that it refers to.

    So an entity is never missing: to a policy that forbids, a missing one would be an error, and Cedar skips policies
    that err.

    Parameters
    ----------
    members
        The charter's; none before a charter is active.
    """

    def __init__(self, members: Collection[MspId]) -> None:
        self._members = frozenset(members)
        self._entities: dict[Reference, Any] = {}
        self._asking: set[Reference] = set()
        self.consortium: Final = self._add(
            Reference("Consortium", CONSORTIUM), founded=bool(members), members=self._orgs(members)
        )

    def study(self, study: Study) -> Reference:
        """Add a study."""
        terms = study.terms
        return self._add(
            Reference("Study", study.study),
            self.consortium,
            proposer=self._org(study.proposer).as_value(),
            participants=self._orgs(participant.msp for participant in terms.participants),
            attesters=self._orgs(terms.attesters),
            purpose=terms.purpose,
            state=study.state,
        )

    def round(self, study: Study, current: Round) -> Reference:
        """Add a round and its study."""
        parent = self.study(study)
        return self._add(
            Reference("Round", f"{current.study}/{current.round}"),
            parent,
            study=parent.as_value(),
            number=current.round,
            attesters=self._orgs(current.attesters),
            state=current.state,
        )

    def dataset(self, dataset: Dataset) -> Reference:
        """Add a data set."""
        return self._add(
            Reference("Dataset", f"{dataset.msp}/{dataset.dataset}"),
            self.consortium,
            owner=self._org(dataset.msp).as_value(),
            purposes=list(dataset.purposes),
            protection=dataset.protection,
            state=dataset.state,
        )

    def model(self, study: Study, model: Model) -> Reference:
        """Add a model and its study."""
        parent = self.study(study)
        return self._add(Reference("Model", model.digest), parent, study=parent.as_value(), state=model.state)

    def audit_trail(self, name: str = CONSORTIUM) -> Reference:
        """Add the trail of a study, or that of everything."""
        return self._add(Reference("AuditTrail", name), self.consortium)

    def principal(self, principal: Principal) -> Reference:
        """Add who asks."""
        known = self._entities.keys() - self._asking
        role = self._add(Reference("Role", principal.role))
        org = self._org(principal.msp)
        name = principal.certificate or principal.msp
        member = self._add(Reference("Member", name), org, role, org=org.as_value())
        self._asking |= {role, org, member} - known
        return member

    def as_json(self) -> list[Any]:
        """Return what was added, in Cedar's JSON form; the actions, always the same, are not repeated."""
        return list(self._entities.values())

    def handle(self) -> Entities:
        """Return everything, parsed; who asks is parsed apart, since many ask about the same."""
        parts = [
            [found for uid, found in self._entities.items() if (uid in self._asking) is asking]
            for asking in (False, True)
        ]
        return with_actions(*(json.dumps(part, ensure_ascii=False) for part in parts))

    def _org(self, msp: MspId) -> Reference:
        return self._add(Reference("Org", msp), active=msp in self._members)

    def _orgs(self, msps: Iterable[MspId]) -> list[Any]:
        return [self._org(msp).as_value() for msp in sorted(set(msps))]

    def _add(self, uid: Reference, *parents: Reference, **attributes: Any) -> Reference:  # noqa: ANN401 - JSON
        self._entities[uid] = entity(uid, parents, attributes)
        return uid
