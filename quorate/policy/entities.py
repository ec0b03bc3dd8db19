"""Entities in Cedar's JSON form, and the parsed handles that evaluation keeps."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cedarpy import Entities

from quorate.policy.actions import ACTIONS, GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_KEPT: Final = 64


class Reference(NamedTuple):
    """Type and id of an entity."""

    type: str
    id: str

    def as_value(self) -> dict[str, Any]:
        """Return the form that it has as the value of an attribute."""
        return {"__entity": self._asdict()}


def entity(uid: Reference, parents: Iterable[Reference] = (), attributes: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
    """Return an entity as JSON."""
    return {
        "uid": uid._asdict(),
        "attrs": dict(attributes or {}),
        "parents": [parent._asdict() for parent in parents],
    }


def action(name: str) -> Reference:
    """Return the reference of an action or of a group of actions."""
    return Reference("Action", name)


def action_entities() -> list[Any]:
    """Return every action with its groups; they are part of every entity set."""
    groups = [entity(action(group)) for group in GROUPS]
    return groups + [entity(action(name), map(action, found)) for name, found in ACTIONS.items()]


@lru_cache(maxsize=1)
def _actions() -> Entities:
    return Entities.from_json_str(json.dumps(action_entities()))


@lru_cache(maxsize=_KEPT)
def with_actions(text: str, more: str = "") -> Entities:
    """Return the handle of all actions and the entities of a JSON text, and of another one that adds to it.

    Handles are immutable and may be used by several threads at once. Those used last are kept, since the same question
    about the same study comes again and again.
    """
    return with_actions(text).with_added_json_str(more) if more else _actions().with_added_json_str(text)
