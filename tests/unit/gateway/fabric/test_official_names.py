"""Whatever the official clients for Go, Node and Java offer is here too, under the same name as Python writes it."""

from __future__ import annotations

import dataclasses
import inspect
import re
from typing import Any

import pytest

from gateway import fabric
from gateway.fabric import hash as hashes
from gateway.fabric import sync
from tests.unit.gateway.fabric import official

TYPES = {
    "X509Identity": fabric.Identity,
    "CloseableAsyncIterable": fabric.EventStream,
    "CloseableIterator": sync.EventStream,
    "GatewayException": fabric.GatewayError,
    "EndorseException": fabric.EndorseError,
    "SubmitException": fabric.SubmitError,
    "CommitStatusException": fabric.CommitStatusError,
    "CommitException": fabric.CommitError,
    "hash": hashes,
    "Hash": hashes,
}
"""Where a type has another name here."""

OTHER = {
    ("Network", "GetContractWithName"): "contract",  # the name is a parameter
    ("HSMSignerFactory", "NewHSMSigner"): "new_signer",  # as in Node
    ("X509Identity", "getCertificate"): "x509",
    ("CloseableAsyncIterable", "close"): "aclose",  # as Python's own asynchronous iterators have it
    ("CommitError", "Code"): "validation_code",  # `code` is the stable code that every error here has
    ("CommitError", "code"): "validation_code",
    ("CommitException", "getCode"): "validation_code",
    **{(f"{step}Error", "GRPCStatus"): "status" for step in ("Transaction", "Endorse", "Submit", "CommitStatus")},
    **{(f"{step}Error", "code"): "status" for step in ("Gateway", "Endorse", "Submit", "CommitStatus")},
    **{(f"{step}Error", "cause"): "__cause__" for step in ("Gateway", "Endorse", "Submit", "CommitStatus")},
    **{(f"{step}Exception", "getCause"): "__cause__" for step in ("Gateway", "Endorse", "Submit", "CommitStatus")},
}
"""Where a member has another name here."""

NOT_HERE = {
    ("FileCheckpointer", "Close"): "the file is open only while it is written",
    ("FileCheckpointer", "close"): "the file is open only while it is written",
    ("FileCheckpointer", "Sync"): "every position is forced to disk as it is written",
    ("FileCheckpointer", "sync"): "every position is forced to disk as it is written",
    ("Transaction", "submitAsync"): "Java's submit waits for the commit; here, as in Go and Node, submit does not",
    **{
        ("SubmittedTransaction", name): "submit_async returns result and Commit, as in Go"
        for name in official.NODE["SubmittedTransaction"]
    },
}
"""What is not here, and why."""

PARAMETERS = {
    "client": "endpoint",
    "client_connection": "endpoint",
    "connection": "endpoint",
    "sign": "signer",
    "bytes_arguments": "arguments",
    "all_transient": "transient",
    "transient_data": "transient",
}
"""Where a parameter has another name here."""

MEMBERS = [
    pytest.param(kind, name, id=f"{language} {kind}.{name}")
    for language, types in (("Go", official.GO), ("Node", official.NODE), ("Java", official.JAVA))
    for kind, names in types.items()
    for name in names
]


def snake(name: str) -> str:
    """Return the name as Python writes it, without the ``get`` and ``is`` of other languages."""
    plain = re.sub(r"^([gG]et|is)(?=[A-Z])", "", name)
    if plain.isupper():
        return plain.lower()
    parts = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", plain)
    return re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", parts).lower()


@pytest.mark.parametrize(("kind", "name"), MEMBERS)
def test_every_member_of_the_official_clients_is_here(kind: str, name: str) -> None:
    if (kind, name) in NOT_HERE:
        return
    ours = TYPES.get(kind) or getattr(fabric, kind)
    member = OTHER.get((kind, name), snake(name))
    assert hasattr(ours, member) or member in instance_attributes(ours), f"{kind} has no {member}"


def instance_attributes(kind: Any) -> set[str]:
    """Return what instances have that their class has not: annotated fields, and what constructors of errors set."""
    if not inspect.isclass(kind):
        return set()
    fields = {field.name for field in dataclasses.fields(kind)} if dataclasses.is_dataclass(kind) else set()
    assigned = {
        name
        for base in kind.__mro__
        if base.__module__.startswith("gateway.fabric")
        and "__init__" in vars(base)
        and not dataclasses.is_dataclass(base)
        for name in re.findall(r"self\.(\w+) =", inspect.getsource(base.__init__))
    }
    return fields | assigned


@pytest.mark.parametrize(
    ("function", "option"), [(function, option) for function, options in official.SET.items() for option in options]
)
def test_every_option_of_the_official_clients_is_a_parameter_here(function: str, option: str) -> None:
    ours: Any = fabric
    for part in function.split("."):
        ours = getattr(ours, part)
    plain = re.sub(r"^(With|add|put|set)(?=[A-Z])|(Options|Timeout)$", "", option)
    plain = re.sub(r"(Options|Timeout)$", "", plain)
    parameter = PARAMETERS.get(snake(plain), snake(plain))
    assert parameter in inspect.signature(ours).parameters


def test_nothing_is_excused_that_the_official_clients_do_not_have() -> None:
    listed = {
        (kind, name)
        for types in (official.GO, official.NODE, official.JAVA)
        for kind, names in types.items()
        for name in names
    }
    assert OTHER.keys() | NOT_HERE.keys() <= listed
    assert not OTHER.keys() & NOT_HERE.keys()
