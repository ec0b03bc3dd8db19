"""The pages on networks: every key of a topology with its default, and what names other images."""

import re

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from network.compose.images import VARIABLES, Images
from network.topology import Batch, Orderer, Organisation, Topology
from tests.unit.docs.pages import DOCS, ROOT, read, section, tables

TOPOLOGY = tables(section(read(DOCS / "reference" / "network.md"), "topology.toml"))[0][1:]
CONTAINERS = read(DOCS / "how-to" / "run-in-containers.md")


def _keys(cell):
    """Yield a row's keys; one that begins with a dot is of the table of the one before."""
    table = ""
    for key in re.findall(r"`([^`]+)`", cell):
        table = key.rpartition(".")[0] or table
        yield f"{table}{key}" if key.startswith(".") else key


def _listed():
    for cell, defaults, _ in TOPOLOGY:
        keys = list(_keys(cell))
        yield from zip(keys, defaults.replace("`", "").split(", ") if defaults else [""] * len(keys), strict=True)


def _made():
    for above, model in (("", Topology), ("batch.", Batch), ("organisations[].", Organisation), ("orderer.", Orderer)):
        for name, field in model.model_fields.items():
            if name != "organisations" and not isinstance(field.default, BaseModel):
                yield f"{above}{field.alias or name}", "" if field.default is PydanticUndefined else str(field.default)


def test_every_key_of_a_topology_is_listed_with_its_default():
    assert dict(_listed()) == dict(_made())


def test_every_image_is_listed_with_its_variable_and_usual_name():
    listed = {row[2].strip("`"): row[1] for row in tables(CONTAINERS)[0][1:]}
    assert listed.keys() == set(VARIABLES)
    topology = Topology.for_members(["Alder", "Birch"]).model_copy(update={"ca": "fabric-ca"})
    for variable, name in Images.of(topology, {}).names.items():
        image, _, tag = name.partition(":")
        assert image in listed[variable]
        assert tag in CONTAINERS or image == "quorate/chaincode"
    older = Images.of(topology.model_copy(update={"fabric_version": "2.5"}), {})
    assert f":{older.names[VARIABLES[0]].partition(':')[2]}`" in listed[VARIABLES[0]]


def test_every_base_image_is_named_with_its_variable():
    begins_with = {
        default
        for file in ("chaincode/Dockerfile", "gateway/Dockerfile")
        for default in re.findall(r"^ARG \w*BASE=(\S+)$", read(ROOT / file), re.MULTILINE)
    }
    variables = set(re.findall(r"\$\{(\w+_BASE):-", read(ROOT / "scripts" / "images.sh")))
    assert len(begins_with) == len(variables) == 3
    assert all(f"`{name}`" in CONTAINERS for name in begins_with | variables)
