"""GDPR: accountability, erasure, protection by design, and records of processing."""

from __future__ import annotations

from typing import Final

from gateway.audit.compliance import control as c

GDPR: Final = c.Framework(
    name="gdpr",
    title="GDPR (Regulation (EU) 2016/679)",
    scope=(
        "It binds controllers and processors of personal data. Training on personal data is processing, whoever ends "
        "up with the model; whether a model or an update is personal data itself is to be assessed for each study."
    ),
    controls=(
        c.Control(
            article="Art. 5(2)",
            asks="The controller can demonstrate that it keeps to the principles of Art. 5(1)",
            served_by=(
                "Purposes are named by data sets and by terms, and the policies that a consortium begins with let an "
                "agent train for a purpose that its data set has, and for no other. Decisions, budgets and their "
                "history are verifiable by third parties."
            ),
            events=("dataset.registered", "study.approved", "study.accepted", "privacy.reserved", "privacy.refused"),
            pages=(c.STUDIES, c.EXPORTS),
            questions=("protection", "approvals", "verifiability", "limits"),
            more=(c.VERIFY,),
            facts=("datasets", "studies", "approvals", "witnesses"),
            absent=("source-systems",),
            remains="The lawful basis, and everything that happens before a data set is registered.",
        ),
        c.Control(
            article="Art. 17(1)",
            asks="Personal data are erased on request, where a ground applies",
            served_by=(
                "No field of the ledger asks for a person's name: identities are those of services, reviewers are "
                "keyed pseudonyms (personal data for whoever has the key; destroying it makes them unknown), notes "
                "and reasons are digests. Updates and models are off it and deletable at each gateway; data sets and "
                "models are retired on record."
            ),
            events=("dataset.retired", "dataset.revised", "model.retired", "study.withdrawn"),
            settings=("retention.updates_until", "retention.ended_study_days"),
            pages=(c.MODELS,),
            questions=("deletions", "descendants"),
            more=(
                c.DELETIONS,
                "quorate dataset retire records --profile steward.toml",
                "quorate study withdraw heart-2026 --profile steward.toml",
            ),
            facts=("retirements", "models"),
            absent=("deletions", "settings", "source-systems"),
            remains=(
                "Erasing records at their source, deciding about models that were trained on them, and keeping names "
                "out of titles, which stay on the ledger for ever."
            ),
        ),
        c.Control(
            article="Art. 17(2)",
            asks="Reasonable steps to tell other controllers, where data that have to be erased were made public",
            served_by=(
                "What descends from an update or model, and which members attested it and so had its bytes, is told "
                "by the trail; a retirement is an event that every member's gateway sees."
            ),
            events=("model.retired", "dataset.retired"),
            pages=(c.MODELS, c.MEMBERS),
            questions=("descendants", "members"),
            facts=("models", "members", "retirements"),
            absent=("deletions",),
            remains="Telling members and whoever received the model, and following up what they did.",
        ),
        c.Control(
            article="Art. 25(1)",
            asks="Data protection by design: effective measures, when means are chosen and while processing",
            served_by=(
                "Records stay with their owner. Updates are clipped and noised where terms say so, and the chaincode "
                "computes each charge and refuses one over the cap, across studies."
            ),
            events=("privacy.reserved", "privacy.refused"),
            pages=(c.PRIVACY,),
            questions=("protection", "spending", "recount"),
            more=("quorate privacy quote --noise-multiplier 6 --sample-rate 1/4 --steps 48 --delta 1e-5",),
            facts=("protection", "accounts"),
            absent=("noise",),
            remains="Choosing unit, cap and noise that fit the data, and an impact assessment where one is needed.",
        ),
        c.Control(
            article="Art. 25(2)",
            asks="Data protection by default: only what is necessary, no longer than necessary, for whom necessary",
            served_by=(
                "Whatever no policy permits is denied. Updates are deleted when their round has ended, and the portal "
                "is off, unless configured otherwise."
            ),
            events=("policy.in_force", "policy.proposed"),
            settings=("retention.updates_until", "retention.ended_study_days", "portal", "portal.session_minutes"),
            pages=(c.POLICIES, c.ACCESS),
            questions=("policies", "reads"),
            more=("quorate gateway config show --config gateway.toml",),
            facts=("policies", "anchors"),
            absent=("settings", "access-log"),
            remains="Registering no more data than the purpose needs.",
        ),
        c.Control(
            article="Art. 30(1)",
            asks="Controllers keep a record of processing activities",
            served_by=(
                "Studies name purpose, participants, data sets and technical safeguards; a template says which field "
                "of the record comes from where."
            ),
            events=("study.proposed", "study.approved", "study.completed", "dataset.registered"),
            pages=(c.STUDIES, c.MEMBERS),
            questions=("members", "protection", "modifications"),
            facts=("members", "studies", "datasets", "protection"),
            absent=("documents",),
            remains="The record itself: contacts, categories of persons and recipients, transfers, time limits.",
        ),
        c.Control(
            article="Art. 30(2), (4)",
            asks="Processors keep their own record, and records are made available to the authority",
            served_by=(
                "Who trained, attested and kept what for which study follows from terms and rounds. A bundle can be "
                "handed to an authority, which verifies it without any member."
            ),
            events=("gateway.announced", "round.attested", "model.retired"),
            pages=(c.EXPORTS, c.MEMBERS),
            questions=("members", "verifiability"),
            more=(c.EXPORT, c.VERIFY),
            facts=("members", "actors", "witnesses"),
            absent=("documents",),
            remains="Telling controllers from processors, and each one's record.",
        ),
    ),
)
"""Articles 5(2), 17, 25 and 30."""
