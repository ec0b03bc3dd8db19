import itertools

import pytest

from network.identity.fabric_ca import Credential, FabricCa, Registration
from network.identity.fabric_ca.issue import issue
from network.identity.fabric_ca.program import find_ca_program
from network.identity.fabric_ca.served import SIGNING_CA, Served
from network.identity.fabric_ca.server import ca_node
from network.identity.layout import OrganisationPaths
from quorate.errors import UsageError
from tests.integration.ports import free_port

COUNT = itertools.count()


@pytest.fixture(scope="session")
def ca_program():
    """A real fabric-ca-server."""
    try:
        return find_ca_program()
    except UsageError as error:
        pytest.skip(f"needs a fabric-ca-server: {error} {error.hint}")


@pytest.fixture(scope="session")
def serve(ca_program, tmp_path_factory):
    """Start a Fabric CA server for an organisation, and end it with the session."""
    nodes = []

    def start(organisation="alder", *, identities=None):
        directory = tmp_path_factory.mktemp("fabric-ca")
        paths = OrganisationPaths.of(identities or directory / "identities", organisation)
        served = Served(organisation=organisation, paths=paths, port=free_port())
        node = ca_node(served, program=ca_program, directory=directory / "server", dies_with_parent=True)
        nodes.append(node)
        node.launch()
        node.wait_ready()
        return served, node

    yield start
    for node in nodes:
        node.stop()


@pytest.fixture(scope="session")
def alder(serve):
    """The organisation alder, with everything issued by its server."""
    served, _ = serve()
    issue([served])
    return served


@pytest.fixture
def endpoint(alder):
    return alder.endpoint(SIGNING_CA)


@pytest.fixture
async def ca(endpoint):
    async with FabricCa(endpoint) as client:
        yield client


@pytest.fixture
def registrar(alder):
    return Credential.load(alder.registrar(SIGNING_CA))


@pytest.fixture
def name():
    """A name that no other test has."""
    return f"member-{next(COUNT)}"


@pytest.fixture
def register(ca, registrar, name):
    """Register an identity and return its secret."""

    async def do(**kwargs):
        return await ca.register(registrar, Registration(name=name, **kwargs))

    return do
