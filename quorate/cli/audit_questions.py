"""Which questions ``quorate audit ask`` has, and which columns people read; a test holds it to the gateway's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import click

from quorate.cli.output import Column

OPTIONS: Final = {
    "study": ("--study", "ID", str, "Only of this study."),
    "round": ("--round", "N", click.IntRange(1), "When this round of --study was opened."),
    "organisation": ("--organisation", "MSP", str, "Only of this organisation."),
    "subject": ("--subject", "SUBJECT", str, "Only about this, such as round/one/3."),
    "state": ("--state", None, click.Choice(("OPEN", "ASSIGNED", "CONCLUDED")), "Only those in this state."),
    "kind": (
        "--kind",
        None,
        click.Choice(("budget", "late", "declined", "left out", "excluded", "aborted", "invalid", "conflict")),
        "Only this kind.",
    ),
    "since": ("--since", "TIME", str, "Only what claims this time or a later one, such as 2026-11-23T08:00Z."),
    "until": ("--until", "TIME", str, "Only what claims an earlier time."),
    "at": ("--at", "PLACE", str, "Where the page begins, as the page before said."),
    "limit": ("--limit", "N", click.IntRange(1, 1000), "Entries of the own log on a page; 100 by default."),
}
"""What may narrow questions: option, its value in the help, its type, its help."""


@dataclass(frozen=True, kw_only=True)
class Asking:
    """A question as a command."""

    name: str
    number: int
    help: str
    takes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    columns: tuple[Column, ...]


def _columns(names: str) -> tuple[Column, ...]:
    return tuple(Column(key=name, title=name.removesuffix("_time").replace("_", " ")) for name in names.split())


ASKINGS: Final = (
    Asking(
        name="members",
        number=1,
        help="Who was a member when a round was opened, and who admitted or removed them.",
        takes=("study", "round"),
        columns=_columns(
            "block claimed_time observed_time msp change is_member proposal proposer approved_by rejected_by"
        ),
    ),
    Asking(
        name="policies",
        number=2,
        help="Who proposed and approved each policy set, its quorum and effect.",
        columns=_columns(
            "block claimed_time observed_time version state proposal title proposer approved_by rejected_by quorum "
            "lines_added lines_removed"
        ),
    ),
    Asking(
        name="approvals",
        number=3,
        help="Which pseudonym exercised an approval, with what meaning.",
        takes=("study", "organisation"),
        columns=_columns("block claimed_time observed_time by role kind about meaning pseudonym"),
    ),
    Asking(
        name="lineage",
        number=4,
        help="What produced the released MODEL: rounds, updates, plan, rule, parameters, policy version.",
        needs=("model",),
        columns=_columns("distance study round model base contributors left_out attested_by rule plan policy_version"),
    ),
    Asking(
        name="recompute",
        number=5,
        help="Whether the aggregates can be recomputed, by whom they were, and what does it.",
        takes=("study",),
        columns=_columns("study round model equal needed at_hand missing command"),
    ),
    Asking(
        name="descendants",
        number=6,
        help="What descends from ARTIFACT, an update or a model: what to withdraw with it.",
        needs=("artifact",),
        columns=_columns("distance study round model state how"),
    ),
    Asking(
        name="spending",
        number=7,
        help="What was spent of ε and δ per data set, in all and per study, and what is left.",
        takes=("study", "organisation"),
        columns=_columns("msp dataset study epsilon delta cap left charges refused"),
    ),
    Asking(
        name="spending-curve",
        number=7,
        help="Every charge and every refused one, in the order of the ledger.",
        takes=("organisation",),
        columns=_columns("block claimed_time observed_time msp dataset study round epsilon granted"),
    ),
    Asking(
        name="recount",
        number=8,
        help="Whether the accounts are what their history makes.",
        columns=_columns("msp dataset charges charges_recounted epsilon_nano epsilon_recounted_nano equal"),
    ),
    Asking(
        name="protection",
        number=9,
        help="The unit of privacy, and clipping and noise as declared against as charged.",
        takes=("study",),
        columns=_columns(
            "study msp dataset protection unit adjacency mechanism clipping_norm noise_multiplier sample_rate "
            "steps_per_round charges charged_as_declared"
        ),
    ),
    Asking(
        name="refusals",
        number=10,
        help="Which updates and attempts were refused, late or left out, and why.",
        takes=("study", "organisation", "kind"),
        columns=_columns("block claimed_time observed_time kind study round msp dataset reason detail"),
    ),
    Asking(
        name="agreement",
        number=11,
        help="Where organisations diverged, which blocks are missing, and which clocks are off.",
        columns=_columns("kind block study round organisations what"),
    ),
    Asking(
        name="modifications",
        number=12,
        help="What was substantially modified in a period.",
        takes=("since", "until"),
        columns=_columns("block claimed_time observed_time by what about before after"),
    ),
    Asking(
        name="reads",
        number=13,
        help="Who read or exported the trail, with which filter, at which height; newest first, a page at a time.",
        takes=("organisation", "at", "limit"),
        columns=_columns("number time msp role by what asked allowed height anchored"),
    ),
    Asking(
        name="reviews",
        number=14,
        help="Which records were reviewed, by which pseudonym, with what outcome.",
        takes=("organisation", "state", "subject"),
        columns=_columns("msp review subject state reviewer meaning outcome note claimed_time observed_time"),
    ),
    Asking(
        name="deletions",
        number=15,
        help="What was deleted off the ledger or retired on it, on which basis.",
        columns=_columns("time where what about msp basis block"),
    ),
    Asking(
        name="verifiability",
        number=16,
        help="What a third party needs to verify without the members.",
        columns=_columns("what value explanation"),
    ),
    Asking(
        name="limits",
        number=17,
        help="What is not proven, and what remains to be done about it.",
        columns=_columns("what why remains"),
    ),
)
