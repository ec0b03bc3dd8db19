"""The chaincode's published JSON Schemas and pydantic's, brought to one form so that they can be compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[4]
_SAYS_NOTHING = frozenset({"title", "description", "default", "$defs"})
_NESTED = frozenset({"properties", "items", "required", "additionalProperties"})


def metadata() -> dict[str, Any]:
    """Return what the chaincode publishes of itself."""
    found: dict[str, Any] = json.loads((_ROOT / "chaincode/contract/testdata/metadata.json").read_text())
    return found


def normal_form(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with references resolved, optional fields bare, and names sorted."""
    while "$ref" in schema:
        schema = definitions[schema["$ref"].rsplit("/", 1)[1]]
    if "anyOf" in schema:  # pydantic writes an optional field as this or null; null is never sent
        (given,) = [choice for choice in schema["anyOf"] if choice.get("type") != "null"]
        return normal_form(given, definitions)
    if "const" in schema:
        return {"type": "string", "enum": [schema["const"]]}
    found = {name: value for name, value in schema.items() if name not in _SAYS_NOTHING | _NESTED}
    if "enum" in found:
        found["enum"] = sorted(found["enum"])
    if "items" in schema:
        found["items"] = normal_form(schema["items"], definitions)
    if schema.get("type") == "object":
        found |= _object(schema, definitions)
    return found


def _object(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    others = schema.get("additionalProperties", True)
    if schema.get("maxProperties") == 0:
        others = False
    return {
        "properties": {name: normal_form(part, definitions) for name, part in schema.get("properties", {}).items()},
        "required": sorted(schema.get("required", [])),
        "additionalProperties": normal_form(others, definitions) if isinstance(others, dict) else others,
        "maxProperties": 0 if not others and not schema.get("properties") else None,
    }


def differences(chaincode: object, ours: object, place: str = "") -> list[str]:
    """Return every place where two normal forms differ, with both sides."""
    if isinstance(chaincode, dict) and isinstance(ours, dict):
        return [
            line
            for name in sorted(chaincode.keys() | ours.keys())
            for line in differences(chaincode.get(name), ours.get(name), f"{place}.{name}")
        ]
    return [] if chaincode == ours else [f"{place}: chaincode {chaincode}, records {ours}"]
