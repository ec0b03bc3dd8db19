"""Questions 7, 8 and 9: what was spent, whether history says the same, and which unit is protected how."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from gateway.audit.trail.history import newest, written
from gateway.audit.trail.questions.answer import Answer, DatedRow, stamps
from quorate.privacy.account import compose
from quorate.privacy.conversion import epsilon
from quorate.privacy.parameters import Mechanism
from quorate.privacy.spelling import epsilon_text
from quorate.privacy.vector import Vector
from quorate.records.dataset import Dataset
from quorate.records.privacy import Account, Reservation
from quorate.records.study import Study

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.audit.trail.history import Written
    from gateway.audit.trail.store import Trail
    from quorate.identifiers import DatasetId, MspId
    from quorate.records.privacy import Charge

_COMPOSED: Final = (
    "Composed by Rényi differential privacy with the ledger's accountant; adjacency is adding or removing one unit; "
    "a granted charge is spent whatever became of the round."
)
_ENFORCED: Final = (
    "Charges are enforced by the chaincode. Clipping and noise happen beside the data, by the organisation's own agent "
    "and from the plan whose digest the terms fix: no record proves that an altered agent did them."
)
_TERMS: Final = (
    "mechanism",
    "clipping_norm",
    "noise_multiplier",
    "sample_rate",
    "steps_per_round",
    "expected_batch_size",
    "delta",
)

_Seat = tuple[str, str]
"""An organisation and its data set."""


class SpendingRow(DatedRow):
    """What was spent on a data set: in all, or by one study alone.

    Attributes
    ----------
    study
        None for all studies together, which is what the cap bounds; the values of single studies do not add up to it.
    epsilon, cap, left
        Rounded up, or down for what is left, to four decimals; the exact values are in nano-units.
    refused
        Attempts to exceed the cap.
    """

    msp: str
    dataset: str
    study: str | None
    epsilon: str
    delta: str
    cap: str
    left: str
    charges: int
    refused: int
    epsilon_nano: str
    cap_nano: str


class SpendingAnswer(Answer[SpendingRow]):
    """Spending by data set: each data set's line in all first, then one for each study."""


class SpendingPoint(DatedRow):
    """An account after one charge, for a chart."""

    msp: str
    dataset: str
    study: str
    round: int
    epsilon: str
    epsilon_nano: str
    cap_nano: str
    granted: bool


class SpendingCurve(Answer[SpendingPoint]):
    """Every charge and every refused one, in the order of the ledger."""


class RecountRow(DatedRow):
    """An account, and what its granted charges make when they are added up anew.

    Attributes
    ----------
    equal
        Whether amounts at every order, the number of charges and ε are the same.
    """

    msp: str
    dataset: str
    charges: int
    charges_recounted: int
    epsilon_nano: str
    epsilon_recounted_nano: str
    equal: bool


class RecountAnswer(Answer[RecountRow]):
    """Every account against its history."""


class ProtectionRow(DatedRow):
    """How a study protects a data set: what its terms declare, and what was charged.

    Attributes
    ----------
    unit, study_unit
        The unit of privacy that the data set declares, and the one that the study's terms do.
    charged_as_declared
        Whether every charge names the noise multiplier, sample rate and steps of the terms; None when there is none.
    enforced_by
        Who sees to it that clipping and noise are as declared.
    """

    study: str
    msp: str
    dataset: str
    protection: str
    unit: str
    study_unit: str
    adjacency: str
    mechanism: str
    clipping_norm: str | None
    noise_multiplier: str | None
    sample_rate: str | None
    steps_per_round: int | None
    expected_batch_size: int | None
    delta: str | None
    charges: int
    charged_as_declared: bool | None
    enforced_by: str


class ProtectionAnswer(Answer[ProtectionRow]):
    """Every data set of every study."""


def spending(trail: Trail, *, study: str | None = None, organisation: str | None = None) -> SpendingAnswer:
    """Tell ε and δ spent per data set, in all and per study, what is left, and how often more was attempted."""
    accounts = _accounts(trail, organisation)
    charges = _reservations(trail)
    dates = stamps(trail, accounts)
    rows = []
    for found in accounts:
        seat = (found.record.msp, found.record.dataset)
        own = charges[seat]
        if study is None:
            refused = sum(one.record.status == "REFUSED" for one in own)
            rows.append(_line(found, dates[found.place], None, int(found.record.epsilon_nano), own, refused))
        names = sorted({one.record.study for one in own if study in {None, one.record.study}})
        rows += [_of_study(found, dates[found.place], name, own) for name in names]
    return SpendingAnswer(question="spending", height=trail.height, rows=tuple(rows), notes=(_COMPOSED,))


def spending_curve(trail: Trail, *, organisation: str | None = None) -> SpendingCurve:
    """Return every account as it grew, charge by charge."""
    found = [v for v in written(trail, Reservation, "reserve") if organisation in {None, v.record.msp}]
    dates = stamps(trail, found)
    rows = []
    for version in found:
        record = version.record
        granted = record.status == "GRANTED"
        nano = record.epsilon_after_nano if granted else record.epsilon_before_nano
        rows.append(
            SpendingPoint(
                **dates[version.place],
                msp=record.msp,
                dataset=record.dataset,
                study=record.study,
                round=record.round,
                epsilon=epsilon_text(int(nano)),
                epsilon_nano=nano,
                cap_nano=record.cap_nano,
                granted=granted,
            )
        )
    return SpendingCurve(question="spending-curve", height=trail.height, rows=tuple(rows))


