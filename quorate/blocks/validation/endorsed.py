"""Whether a transaction's endorsers satisfy the policies of all that it wrote: chaincode, collection and key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quorate.blocks import protos
from quorate.blocks.codes import TxValidationCode
from quorate.blocks.decode import decode
from quorate.blocks.endorsement import namespaces_of
from quorate.blocks.errors import BlockError, RejectedError
from quorate.blocks.validation.state import PUBLIC

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from quorate.blocks.config import ChannelConfig
    from quorate.blocks.identity import Identity
    from quorate.blocks.lifecycle import Definition, Definitions
    from quorate.blocks.rwset import NamespaceSet
    from quorate.blocks.transaction import Action
    from quorate.blocks.validation.state import Place, State

_BUILT_IN: Final = "vscc"
_PARAMETER: Final = "VALIDATION_PARAMETER"


class ForeignPluginError(BlockError):
    """A chaincode has its endorsements checked by a program of its own, which only its peers have."""


class Endorsed:
    """Asks the policies of one block's transactions.

    Parameters
    ----------
    config, definitions, state
        What was in force before the block.
    """

    def __init__(self, config: ChannelConfig, definitions: Definitions, state: State) -> None:
        self._config = config
        self._definitions = definitions
        self._state = state
        self.touched: set[Place] = set()
        """Keys whose policies earlier transactions of the block change: nobody can tell which policy holds for them."""

    def refusals(self, action: Action, endorsers: Sequence[Identity]) -> list[RejectedError]:
        """Return why the endorsements do not suffice, for each namespace that they do not suffice for.

        Peers walk the namespaces in no fixed order and stop at the first that fails, so where two fail differently
        either code may stand in a block.

        Raises
        ------
        ForeignPluginError
            When a chaincode is defined with another validation plugin than Fabric's own.
        """
        found = []
        for namespace in namespaces_of(action):
            try:
                definition = self._definition(namespace)
                self._require(namespace, definition, action.sets, endorsers)
            except RejectedError as error:
                found.append(error)
        return found

    def _definition(self, namespace: str) -> Definition:
        definition = self._definitions.get(namespace)
        bad = TxValidationCode.INVALID_CHAINCODE
        if definition is None:
            raise RejectedError(bad, f"no definition of chaincode {namespace[:80]!r} has been committed")
        if not definition.plugin or not definition.parameter:
            raise RejectedError(bad, f"the definition of chaincode {namespace[:80]!r} names no policy")
        if definition.plugin != _BUILT_IN:
            raise ForeignPluginError(f"{namespace} has its endorsements checked by the plugin {definition.plugin[:80]}")
        return definition

    def _require(
        self, namespace: str, definition: Definition, sets: Sequence[NamespaceSet], endorsers: Sequence[Identity]
    ) -> None:
        asked: set[bytes] = set()
        for collection, key in _written(namespace, sets):
            place = namespace, collection, key
            if place in self.touched:
                raise _refused("the policy of a key that it writes was changed earlier in the block")
            own = self._parameter_of(place)
            if own:
                if not self._config.satisfies_envelope(own, endorsers):
                    raise _refused(f"{_names(endorsers)}, which does not satisfy the policy of a key of {namespace}")
                asked.add(own)
            else:
                self._ask(namespace, self._default(definition, collection), asked, endorsers)
        if not asked:
            self._ask(namespace, definition.parameter, asked, endorsers)

    def _ask(self, namespace: str, parameter: bytes, asked: set[bytes], endorsers: Sequence[Identity]) -> None:
        if parameter in asked:
            return
        asked.add(parameter)
        if not self._config.satisfies_parameter(parameter, endorsers):
            raise _refused(f"{_names(endorsers)}, which does not satisfy the policy of {namespace}")

    def _default(self, definition: Definition, collection: str) -> bytes:
        """Return the policy of keys without one of their own."""
        if collection == PUBLIC:
            return definition.parameter
        try:
            return self._config.collection_parameter(definition, collection)
        except BlockError as error:
            raise _refused(error.message) from error

    def _parameter_of(self, place: Place) -> bytes:
        found = self._state.get(place)
        if found is None or found.metadata is None:
            return b""
        entries = decode(protos.KVMetadataWrite, found.metadata, "a key's metadata").entries
        values: dict[str, bytes] = {entry.name: entry.value for entry in entries}
        return values.get(_PARAMETER, b"")


def _written(namespace: str, sets: Sequence[NamespaceSet]) -> Iterator[tuple[str, str | bytes]]:
    """Yield collection and key of all that is written in a namespace, in the order in which peers look."""
    for part in sets:
        if part.namespace != namespace:
            continue
        for write in part.writes:
            yield PUBLIC, write.key
        for metadata in part.public.metadata_writes:
            yield PUBLIC, metadata.key
        for collection in part.collections:
            for hashed in (*collection.hashed.hashed_writes, *collection.hashed.metadata_writes):
                yield collection.name, hashed.key_hash


def _refused(message: str) -> RejectedError:
    return RejectedError(TxValidationCode.ENDORSEMENT_POLICY_FAILURE, message)


def _names(endorsers: Collection[Identity]) -> str:
    return f"endorsements of {', '.join(sorted({found.msp_id for found in endorsers})) or 'nobody'} hold"
