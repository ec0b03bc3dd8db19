"""Which pages and commands serve which articles of which framework; what remains each organisation's own duty.

Design inputs, not legal advice: whether a control is met is for the organisation and its counsel to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One article.

    Attributes
    ----------
    asks
        What it asks for, in a few words of ours.
    served_by
        What Quorate records or enforces for it.
    pages
        Where that is shown: (address, title).
    questions
        Names of the questions whose answers show it.
    remains
        What no ledger does for an organisation.
    """

    article: str
    asks: str
    served_by: str
    pages: tuple[tuple[str, str], ...]
    questions: tuple[str, ...]
    remains: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """A law or rule."""

    name: str
    title: str
    controls: tuple[Control, ...]


_TIMELINE: Final = ("/timeline", "Timeline")
_ACCESS: Final = ("/access", "Access log")
_PRIVACY: Final = ("/privacy", "Privacy accounts")
_REVIEWS: Final = ("/reviews", "Reviews")
_POLICIES: Final = ("/policies", "Policies")
_MODELS: Final = ("/models", "Models and lineage")
_EXPORTS: Final = ("/exports", "Exports")
_MEMBERS: Final = ("/members", "Members")

_ALL: Final = (
    Framework(
        name="eu-ai-act",
        title="EU AI Act (Regulation 2024/1689)",
        controls=(
            Control(
                article="Art. 12",
                asks="Automatic recording of events over the system's lifetime",
                served_by="Every step of a study and round is an event on the ledger, ordered by blocks.",
                pages=(_TIMELINE, _MODELS),
                questions=("lineage", "modifications", "refusals"),
                remains="Logs of the deployed system's use; the ledger ends with the released model.",
            ),
            Control(
                article="Art. 19",
                asks="Keeping those logs for an appropriate time",
                served_by="Records on the ledger are never deleted; bundles verify without the members.",
                pages=(_EXPORTS,),
                questions=("verifiability", "deletions"),
                remains="A retention decision, and storage for bundles beyond the consortium's life.",
            ),
            Control(
                article="Art. 26(6)",
                asks="Deployers keep the logs that are under their control",
                served_by="Each member's gateway keeps its own copy, trail and access log.",
                pages=(_EXPORTS, _ACCESS),
                questions=("reads",),
                remains="Backups of the gateway's state directory.",
            ),
        ),
    ),
    Framework(
        name="hipaa",
        title="HIPAA Security Rule (45 CFR 164)",
        controls=(
            Control(
                article="164.312(b)",
                asks="Mechanisms that record and examine activity",
                served_by="Events of all members, reviews of them, and a chained log of who read them.",
                pages=(_TIMELINE, _REVIEWS, _ACCESS),
                questions=("approvals", "reads", "reviews"),
                remains="Audit of the systems where health records are kept and trained on.",
            ),
            Control(
                article="164.316(b)(2)",
                asks="Six years of retention, availability and regular review of documentation",
                served_by="Policies, votes and reviews stand on the ledger with their history.",
                pages=(_POLICIES, _REVIEWS),
                questions=("policies", "reviews"),
                remains="The organisation's own policies and procedures, kept for six years.",
            ),
        ),
    ),
    Framework(
        name="gdpr",
        title="GDPR (Regulation 2016/679)",
        controls=(
            Control(
                article="Art. 5(2)",
                asks="Accountability: being able to demonstrate compliance",
                served_by="Purposes, budgets and decisions are recorded, and verifiable by third parties.",
                pages=(_TIMELINE, _EXPORTS),
                questions=("protection", "verifiability", "limits"),
                remains="The lawful basis, and everything that happens before a data set is registered.",
            ),
            Control(
                article="Art. 17",
                asks="Erasure",
                served_by="No personal data on the ledger; pseudonyms are keyed; artefacts are deletable.",
                pages=(_MODELS,),
                questions=("descendants", "deletions"),
                remains="Erasing records at their source, and deciding about models that were trained on them.",
            ),
            Control(
                article="Art. 25",
                asks="Data protection by design and by default",
                served_by="Differential privacy with budgets that the chaincode enforces; denied by default.",
                pages=(_PRIVACY, _POLICIES),
                questions=("spending", "recount", "protection"),
                remains="Choosing units, caps and noise that fit the data.",
            ),
            Control(
                article="Art. 30",
                asks="Records of processing activities",
                served_by="Studies name their purpose, participants, data sets and safeguards.",
                pages=(("/studies", "Studies and rounds"), _MEMBERS),
                questions=("members", "protection"),
                remains="The record itself, with contacts, categories of persons and recipients.",
            ),
        ),
    ),
    Framework(
        name="21-cfr-11",
        title="21 CFR Part 11",
        controls=(
            Control(
                article="11.10",
                asks="Controls for closed systems: audit trails, checks of authority, copies for inspection",
                served_by="A time-stamped trail that nobody can alter alone, policies, and bundles.",
                pages=(_TIMELINE, _POLICIES, _EXPORTS),
                questions=("approvals", "policies", "agreement"),
                remains="Validation of the installed system, training, and control of its documentation.",
            ),
            Control(
                article="11.50",
                asks="Signatures that show who signed, when, and with what meaning",
                served_by="Reviews carry a reviewer's pseudonym, a meaning and a claimed time.",
                pages=(_REVIEWS,),
                questions=("approvals", "reviews"),
                remains="The printed name behind each pseudonym, which only the organisation can resolve.",
            ),
        ),
    ),
)


def frameworks() -> Mapping[str, Framework]:
    """Return every framework by its name."""
    return MappingProxyType({found.name: found for found in _ALL})