def recount(trail: Trail) -> RecountAnswer:
    """Add up every account anew from its granted charges, and compare."""
    accounts, charges = _accounts(trail, None), _reservations(trail)
    dates = stamps(trail, accounts)
    rows = []
    for found in accounts:
        record = found.record
        granted = [one.record for one in charges[record.msp, record.dataset] if one.record.status == "GRANTED"]
        made = compose(mechanism_of(one.charge) for one in granted)
        anew = epsilon(made.spent, record.delta).nano
        rows.append(
            RecountRow(
                **dates[found.place],
                msp=record.msp,
                dataset=record.dataset,
                charges=record.charges,
                charges_recounted=made.charges,
                epsilon_nano=record.epsilon_nano,
                epsilon_recounted_nano=str(anew),
                equal=made.spent == Vector.from_json(dict(record.rdp_nano))
                and made.charges == record.charges
                and str(anew) == record.epsilon_nano,
            )
        )
    return RecountAnswer(question="recount", height=trail.height, rows=tuple(rows))


def protection(trail: Trail, *, study: str | None = None) -> ProtectionAnswer:
    """Tell the unit of privacy, and what was declared against what was charged."""
    studies = [found for found in newest(trail, Study, "study") if study in {None, found.record.study}]
    datasets = {(v.record.msp, v.record.dataset): v.record for v in newest(trail, Dataset, "dataset")}
    charges, dates = _reservations(trail), stamps(trail, studies)
    rows = [
        _protection(found, dates[found.place], seat, datasets, charges[seat])
        for found in studies
        for seat in ((one.msp, one.dataset) for one in found.record.terms.participants)
    ]
    return ProtectionAnswer(question="protection", height=trail.height, rows=tuple(rows), notes=(_ENFORCED,))


def mechanism_of(charge: Charge) -> Mechanism:
    """Return what a charge on the ledger is for."""
    return Mechanism(noise_multiplier=charge.noise_multiplier, sample_rate=charge.sample_rate, steps=charge.steps)


def _accounts(trail: Trail, organisation: str | None) -> list[Written[Account]]:
    return [found for found in newest(trail, Account, "account") if organisation in {None, found.record.msp}]


def _reservations(trail: Trail) -> defaultdict[_Seat, list[Written[Reservation]]]:
    found: defaultdict[_Seat, list[Written[Reservation]]] = defaultdict(list)
    for version in written(trail, Reservation, "reserve"):
        found[version.record.msp, version.record.dataset].append(version)
    return found


def _of_study(
    found: Written[Account], date: Mapping[str, Any], study: str, own: Iterable[Written[Reservation]]
) -> SpendingRow:
    asked = [one for one in own if one.record.study == study]
    granted = [one for one in asked if one.record.status == "GRANTED"]
    spent = compose(mechanism_of(one.record.charge) for one in granted).spent
    nano = epsilon(spent, found.record.delta).nano
    return _line(found, date, study, nano, granted, len(asked) - len(granted))


def _line(  # noqa: PLR0917 - the columns
    found: Written[Account],
    date: Mapping[str, Any],
    study: str | None,
    nano: int,
    own: Iterable[Written[Reservation]],
    refused: int,
) -> SpendingRow:
    record = found.record
    return SpendingRow(
        **date,
        msp=record.msp,
        dataset=record.dataset,
        study=study,
        epsilon=epsilon_text(nano),
        delta=record.delta,
        cap=epsilon_text(int(record.cap_nano)),
        left=_left(int(record.cap_nano) - int(record.epsilon_nano)),
        charges=sum(one.record.status == "GRANTED" for one in own),
        refused=refused,
        epsilon_nano=str(nano),
        cap_nano=record.cap_nano,
    )


def _left(nano: int) -> str:
    return f"{max(nano, 0) // 100_000 / 10_000:.4f}"


def _protection(
    found: Written[Study],
    date: Mapping[str, Any],
    seat: tuple[MspId, DatasetId],
    datasets: Mapping[tuple[MspId, DatasetId], Dataset],
    own: Iterable[Written[Reservation]],
) -> ProtectionRow:
    terms, dataset = found.record.terms, datasets.get(seat)
    privacy = terms.privacy
    charges = [one.record.charge for one in own if one.record.study == found.record.study]
    declared = (privacy.noise_multiplier, privacy.sample_rate, privacy.steps_per_round)
    same = [(one.noise_multiplier, one.sample_rate, one.steps) == declared for one in charges]
    return ProtectionRow(
        **date,
        study=found.record.study,
        msp=seat[0],
        dataset=seat[1],
        protection="unknown" if dataset is None else dataset.protection,
        unit="unknown" if dataset is None else dataset.unit,
        study_unit=terms.unit,
        adjacency=terms.adjacency,
        **privacy.model_dump(include=set(_TERMS)),
        charges=len(charges),
        charged_as_declared=all(same) if same else None,
        enforced_by="charge: chaincode; clipping and noise: the owner's agent" if charges else "nobody was charged",
    )
