"""Certificates from Fabric CA: a container for each organisation, started before all that need a certificate."""

from network.compose.images import Images
from network.compose.writer import write_ca_project
from network.fabric.authorities import served
from network.fabric.identities import Identities, identities_of
from network.fabric.plan import Plan
from network.identity.fabric_ca.issue import issue
from network.identity.fabric_ca.server import write_home


def issue_from_authorities(plan: Plan, images: Images) -> Identities:
    """Start the CAs that do not run, and have them issue what is lacking.

    Errors are those of `network.identity.fabric_ca.issue.issue`, and `DockerError` where a container does not start.
    """
    identities = identities_of(plan.home, plan.topology)
    for place in plan.authorities:
        write_home(served(place, plan, identities), place.directory, address="0.0.0.0")  # noqa: S104 - of its container
    write_ca_project(plan, images).up()
    issue(served(place, plan, identities) for place in plan.authorities)
    return identities
