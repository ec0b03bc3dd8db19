"""When peers forget hashes of private keys: as many blocks after the last write as the collection lets keys live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate.blocks.validation.state import PUBLIC, Versioned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quorate.blocks.lifecycle import Definitions
    from quorate.blocks.validation.state import Place, State


class Expiry:
    """Follows what blocks write into collections whose keys do not live for ever."""

    def __init__(self) -> None:
        self._due: dict[int, list[tuple[Place, int]]] = {}

    def take(self, number: int, updates: Mapping[Place, Versioned], definitions: Definitions) -> None:
        """Note when what a block wrote will be forgotten, by the definitions in force before it."""
        for place, update in updates.items():
            namespace, collection, _ = place
            if collection == PUBLIC or update.value is None:
                continue
            definition = definitions.get(namespace)
            known = definition.collections.get(collection) if definition else None
            if known is not None and known.block_to_live:
                self._due.setdefault(number + known.block_to_live + 1, []).append((place, number))

    def expired(self, number: int, state: State) -> dict[Place, Versioned]:
        """Return what is forgotten with a block, of the state that it led to: what nobody has written again."""
        return {
            place: Versioned(None, None, number, 0)
            for place, written in self._due.pop(number, ())
            if (found := state.get(place)) is not None and found.block == written
        }
