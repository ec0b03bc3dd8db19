"""What a control of a framework is: what it asks for, what serves it, what shows it, and what remains.

Design inputs, not legal advice: whether a control is met is for an organisation and its counsel to say.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

BUNDLE: Final = "{bundle}"
"""Where commands name a bundle; in the same way they name its ``{genesis}`` and the digest of a ``{model}``."""

_DIGEST: Final = "sha256:1b41db950b30c44b55428fcdbf20f52bc2d137119ec4fcb852bec8cf57f4c3a6"
_NEEDED: Final[Mapping[str, str]] = {"lineage": "{model}", "descendants": "{model}"}
"""What questions must be given."""


@dataclass(frozen=True, slots=True)
class Named:
    """What commands name."""

    bundle: str
    genesis: str
    model: str


EXAMPLE: Final = Named("evidence.qeb", _DIGEST, _DIGEST)
"""Where nothing better is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One article.

    Attributes
    ----------
    asks
        What it asks for, in a few words of ours.
    served_by
        What Quorate records or enforces for it.
    events
        Kinds of events that serve it.
    settings
        Keys of ``gateway.toml`` that serve it.
    pages
        Where the portal shows it: (address, title).
    questions
        Names of the questions whose answers show it.
    more
        Further commands that show it, or do what it asks for.
    facts
        What a report says of a bundle.
    absent
        What no bundle says of it, or this one may not.
    remains
        What no ledger does for an organisation.
    """

    article: str
    asks: str
    served_by: str
    events: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    pages: tuple[tuple[str, str], ...]
    questions: tuple[str, ...]
    more: tuple[str, ...] = ()
    facts: tuple[str, ...]
    absent: tuple[str, ...] = ()
    remains: str

    def commands(self, named: Named = EXAMPLE) -> tuple[str, ...]:
        """Return the commands that show it, of a bundle or of the own gateway."""
        asked = (" ".join(filter(None, (name, _NEEDED.get(name)))) for name in self.questions)
        every = (*(f"quorate audit ask {words} --bundle {BUNDLE}" for words in asked), *self.more)
        return tuple(command.format(**asdict(named)) for command in every)


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """A law or rule.

    Attributes
    ----------
    name
        As commands and addresses spell it.
    scope
        When it applies, and to whom, as far as it bears on Quorate.
    """

    name: str
    title: str
    scope: str
    controls: tuple[Control, ...]


TIMELINE: Final = ("/timeline", "Timeline")
ACCESS: Final = ("/access", "Access log")
PRIVACY: Final = ("/privacy", "Privacy accounts")
REVIEWS: Final = ("/reviews", "Reviews")
POLICIES: Final = ("/policies", "Policies")
MODELS: Final = ("/models", "Models and lineage")
EXPORTS: Final = ("/exports", "Exports")
MEMBERS: Final = ("/members", "Members")
STUDIES: Final = ("/studies", "Studies and rounds")
REFUSALS: Final = ("/refusals", "Refusals and disputes")
AGREEMENT: Final = ("/agreement", "Agreement")

ROUNDS: Final = (
    "round.opened",
    "round.committed",
    "round.declined",
    "round.sealed",
    "round.attested",
    "round.finalized",
)
"""The steps of a round that goes well."""

TROUBLE: Final = (
    "privacy.refused",
    "round.retried",
    "round.disputed",
    "round.aborted",
    "study.suspended",
    "study.aborted",
)
"""What the ledger's rules refuse, or members stop, on record."""

CHANGES: Final = (
    "study.approved",
    "policy.in_force",
    "consortium.amended",
    "dataset.revised",
    "chaincode.defined",
    "channel.configured",
)
"""Changes of what the system is."""

REVIEWED: Final = ("audit.review_opened", "audit.review_assigned", "audit.review_concluded")
"""The steps of a review."""

VERIFY: Final = f"quorate audit verify {BUNDLE} --genesis {{genesis}}"
EXPORT: Final = "quorate audit export evidence.qeb --witnesses --profile officer.toml"
CHECK: Final = "quorate audit check --profile officer.toml"
READS: Final = "quorate audit ask reads --profile officer.toml"
DELETIONS: Final = "quorate audit ask deletions --profile officer.toml"


def command_of(framework: Framework) -> str:
    """Return the command that fills a framework and writes a page for printing."""
    return (
        f"quorate audit report --framework {framework.name} --bundle {EXAMPLE.bundle} --genesis {EXAMPLE.genesis} "
        f"--out {framework.name}.html"
    )
