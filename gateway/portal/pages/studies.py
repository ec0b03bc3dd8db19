"""Studies and their rounds, as they are now: the pages follow the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from gateway.audit.trail import EventFilter, page
from gateway.audit.trail.history import newest, written
from gateway.portal.asked import number
from gateway.portal.verifying import commands
from quorate.errors import NotFoundError
from quorate.records.privacy import Reservation
from quorate.records.round import Attestation, CommitRecord, DeclineRecord, Round
from quorate.records.study import AcceptRecord, Study, VoteRecord, WithdrawRecord

if TYPE_CHECKING:
    from starlette.responses import Response

    from gateway.audit.trail import Trail
    from gateway.audit.trail.history import Written
    from gateway.portal.visit import Visit

S = TypeVar("S", Reservation, CommitRecord, DeclineRecord)


async def show_all(visit: Visit) -> Response:
    """Show all studies."""
    visit.query()
    await visit.admit("studies")
    return await visit.page("studies.html", **await visit.read(_all))


async def show(visit: Visit) -> Response:
    """Show one study with its votes and rounds."""
    visit.query()
    study = visit.part("study")
    await visit.admit("study", study=study[:64], name=study[:64])
    return await visit.page("study.html", **await visit.read(_one, study))


async def show_round(visit: Visit) -> Response:
    """Show one round with all that was said in it."""
    visit.query()
    study, which = visit.part("study"), number("round", visit.part("round"))
    await visit.admit("round", study=study[:64], name=study[:64], round=which)
    return await visit.page("round.html", **await visit.read(_round, study, which))


def _all(trail: Trail) -> dict[str, Any]:
    rounds: dict[str, list[Round]] = {}
    for found in newest(trail, Round, "round"):
        rounds.setdefault(found.record.study, []).append(found.record)
    return {"studies": newest(trail, Study, "study"), "rounds": rounds, "newest": _last(trail, EventFilter())}


def _one(trail: Trail, name: str) -> dict[str, Any]:
    found = newest(trail, Study, "study", name)
    if not found:
        raise NotFoundError(f"the ledger has no study {name[:64]!r}")
    wanted = EventFilter(study=name)
    return {
        "study": found[0].record,
        "votes": written(trail, VoteRecord, "vote", "study", name),
        "accepts": written(trail, AcceptRecord, "accept", name),
        "withdrawals": written(trail, WithdrawRecord, "withdraw", name),
        "rounds": sorted(_records(newest(trail, Round, "round", name)), key=lambda one: -one.round),
        "recent": page(trail, wanted, limit=10).events,
        "newest": _last(trail, wanted),
        "commands": commands(trail, name, None),
    }


def _round(trail: Trail, name: str, which: int) -> dict[str, Any]:
    under = (name, f"{which:06d}")
    found = newest(trail, Round, "round", *under)
    if not found:
        raise NotFoundError(f"the ledger has no round {which} of a study {name[:64]!r}")
    wanted = EventFilter(study=name, round=which)
    seats = {
        "reserve": _by_seat(newest(trail, Reservation, "reserve", *under)),
        "commit": _by_seat(newest(trail, CommitRecord, "commit", *under)),
        "decline": _by_seat(newest(trail, DeclineRecord, "decline", *under)),
    }
    study = newest(trail, Study, "study", name)
    return {
        "round": found[0].record,
        "study": study[0].record if study else None,
        "seats": seats,
        "attestations": written(trail, Attestation, "attest", *under),
        "events": page(trail, wanted, limit=200).events,
        "newest": _last(trail, wanted),
        "commands": commands(trail, name, which),
    }


def _by_seat(found: list[Written[S]]) -> dict[tuple[str, str], S]:
    return {(one.record.msp, one.record.dataset): one.record for one in found}


def _records(found: list[Written[Round]]) -> list[Round]:
    return [one.record for one in found]


def _last(trail: Trail, wanted: EventFilter) -> int:
    events = page(trail, wanted, limit=1).events
    return events[0].sequence if events else 0
