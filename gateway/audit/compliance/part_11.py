"""21 CFR Part 11: closed systems, and what a signature shows."""

from __future__ import annotations

from typing import Final

from gateway.audit.compliance import control as c

_SIGN: Final = (
    "quorate audit review conclude yearly-2026 --reviewer 'A. Officer' --meaning approval --outcome accepted "
    "--key reviewers.key --profile officer.toml"
)

PART_11: Final = c.Framework(
    name="part-11",
    title="21 CFR Part 11 (electronic records and signatures)",
    scope=(
        "It binds those who keep records electronically that the FDA's predicate rules require. Whether studies here "
        "make such records is for the sponsor to say. A consortium of several organisations may be an open system "
        "(11.30), which asks for more than these controls. Sections 11.70 and 11.100 to 11.300 are not mapped: an "
        "officer's service signs a review, which names its reviewer by a pseudonym, so whether it is an electronic "
        "signature is for the sponsor to say too."
    ),
    controls=(
        c.Control(
            article="11.10(a)",
            asks="Systems are validated, and can discern invalid or altered records",
            served_by=(
                "Any flipped byte of a bundle is found; validation codes, rules and budgets are derived again by a "
                "second implementation. The tests come with the source."
            ),
            events=("chaincode.defined", "ledger.invalid"),
            pages=(c.EXPORTS, c.AGREEMENT),
            questions=("verifiability", "recount", "agreement"),
            more=(c.VERIFY,),
            facts=("ledger", "software", "agreement"),
            absent=("validation",),
            remains="Validation of the system as installed, for its intended use.",
        ),
        c.Control(
            article="11.10(b)",
            asks="Accurate and complete copies, in human readable and electronic form, for inspection",
            served_by="Bundles with a page for people; tables, JSON Lines and CSV; printable reports such as this.",
            pages=(c.EXPORTS,),
            questions=("verifiability",),
            more=(c.EXPORT, f"quorate audit log --format csv --bundle {c.BUNDLE}"),
            facts=("ledger", "witnesses"),
            absent=("artifacts",),
            remains="Handing copies to the agency, with the genesis by another way than the bundle.",
        ),
        c.Control(
            article="11.10(c)",
            asks="Records are protected and can be retrieved throughout their retention period",
            served_by=(
                "Every member's peer holds the whole ledger, and gateways notice when one shows another; bundles stand "
                "alone."
            ),
            settings=("retention.updates_until", "retention.ended_study_days"),
            pages=(c.EXPORTS, c.AGREEMENT),
            questions=("agreement", "verifiability"),
            more=(c.EXPORT,),
            facts=("ledger", "members", "witnesses"),
            absent=("settings", "artifacts"),
            remains="A retention period, and copies of bundles and of artefacts for as long.",
        ),
        c.Control(
            article="11.10(d), (g)",
            asks="Only authorised people have access, sign, and alter records: checks of authority",
            served_by=(
                "Mutual TLS, or a signed login at the portal; certificates with roles; and policies on the ledger that "
                "decide each function and each read, denied by default."
            ),
            events=("policy.in_force", "consortium.amended"),
            settings=("limits.functions", "callers"),
            pages=(c.POLICIES, c.MEMBERS),
            questions=("policies", "members"),
            more=("quorate policy check study:Propose terms.json --profile operator.toml",),
            facts=("policies", "members", "actors"),
            absent=("settings",),
            remains="Issuing certificates to the right people, and revoking them in time.",
        ),
        c.Control(
            article="11.10(e)",
            asks="Secure, computer-generated, time-stamped audit trails that obscure no earlier record",
            served_by=(
                "The ledger: blocks in one order, every version of every record, each with who submitted it and the "
                "time it claims, bound by the charter's clock skew; gateways note when they saw each block."
            ),
            events=(*c.ROUNDS, *c.TROUBLE, *c.CHANGES),
            pages=(c.TIMELINE,),
            questions=("modifications", "deletions", "agreement"),
            more=(f"quorate audit log --bundle {c.BUNDLE}",),
            facts=("ledger", "modifications", "agreement"),
            absent=("observed", "access-log"),
            remains="Synchronised clocks; a trusted time-stamp, put into bundles, where a claimed time is not enough.",
        ),
        c.Control(
            article="11.10(f)",
            asks="Operational checks enforce the permitted sequence of steps",
            served_by="State machines of studies and rounds in the chaincode, replayed by the verifier from the calls.",
            events=("study.approved", "study.accepted", "study.started", *c.ROUNDS),
            pages=(c.STUDIES,),
            questions=("refusals",),
            more=("quorate study show heart-2026 --profile officer.toml",),
            facts=("studies", "rounds", "refusals"),
            absent=("refused",),
            remains="The sequence of steps outside the system.",
        ),
        c.Control(
            article="11.10(h)",
            asks="Checks of where input and instructions come from",
            served_by=(
                "Agents sign for themselves, and a caller is the organisation whose root signed its certificate; "
                "every transaction names the certificate that signed it."
            ),
            events=("gateway.announced",),
            settings=("callers",),
            pages=(c.TIMELINE,),
            questions=("approvals",),
            facts=("actors",),
            absent=("settings",),
            remains="Control of the machines that hold the keys.",
        ),
        c.Control(
            article="11.10(i), (j), (k)",
            asks="Training, accountability for signatures, and control of documentation",
            served_by="Reviews record that a person took responsibility; documentation is versioned with the code.",
            events=c.REVIEWED,
            pages=(c.REVIEWS,),
            questions=("reviews",),
            facts=("reviews", "software"),
            absent=("documents",),
            remains="All of it: written policies, training records, and distribution of documents.",
        ),
        c.Control(
            article="11.50(a)",
            asks="Signed records show the signer's printed name, date and time, and the meaning of the signature",
            served_by=(
                "A concluded review carries a reviewer's keyed pseudonym, a claimed time, and a meaning: review, "
                "approval, responsibility or authorship. The own organisation turns pseudonyms into names."
            ),
            events=c.REVIEWED,
            pages=(c.REVIEWS,),
            questions=("reviews", "approvals"),
            more=(
                _SIGN,
                "quorate audit review list --profile officer.toml",
            ),
            facts=("reviews", "approvals"),
            absent=("names",),
            remains="The printed name behind each pseudonym: keep the reviewers' key, and the names for `--names`.",
        ),
        c.Control(
            article="11.50(b)",
            asks="These items are controlled like the records, and are part of any human readable form",
            served_by="Reviews are records of the same ledger, in the trail, in bundles and in this report.",
            events=("audit.review_concluded",),
            pages=(c.REVIEWS, c.EXPORTS),
            questions=("reviews",),
            facts=("reviews",),
            absent=("names",),
            remains="Printing the names next to the pseudonyms, on what is handed over.",
        ),
    ),
)
"""11.10 and 11.50."""
