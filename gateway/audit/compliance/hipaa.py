"""HIPAA Security Rule: audit controls, and documentation."""

from __future__ import annotations

from typing import Final

from gateway.audit.compliance import control as c

HIPAA: Final = c.Framework(
    name="hipaa",
    title="HIPAA Security Rule (45 CFR Part 164, Subpart C)",
    scope=(
        "It binds covered entities and business associates that handle electronic protected health information. That "
        "stays beside its owner's agent; what is on the ledger is about it, and none of it."
    ),
    controls=(
        c.Control(
            article="164.312(b): record",
            asks="Mechanisms record activity in systems that use protected health information",
            served_by=(
                "The ledger records each use of a data set in training: its charge, its update or why there was none, "
                "and by which service of which organisation."
            ),
            events=("dataset.registered", "dataset.revised", "privacy.reserved", *c.ROUNDS, *c.TROUBLE),
            pages=(c.TIMELINE, c.PRIVACY),
            questions=("spending-curve", "approvals", "refusals"),
            more=(f"quorate audit log --kind round.committed --bundle {c.BUNDLE}",),
            facts=("datasets", "rounds", "actors", "refusals"),
            absent=("refused", "source-systems"),
            remains="Audit controls of the systems where health records are kept, and of the agent's machine.",
        ),
        c.Control(
            article="164.312(b): examine",
            asks="Mechanisms examine that activity",
            served_by=(
                "A scheduled audit that records that it ran, reviews that are opened, assigned and concluded on the "
                "ledger, and a hash-chained log of who examined what."
            ),
            events=(*c.REVIEWED, "audit.access_log_anchored"),
            settings=("audit.anchor_entries", "audit.anchor_minutes"),
            pages=(c.REVIEWS, c.ACCESS),
            questions=("reviews", "reads"),
            more=(c.CHECK, c.READS),
            facts=("reviews", "anchors", "attention"),
            absent=("access-log", "settings"),
            remains="A schedule for audit and reviews, and people who follow up what they find.",
        ),
        c.Control(
            article="164.316(b)(2)(i)",
            asks="Required documentation is retained for six years from creation or last effect, whichever is later",
            served_by="Policies, terms, votes and reviews stand on the ledger with every earlier version, for ever.",
            events=("policy.in_force", "study.approved", "audit.review_concluded"),
            settings=("retention.updates_until", "retention.ended_study_days"),
            pages=(c.POLICIES, c.EXPORTS),
            questions=("policies", "modifications", "verifiability"),
            more=(c.EXPORT,),
            facts=("policies", "modifications", "ledger"),
            absent=("settings", "documents"),
            remains="Retaining the organisation's own documents, and bundles, for six years.",
        ),
        c.Control(
            article="164.316(b)(2)(ii)",
            asks="Documentation is available to those who implement the procedures",
            served_by="Officers and operators read policies and trail in the portal and by command, as policies allow.",
            events=("policy.in_force",),
            settings=("portal",),
            pages=(c.POLICIES, c.MEMBERS),
            questions=("policies", "members"),
            more=("quorate policy show --profile operator.toml",),
            facts=("policies", "members"),
            absent=("documents",),
            remains="Handing the organisation's own procedures to its people.",
        ),
        c.Control(
            article="164.316(b)(2)(iii)",
            asks="Documentation is reviewed periodically and updated as needed",
            served_by=(
                "A policy set can be reviewed like anything else on the ledger, with a meaning and an outcome; a new "
                "one comes into force by a recorded vote, with what it changes."
            ),
            events=(*c.REVIEWED, "policy.proposed", "policy.voted", "policy.in_force", "policy.rejected"),
            pages=(c.REVIEWS, c.POLICIES),
            questions=("reviews", "policies"),
            more=("quorate audit review open yearly-2026 policy/1 --profile officer.toml",),
            facts=("reviews", "policies"),
            absent=("documents",),
            remains="The review of the organisation's own policies and procedures.",
        ),
    ),
)
"""164.312(b) and 164.316(b)(2)."""
