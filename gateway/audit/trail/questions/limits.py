"""Questions 16 and 17: whether a third party can verify without us, and what nothing here proves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from gateway.audit.trail.questions.answer import Answer, Row
from gateway.audit.trail.tables import BLOCKS, TRANSACTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.audit.trail.store import Trail


class Fact(Row):
    """Something that a third party needs, and what it is here."""

    what: str
    value: str
    explanation: str


class VerifiabilityAnswer(Answer[Fact]):
    """What it takes to verify this ledger without its members.

    Attributes
    ----------
    command
        What does it; needs no network.
    """

    command: str


class Limit(Row):
    """Something that is not proven.

    Attributes
    ----------
    why
        Why not.
    remains
        What an organisation has to do itself, or believe.
    """

    what: str
    why: str
    remains: str


class LimitsAnswer(Answer[Limit]):
    """What is not proven, by the ledger as a whole and by what is here."""


_LIMITS: Final = (
    (
        "That an agent trained on the data it registered",
        "A fingerprint is the owner's own commitment; rows can be altered before it is made.",
        "Trust the data's owner, or audit it beside the data.",
    ),
    (
        "That clipping and noise were done as declared",
        "They happen inside the owner's agent. The charge on the ledger is enforced; its execution is not.",
        "Run agents from reviewed images; compare the plan's digest.",
    ),
    (
        "That an attester recomputed a model honestly",
        "An equal digest and a possession hash show that it held the updates, not that it did the arithmetic.",
        "Recompute rounds with `quorate round recompute`, or verify a bundle with its artefacts.",
    ),
    (
        "When something happened",
        "Times on the ledger are claimed by who submitted; a gateway notes when it first saw a block.",
        "Rely on the order of blocks; compare the claimed with the observed time.",
    ),
    (
        "Which person acted",
        "Certificates are those of services, and people stand as keyed pseudonyms.",
        "Keep the organisation's own records of who operates which service, and of its reviewers' key.",
    ),
    (
        "That nobody read what is on the ledger",
        "Every member of the channel holds a copy and can read it without leaving a trace elsewhere.",
        "The access log covers an honest gateway's own answers and pages, and nothing else.",
    ),
    (
        "That artefacts were deleted everywhere",
        "Other organisations' gateways had the updates that they recomputed models from.",
        "Each member's own retention rules and deletion log.",
    ),
    (
        "Anything against a colluding majority",
        "As many colluding members as the endorsement policy and m ask for can write what they like.",
        "Choose members that do not collude; keep witnesses' statements and verify regularly.",
    ),
)


def verifiable(trail: Trail) -> VerifiabilityAnswer:
    """Tell what a third party needs to verify this ledger without its members, and by which command."""
    with trail.engine.connect() as connection:
        newest = connection.execute(select(BLOCKS).order_by(BLOCKS.c.number.desc()).limit(1)).mappings().first()
        whole = connection.execute(select(func.count()).select_from(BLOCKS).where(BLOCKS.c.whole == 1)).scalar() or 0
        endorsers = connection.execute(select(TRANSACTIONS.c.endorsers).distinct()).scalars()
        organisations = sorted({name for text in endorsers for name in text.split()})
    genesis = trail.genesis or "none yet"
    rows = [
        Fact(what="genesis", value=genesis, explanation="Take it from elsewhere than the bundle, such as a contract."),
        Fact(what="height", value=str(trail.height), explanation="Blocks whose headers are chained."),
        Fact(what="whole blocks", value=str(whole), explanation="The others are here as headers only."),
        Fact(
            what="head",
            value=newest["hash"] if newest else "none yet",
            explanation="The newest header's digest: two members' heads at one height must be the same.",
        ),
        Fact(
            what="endorsing organisations",
            value=", ".join(organisations) or "none yet",
            explanation="Whose signatures are under the transactions.",
        ),
        Fact(
            what="software",
            value="quorate audit verify",
            explanation="From Quorate's sources, without extras; it needs neither a network nor a member's gateway.",
        ),
    ]
    command = f"quorate audit verify BUNDLE --genesis {genesis}"
    return VerifiabilityAnswer(question="verifiability", height=trail.height, rows=tuple(rows), command=command)


def not_proven(trail: Trail, *, unchecked: Iterable[tuple[str, str]] = ()) -> LimitsAnswer:
    """Tell what is not proven.

    Parameters
    ----------
    unchecked
        What the verifier could not check of a bundle, and why.
    """
    rows = [Limit(what=what, why=why, remains=remains) for what, why, remains in _LIMITS]
    rows += [Limit(what=what, why=why, remains="Ask for a wider bundle.") for what, why in unchecked]
    note = (
        "This view believes the peer that it was filled from. `quorate audit verify` believes nobody, and lists "
        "what it could not check."
    )
    return LimitsAnswer(question="limits", height=trail.height, rows=tuple(rows), notes=(note,))
