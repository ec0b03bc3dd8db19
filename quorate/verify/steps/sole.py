"""Whether an organisation's endorsements would have been enough without anybody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate.blocks.endorsement import namespaces_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quorate.blocks.config import ChannelConfig
    from quorate.blocks.identity import Identity
    from quorate.blocks.lifecycle import Definitions
    from quorate.blocks.transaction import Action

_Question = tuple[bytes, frozenset[tuple[str, bytes]]]


class SoleEndorsers:
    """Collects who could have decided alone: then a verifier trusts that single member, whatever else it checks."""

    def __init__(self) -> None:
        self.found: set[tuple[str, str]] = set()
        """Namespace and organisation."""
        self._seen: dict[str, dict[tuple[str, bytes], Identity]] = {}
        self._config: ChannelConfig | None = None
        self._answers: dict[_Question, bool] = {}

    def take(self, action: Action, endorsers: list[Identity], config: ChannelConfig, definitions: Definitions) -> None:
        """Ask the policies of a transaction again, with the peers seen so far of one organisation at a time."""
        if config is not self._config:
            self._config, self._answers = config, {}
        for endorser in endorsers:
            self._seen.setdefault(endorser.msp_id, {})[endorser.who] = endorser
        for namespace in namespaces_of(action):
            definition = definitions.get(namespace)
            for msp_id, own in self._seen.items() if definition else ():
                if definition and self._suffice(definition.parameter, own, config):
                    self.found.add((namespace, msp_id))

    def _suffice(self, parameter: bytes, own: Mapping[tuple[str, bytes], Identity], config: ChannelConfig) -> bool:
        question = (parameter, frozenset(own))
        if question not in self._answers:  # peers are few and transactions are many
            self._answers[question] = config.satisfies_parameter(parameter, list(own.values()))
        return self._answers[question]
