"""Which commands there are, and where each one lives. Finding out imports nothing."""

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

Extra = Literal["gateway", "participant", "network", "portal"]


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A command of another module, and what must be installed to load it."""

    name: str
    module: str
    attribute: str
    extra: Extra | None
    help: str

    def is_present(self) -> bool:
        """Tell whether this version has the command's module; whether its dependencies are installed is not asked."""
        return _exists(self.module)


MOUNTS = (
    Mount(
        name="demo",
        module="participants.demo.commands",
        attribute="demo",
        extra="participant",
        help="Run a whole consortium on this machine: found, train, attest, verify, report.",
    ),
    Mount(
        name="plan",
        module="participants.plans.commands",
        attribute="group",
        extra="participant",
        help="Write, check, simulate and approve training plans.",
    ),
    Mount(
        name="network",
        module="network.commands",
        attribute="group",
        extra="network",
        help="Run a ledger on this machine.",
    ),
    Mount(
        name="gateway",
        module="gateway.service.commands",
        attribute="group",
        extra="gateway",
        help="Run an organisation's gateway.",
    ),
    Mount(
        name="agent",
        module="participants.agent.commands",
        attribute="group",
        extra="participant",
        help="Run the agent next to an institution's data.",
    ),
    Mount(
        name="consortium",
        module="gateway.ledger.commands",
        attribute="consortium",
        extra="gateway",
        help="Found a consortium; show its members.",
    ),
    Mount(
        name="policy",
        module="gateway.ledger.commands",
        attribute="policy",
        extra="gateway",
        help="Show and check the policies that decide who may do what.",
    ),
    Mount(
        name="dataset",
        module="gateway.ledger.commands",
        attribute="dataset",
        extra="gateway",
        help="Register data sets and their privacy budgets.",
    ),
    Mount(
        name="study",
        module="gateway.ledger.commands",
        attribute="study",
        extra="gateway",
        help="Propose, vote on, accept, start and show studies.",
    ),
    Mount(
        name="round",
        module="gateway.ledger.commands",
        attribute="round",
        extra="gateway",
        help="Show rounds, ask for receipts, recompute aggregates.",
    ),
    Mount(
        name="privacy",
        module="quorate.cli.privacy",
        attribute="group",
        extra=None,
        help="Quote what training would cost, and show what was spent.",
    ),
    Mount(
        name="model",
        module="gateway.ledger.commands",
        attribute="model",
        extra="gateway",
        help="List, show and fetch final models.",
    ),
    Mount(
        name="audit",
        module="quorate.cli.audit",
        attribute="group",
        extra=None,
        help="Ask the audit trail, review, export the evidence, verify it offline.",
    ),
    Mount(
        name="portal",
        module="gateway.portal.commands",
        attribute="group",
        extra="portal",
        help="Log in to the officer's portal, or look at a bundle in a browser.",
    ),
    Mount(
        name="doctor",
        module="gateway.service.doctor",
        attribute="doctor",
        extra="gateway",
        help="Check an installation, and say what to repair.",
    ),
)


@cache
def _exists(module: str) -> bool:
    # importlib.util.find_spec of the whole name would import the parents, and with them whatever they need.
    room, *parts = module.split(".")
    spec = find_spec(room)
    if spec is None or spec.origin is None:  # a folder without an origin has the name by chance and is not ours
        return False
    places = [Path(folder, *parts) for folder in spec.submodule_search_locations or ()]
    return any(place.with_suffix(".py").is_file() or (place / "__init__.py").is_file() for place in places)
