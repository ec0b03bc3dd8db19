"""Checks of what the trail answers: pure functions from rows to findings."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from gateway.service.checks.finding import failed, not_checked, ok

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from gateway.service.checks.finding import Finding

_SHOWN: Final = 3
_PERCENT: Final = 100
DEFAULT_POLICIES: Final = "sha256:46f0acd0d03f975f557935a47bde1a3a84ebf1161e9cc7b6f57fe1f03f193576"
"""Digest of the policy set that a consortium begins with."""
EARLIER_DEFAULTS: Final = frozenset({"sha256:fa80c7396657df8f2edf6b0078c66a72930aa355008107b4dfdf3ab1398390d1"})
"""Digests of those that consortia began with before; under them nobody can suspend a study."""


def check_policies(rows: Sequence[Mapping[str, Any]], *, expected: str) -> Finding:
    """Tell whether the policy set in force is the one expected."""
    check = "policies in force"
    current = next((row for row in rows if row["state"] == "IN_FORCE"), None)
    if current is None:
        return not_checked(check, "no policy set is in force yet")
    text = f"version {current['version']}, {current['digest']}"
    if current["digest"] == expected:
        return ok(check, text)
    if expected == DEFAULT_POLICIES and current["digest"] in EARLIER_DEFAULTS:
        return ok(check, f"{text}, an earlier default")
    which = "the default" if expected == DEFAULT_POLICIES else expected
    return failed(
        check,
        f"{text}, not {which}",
        "Read `quorate audit ask policies`; if it is as it should be, name it with --expect-policies.",
    )


def check_agreement(head: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], reviewed: Collection[str]) -> Finding:
    """Tell whether organisations diverged anywhere that no review has concluded about."""
    check = "agreement"
    left = [row for row in rows if row["kind"] != "clock" and not is_covered(row, reviewed)]
    if left:
        return failed(
            check,
            _shorten(f"{row['kind']}: {row['what']}" for row in left),
            "Look into each, then open and conclude a review of its round or block.",
        )
    heard = ", ".join(head.get("members_heard") or ()) or "nobody's gateway"
    return ok(check, f"{head.get('attested', 0)} rounds compared, and ledgers with {heard}")


def check_clocks(rows: Sequence[Mapping[str, Any]]) -> Finding:
    """Tell whether claimed times are where they can be."""
    check = "claimed times"
    odd = [row for row in rows if row["kind"] == "clock"]
    if not odd:
        return ok(check, "none is further from the others than the charter's skew allows")
    by = Counter(name for row in odd for name in row["organisations"])
    who = ", ".join(f"{name} {count} times" for name, count in sorted(by.items()))
    return failed(check, f"{who}; the last: {odd[-1]['what']}", "Have these organisations synchronise their clocks.")


def check_attention(rows: Sequence[Mapping[str, Any]], reviewed: Collection[str], *, more: bool) -> Finding:
    """Tell whether every event that needs attention was reviewed.

    Parameters
    ----------
    more
        Whether there are older ones than these.
    """
    check = "events that need attention"
    rows = [row for row in rows if row.get("source") != "witness"]  # what a witness saw is `check_agreement`'s
    left = [row for row in rows if not is_covered(row, reviewed)]
    if not left:
        return ok(check, f"{len(rows)} in all, each reviewed" if rows else "none")
    counted = Counter(row["words"] for row in left)
    text = _shorten(f"{words} ({count})" for words, count in counted.most_common())
    newest = left[0]
    return failed(
        check,
        f"{len(left)}{' or more' if more else ''} without a concluded review: {text}; last in block {newest['block']}",
        f"quorate audit transaction {newest['transaction'][:16]}…; then quorate audit review open NAME "
        f"{subject_of(newest)}",
    )


def check_reviews(rows: Sequence[Mapping[str, Any]], *, own: str) -> Finding:
    """Tell whether own reviews wait to be concluded, or ended with more to do."""
    check = "reviews"
    mine = [row for row in rows if row["msp"] == own]
    waiting = [row["review"] for row in mine if row["state"] != "CONCLUDED"]
    if waiting:
        return failed(check, f"not concluded: {_shorten(waiting)}", "Conclude them: quorate audit review conclude.")
    return ok(check, f"{len(mine)} concluded")


def check_budgets(rows: Sequence[Mapping[str, Any]], *, share: float) -> Finding:
    """Tell whether a data set has spent more than a share of its cap."""
    check = "privacy budgets"
    accounts = [row for row in rows if row["study"] is None]
    near = [row for row in accounts if int(row["epsilon_nano"]) > share * int(row["cap_nano"])]
    if near:
        names = (f"{row['msp']}/{row['dataset']} has spent ε {row['epsilon']} of {row['cap']}" for row in near)
        return failed(check, _shorten(names), "The next charge may be refused; see how-to/budget-refused.md.")
    return ok(check, f"{len(accounts)} accounts, none above {share * _PERCENT:g} %")


def check_recount(rows: Sequence[Mapping[str, Any]]) -> Finding:
    """Tell whether every account is what its history makes."""
    check = "accounts against their history"
    wrong = [f"{row['msp']}/{row['dataset']}" for row in rows if not row["equal"]]
    if wrong:
        return failed(check, f"not equal: {_shorten(wrong)}", "Export a bundle and verify it; the ledger broke a rule.")
    return ok(check, f"{len(rows)} recomputed and equal")


def check_following(head: Mapping[str, Any]) -> Finding:
    """Tell whether the gateway's trail follows the ledger."""
    check = "trail"
    if head["trouble"]:
        return failed(
            check, f"at height {head['height']}: {head['trouble']}", "Look at the peer and the gateway's log."
        )
    return ok(check, f"follows the ledger, at height {head['height']}")


def check_access_log(head: Mapping[str, Any], *, oldest_ms: int, now: int) -> Finding:
    """Tell whether the access log is whole and anchored.

    Parameters
    ----------
    oldest_ms
        How old an entry without an anchor may be.
    """
    check = "access log"
    if head["problem"]:
        return failed(check, head["problem"], "Keep the file as evidence; compare it with backups.")
    since = head["unanchored_since"]
    text = f"{head['entries']} entries in one chain, {head['anchored']} anchored"
    if since is not None and now - since > oldest_ms:
        minutes = (now - since) // 60_000
        return failed(check, f"{text}; the oldest without an anchor is {minutes} min old", "Look at the gateway's log.")
    return ok(check, text)


def reviewed_subjects(rows: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the subjects of concluded reviews."""
    return frozenset(row["subject"] for row in rows if row["state"] == "CONCLUDED")


def is_covered(row: Mapping[str, Any], reviewed: Collection[str]) -> bool:
    """Tell whether a concluded review is about a row: its transaction, block, round or study."""
    subjects = [f"transaction/{row.get('transaction')}", f"block/{row.get('block')}"]
    if row.get("study") is not None:
        subjects.append(f"study/{row['study']}")
        if row.get("round") is not None:
            subjects.append(f"round/{row['study']}/{row['round']}")
    return any(subject in reviewed for subject in subjects)


def subject_of(row: Mapping[str, Any]) -> str:
    """Return what a review of an event would be about."""
    if row.get("study") is not None and row.get("round") is not None:
        return f"round/{row['study']}/{row['round']}"
    return f"block/{row['block']}"


def _shorten(texts: Iterable[str]) -> str:
    found = list(texts)
    more = f", and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return "; ".join(found[:_SHOWN]) + more
