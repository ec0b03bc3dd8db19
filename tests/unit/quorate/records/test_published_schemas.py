"""The records in Python and the documents in Go are one contract: every field, every bound, both directions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from quorate.errors import LEDGER_CODES
from quorate.records import events, study
from quorate.records.functions import FUNCTIONS
from tests.unit.quorate.records.published import differences, metadata, normal_form

if TYPE_CHECKING:
    from quorate.records.common import Document

METADATA = metadata()
DEFINITIONS = METADATA["definitions"]

# The chaincode publishes these words without their list; the records know the list and take nothing else.
NARROWER = {
    ("study:List", ".properties.studies.items.properties.state.enum"),
    ("study:Get", ".properties.rounds.items.properties.state.enum"),
}


def published(name: str) -> dict[str, Any]:
    return normal_form(DEFINITIONS[name], DEFINITIONS)


def modelled(record: type[Document]) -> dict[str, Any]:
    schema = record.model_json_schema()
    return normal_form(schema, schema.get("$defs", {}))


def test_the_same_functions_exist_on_both_sides():
    assert set(FUNCTIONS) == set(METADATA["functions"])


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_is_called_with_the_schema_and_in_the_mode_that_the_chaincode_publishes(name: str):
    function, there = FUNCTIONS[name], METADATA["functions"][name]

    assert (function.request.SCHEMA, function.submits) == (there["schema"], there["mode"] == "submit")


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_requests_have_the_same_fields_and_bounds(name: str):
    there = published(METADATA["functions"][name]["request"])

    found = differences(there, modelled(FUNCTIONS[name].request))

    # `document` of policy:Check is any object on both sides; the chaincode says so by saying nothing.
    assert [line for line in found if not line.startswith(".properties.document.")] == []


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_results_have_the_same_fields_and_bounds(name: str):
    there = published(METADATA["functions"][name]["result"])

    found = differences(there, modelled(FUNCTIONS[name].answer))

    assert [line for line in found if (name, line.split(":")[0]) not in NARROWER] == []


@pytest.mark.parametrize(("function", "place"), sorted(NARROWER))
def test_every_exception_is_still_needed(function: str, place: str):
    there = published(METADATA["functions"][function]["result"])
    found = differences(there, modelled(FUNCTIONS[function].answer))

    assert [line.split(": chaincode ")[1].split(",")[0] for line in found if line.startswith(place)] == ["None"]


def test_events_have_the_same_fields():
    found = differences(published("Events"), modelled(events.Events))

    # A client takes no empty or endless list of facts and no type of another form, whatever a peer sends.
    assert [line.split(": ")[0] for line in found] == [
        ".properties.events.items.properties.type.maxLength",
        ".properties.events.items.properties.type.pattern",
        ".properties.events.maxItems",
        ".properties.events.minItems",
    ]


def test_terms_have_the_same_form():
    assert differences(published("Terms"), modelled(study.Terms)) == []


def test_every_record_that_the_chaincode_stores_is_known_by_its_version():
    ours = {function.answer.SCHEMA for function in FUNCTIONS.values()} | {study.Terms.SCHEMA}

    # What stays in the state: no function answers with it.
    inside = {"quorate.fingerprint/1", "quorate.policy_current/1"}

    assert set(METADATA["records"]) - inside <= ours


def test_the_codes_of_refusals_are_those_that_clients_believe():
    # BUDGET_EXCEEDED is what a client makes of a refusal record; DEFECT is never believed from elsewhere.
    assert set(METADATA["codes"]) - {"DEFECT"} == LEDGER_CODES - {"BUDGET_EXCEEDED"}
