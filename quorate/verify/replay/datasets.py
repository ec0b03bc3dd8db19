"""Rules of contract `dataset`: who may hold which data under which cap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate.records.common import make
from quorate.records.dataset import Dataset, Fingerprint, Register, Retire, Revise
from quorate.verify.replay import keys
from quorate.verify.replay.budgets import open_account, recap
from quorate.verify.replay.errors import require

if TYPE_CHECKING:
    from quorate.digest import Digest
    from quorate.records.common import Document
    from quorate.verify.replay.call import Call

_KEPT = ("dataset", "title", "unit", "adjacency", "purposes", "protection", "cap", "fingerprint")


def register(call: Call) -> dict[str, Document]:
    """Return what `Register` writes."""
    asked = call.asked(Register)
    key = keys.dataset(call.msp, asked.dataset)
    require(call.world.get(Dataset, key) is None, f"the id {asked.dataset} was used before")
    require(
        (asked.protection == "dp") == (asked.cap is not None), "a data set has a cap when it is protected, only then"
    )
    content = {name: getattr(asked, name) for name in _KEPT}
    record = make(Dataset, **content, msp=call.msp, state="ACTIVE", revision=1, registered=call.stamp)
    return {key: record, **_claim(call, asked.dataset, asked.fingerprint), **open_account(call, record)}


def revise(call: Call) -> dict[str, Document]:
    """Return what `Revise` writes; unit, protection and the cap's δ never change."""
    asked = call.asked(Revise)
    before = _active(call, asked.dataset)
    require((asked.cap is None) == (before.cap is None), "a revision gave a data set a cap, or took it away")
    if asked.cap is not None and before.cap is not None:
        require(asked.cap.delta == before.cap.delta, "a revision changed the delta of a cap")
    changes = {
        "title": asked.title,
        "purposes": asked.purposes,
        "cap": asked.cap,
        "fingerprint": asked.fingerprint,
        "revision": before.revision + 1,
        "revised": call.stamp,
    }
    record = before.model_copy(update=changes)
    claim = _claim(call, asked.dataset, asked.fingerprint)
    return {keys.dataset(call.msp, asked.dataset): record, **claim, **recap(call, record)}


def retire(call: Call) -> dict[str, Document]:
    """Return what `Retire` writes."""
    asked = call.asked(Retire)
    before = _active(call, asked.dataset)
    changes = {"state": "RETIRED", "revision": before.revision + 1, "revised": call.stamp}
    return {keys.dataset(call.msp, asked.dataset): before.model_copy(update=changes)}


def _active(call: Call, name: str) -> Dataset:
    found = call.world.need(Dataset, keys.dataset(call.msp, name))
    require(found.state == "ACTIVE", f"the data set {name} is {found.state}")
    return found


def _claim(call: Call, name: str, fingerprint: Digest) -> dict[str, Document]:
    key = keys.fingerprint(call.msp, fingerprint)
    known = call.world.get(Fingerprint, key)
    if known is None:
        return {key: make(Fingerprint, msp=call.msp, dataset=name, fingerprint=fingerprint)}
    require(known.dataset == name, f"the data of {name} are registered as {known.dataset} already")
    return {}
