"""EU AI Act: records, and how long they are kept."""

from __future__ import annotations

from typing import Final

from gateway.audit.compliance import control as c

AI_ACT: Final = c.Framework(
    name="ai-act",
    title="EU AI Act (Regulation (EU) 2024/1689)",
    scope=(
        "These articles bind providers (Art. 12, 19) and deployers (Art. 26) of high-risk AI systems. Whether a model "
        "that was trained here is part of one, and who its provider is, follows from its use, which is not on the "
        "ledger."
    ),
    controls=(
        c.Control(
            article="Art. 12(1)",
            asks="High-risk systems can record events automatically over their lifetime",
            served_by=(
                "Every step of studies, rounds and votes is an event of the chaincode, recorded by the transaction "
                "that did it: no step is without one, and order is that of the blocks."
            ),
            events=(*c.ROUNDS, "study.proposed", "study.started", "study.completed", "model.retired"),
            pages=(c.TIMELINE, c.STUDIES),
            questions=("lineage",),
            more=(f"quorate audit log --bundle {c.BUNDLE}",),
            facts=("ledger", "studies", "rounds", "models"),
            absent=("use",),
            remains="Recording the use of the deployed system: the ledger ends with the released model.",
        ),
        c.Control(
            article="Art. 12(2)(a)",
            asks="Records show where the system may present a risk, or was substantially modified",
            served_by=(
                "Refused charges, disputes and aborted rounds are events that need attention; each change of terms, "
                "policies, members, data sets, chaincode and channel is on record with what it was before."
            ),
            events=(*c.TROUBLE, *c.CHANGES, "ledger.invalid"),
            pages=(c.REFUSALS, c.AGREEMENT, c.TIMELINE),
            questions=("modifications", "refusals", "agreement"),
            more=(f"quorate audit log --severity attention --bundle {c.BUNDLE}",),
            facts=("modifications", "refusals", "agreement"),
            absent=("refused",),
            remains="Judging which of these modifications is substantial in the regulation's sense.",
        ),
        c.Control(
            article="Art. 12(2)(b), (c)",
            asks="Records support monitoring after release, and monitoring by deployers",
            served_by=(
                "From a released model its rounds, updates, plan, parameters and policy version can be followed back, "
                "and from an update or model all that descends from it."
            ),
            events=("round.finalized", "model.retired", *c.REVIEWED),
            pages=(c.MODELS, c.REVIEWS),
            questions=("lineage", "descendants", "reviews"),
            facts=("models", "reviews", "retirements"),
            absent=("use",),
            remains="A post-market monitoring plan, and telling deployers when a model is retired.",
        ),
        c.Control(
            article="Art. 19",
            asks="Providers keep the logs that they control, for at least six months",
            served_by=(
                "The ledger is never shortened, and neither are trail, access log and memory as a witness. A bundle "
                "is whole without the consortium, and verifies when it has long been dissolved."
            ),
            events=("audit.access_log_anchored",),
            settings=("retention.updates_until", "retention.ended_study_days"),
            pages=(c.EXPORTS,),
            questions=("verifiability", "deletions"),
            more=(c.EXPORT, c.VERIFY),
            facts=("ledger", "witnesses", "retirements"),
            absent=("settings", "deletions"),
            remains="Deciding how long, and storage for bundles beyond the consortium's life.",
        ),
        c.Control(
            article="Art. 26(6)",
            asks="Deployers keep the logs that they control, for at least six months",
            served_by=(
                "Each member's gateway keeps its own trail, and a hash-chained log of who read it, whose head is "
                "anchored on the ledger."
            ),
            events=("audit.access_log_anchored",),
            settings=("audit.anchor_entries", "audit.anchor_minutes"),
            pages=(c.ACCESS, c.EXPORTS),
            questions=("reads",),
            more=(c.READS, c.CHECK),
            facts=("anchors", "ledger"),
            absent=("access-log", "settings", "use"),
            remains="Copies of the gateway's state directory, and the logs of the deployed system itself.",
        ),
    ),
)
"""Articles 12, 19 and 26(6)."""
