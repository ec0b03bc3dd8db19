"""A valid document for every record, made from its own schema: with all of its fields, or the required ones alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.unit.quorate.records.published import normal_form

if TYPE_CHECKING:
    from quorate.records.common import Document

# One text per pattern that a record uses; a new pattern needs a new line here.
_TEXTS = (
    "a",
    "abort",
    "sha256:" + "0" * 64,
    "0" * 64,
    "1",
    "1/4",
    "1e-5",
    "localhost:1",
    "ledger",
    "study.opened",
    "quorate.kind/1",
)


def sample(record: type[Document], *, full: bool) -> dict[str, Any]:
    """Return a valid document of a record."""
    schema = record.model_json_schema()
    value: dict[str, Any] = _value(normal_form(schema, schema.get("$defs", {})), full=full)
    return value | {"schema": record.SCHEMA}


def _value(schema: dict[str, Any], *, full: bool) -> Any:
    match schema.get("type"):
        case "object":
            others = schema["additionalProperties"]
            wanted = schema["properties"] if full else schema["required"]
            found = {name: _value(schema["properties"][name], full=full) for name in wanted}
            return found | ({"2": _value(others, full=full)} if isinstance(others, dict) and full else {})
        case "array":
            return [_value(schema["items"], full=full) for _ in range(max(schema.get("minItems", 0), int(full)))]
        case "integer":
            return schema.get("minimum", 0)
        case "boolean":
            return True
    return _text(schema)


def _text(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return str(schema["enum"][0])
    pattern = schema.get("pattern", "")
    return next(text for text in _TEXTS if re.search(pattern, text))
