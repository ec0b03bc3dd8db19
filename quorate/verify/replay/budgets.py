"""Rules of contract `privacy`: what a round costs, by the verifier's own accountant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate.privacy import account as accounting
from quorate.privacy.conversion import epsilon
from quorate.privacy.parameters import Mechanism, parse_epsilon
from quorate.privacy.vector import Vector
from quorate.records.common import make
from quorate.records.dataset import Cap, Dataset
from quorate.records.privacy import Account, Charge, Reservation, Reserve
from quorate.verify.replay import keys
from quorate.verify.replay.errors import RuleError, require
from quorate.verify.replay.seats import Seat

if TYPE_CHECKING:
    from quorate.records.common import Document, Stamp
    from quorate.verify.replay.call import Call


def reserve(call: Call) -> dict[str, Document]:
    """Return what `Reserve` writes: the reservation and, when it is granted, the charged account."""
    asked = call.asked(Reserve)
    seat = Seat.of(call, asked.study, asked.round, asked.dataset)
    require(seat.is_private, "the study has no privacy mechanism, so there is nothing to reserve")
    seat.require_open(call)
    require(call.time <= seat.round.commit_by, "the reservation was made after the round's deadline")
    seat.require_taking_part(call)
    dataset = call.world.need(Dataset, keys.dataset(call.msp, asked.dataset))
    require(dataset.state == "ACTIVE", f"the data set {asked.dataset} is {dataset.state}")
    require(seat.study.terms.purpose in dataset.purposes, f"{asked.dataset} is not for {seat.study.terms.purpose}")
    return _reserve(call, seat)


def open_account(call: Call, dataset: Dataset) -> dict[str, Document]:
    """Return the empty account of a data set that is registered with a cap."""
    if dataset.cap is None:
        return {}
    record = account_record(dataset.msp, dataset.dataset, dataset.cap, accounting.Account(), call.stamp)
    return {keys.account(dataset.msp, dataset.dataset): record}


def recap(call: Call, dataset: Dataset) -> dict[str, Document]:
    """Return the account of a data set whose cap was revised."""
    if dataset.cap is None:
        return {}
    key = keys.account(dataset.msp, dataset.dataset)
    before = call.world.need(Account, key) if call.whole else Account.parse(call.written.get(key, b""))
    return {key: account_record(dataset.msp, dataset.dataset, dataset.cap, spent_of(before), call.stamp)}


def account_record(msp: str, dataset: str, cap: Cap, spent: accounting.Account, stamp: Stamp) -> Account:
    """Return an account as the ledger holds it."""
    found = epsilon(spent.spent, cap.delta)
    return make(
        Account,
        msp=msp,
        dataset=dataset,
        delta=cap.delta,
        cap_nano=str(parse_epsilon("cap.epsilon", cap.epsilon)),
        rdp_nano=spent.spent.to_json(),
        histogram=[
            Charge(noise_multiplier=m.noise_multiplier, sample_rate=m.sample_rate, steps=m.steps)
            for m in spent.histogram
        ],
        charges=spent.charges,
        epsilon_nano=str(found.nano),
        order=found.order,
        updated=stamp,
    )


def spent_of(record: Account) -> accounting.Account:
    """Return what an account on the ledger says was spent.

    Raises
    ------
    CheckFailedError
        When its vector cannot be the sum of its own charges.
    """
    histogram = tuple(mechanism(charge) for charge in record.histogram)
    spent = accounting.Account(spent=Vector.from_json(record.rdp_nano), histogram=histogram, charges=record.charges)
    spent.check()
    return spent


def mechanism(charge: Charge) -> Mechanism:
    """Return a charge as the accountant takes it."""
    return Mechanism(noise_multiplier=charge.noise_multiplier, sample_rate=charge.sample_rate, steps=charge.steps)


def _reserve(call: Call, seat: Seat) -> dict[str, Document]:
    reservation_key = seat.key("reserve")
    account_key = keys.account(call.msp, seat.dataset)
    require(call.world.get(Reservation, reservation_key) is None, f"{seat.dataset} has reserved the round before")
    charge = _charge(seat)
    if not call.whole:
        return _reserve_unknown(call, seat, charge)
    before = call.world.need(Account, account_key)
    after = spent_of(before).add(mechanism(charge))
    reached = epsilon(after.spent, before.delta).nano
    granted = reached <= int(before.cap_nano)
    record = make(
        Reservation,
        study=seat.study.study,
        round=seat.round.round,
        msp=call.msp,
        dataset=seat.dataset,
        status="GRANTED" if granted else "REFUSED",
        charge=charge,
        delta=before.delta,
        epsilon_before_nano=before.epsilon_nano,
        epsilon_after_nano=str(reached),
        cap_nano=before.cap_nano,
        reserved=call.stamp,
    )
    if not granted:
        return {reservation_key: record}
    return {reservation_key: record, account_key: _charged(call, seat, after)}


def _reserve_unknown(call: Call, seat: Seat, charge: Charge) -> dict[str, Document]:
    """Return what may be written when charges of other studies are not known: the parts that do not rest on them."""
    account_key = keys.account(call.msp, seat.dataset)
    claimed = Reservation.parse(call.written.get(seat.key("reserve"), b""))
    changes = {
        "study": seat.study.study,
        "round": seat.round.round,
        "msp": call.msp,
        "dataset": seat.dataset,
        "charge": charge,
        "reserved": call.stamp,
    }
    writes: dict[str, Document] = {seat.key("reserve"): claimed.model_copy(update=changes)}
    if claimed.status == "GRANTED":
        require(account_key in call.written, "a reservation was granted and nothing charged")
        after = _charged(call, seat, spent_of(Account.parse(call.written[account_key])))
        require(
            after.epsilon_nano == claimed.epsilon_after_nano, "the account and its reservation name another epsilon"
        )
        require(int(after.epsilon_nano) <= int(after.cap_nano), "a charge above the cap was granted")
        writes[account_key] = after
    return writes


def _charge(seat: Seat) -> Charge:
    terms = seat.study.terms.privacy
    if terms.noise_multiplier is None or terms.sample_rate is None or terms.steps_per_round is None:
        raise RuleError("the study's terms do not say what a round costs")
    return Charge(noise_multiplier=terms.noise_multiplier, sample_rate=terms.sample_rate, steps=terms.steps_per_round)


def _charged(call: Call, seat: Seat, after: accounting.Account) -> Account:
    dataset = call.world.need(Dataset, keys.dataset(call.msp, seat.dataset))
    if dataset.cap is None:
        raise RuleError(f"the data set {seat.dataset} has no cap")
    return account_record(call.msp, seat.dataset, dataset.cap, after, call.stamp)
