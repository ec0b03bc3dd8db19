"""The recomputation itself, on files: valid updates, the new model, the possession hash. Runs in a thread."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from quorate.aggregation import InvalidUpdate, aggregate, possession, rule_named, validate_update
from quorate.tensors import Reader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.aggregator.inputs import Inputs
    from quorate.digest import Digest
    from quorate.identifiers import MspId
    from quorate.records.round import Included, RoundView


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Open files: the base model, and every update that could be had, by its digest."""

    base: BinaryIO
    updates: Mapping[Digest, BinaryIO]


def find_invalid(inputs: Inputs, sources: Sources) -> dict[tuple[str, str], str]:
    """Return the updates whose bytes break the format, by (MSP id, data set), with the reason for people.

    A pure function of the bytes and the terms, so every attester finds the same.
    """
    found: dict[tuple[str, str], str] = {}
    for update in inputs.round.included:
        source = sources.updates.get(update.update)
        if source is None:
            continue
        try:
            validate_update(source, terms=inputs.update_terms(update), digest=update.update)
        except InvalidUpdate as error:
            found[update.msp, update.dataset] = f"{error.reason}: {error.message}"
    return found


def aggregate_into(inputs: Inputs, sources: Sources, used: Sequence[Included], out: BinaryIO) -> Digest:
    """Write the model that `used` make of the base, and return its digest."""
    terms = inputs.study.study.terms
    with ExitStack() as stack:
        base = stack.enter_context(Reader(sources.base, inputs.schema, inputs.base_header))
        readers = [
            (
                update.weight,
                stack.enter_context(
                    Reader(
                        sources.updates[update.update],
                        inputs.schema,
                        inputs.update_terms(update).header,
                        digest=update.update,
                    )
                ),
            )
            for update in used
        ]
        rule = rule_named(terms.aggregation.rule, terms.aggregation.parameters)
        return aggregate(base, readers, out, bound=terms.bound, rule=rule)


def prove_possession(inputs: Inputs, sources: Sources, used: Sequence[Included], *, msp: MspId) -> Digest:
    """Return the possession hash over the used updates in canonical order."""
    files = [sources.updates[update.update] for update in used]
    for file in files:
        file.seek(0)
    return possession(msp, inputs.round.study, inputs.round.round, inputs.round.attempt, files)


def unproven(view: RoundView, inputs: Inputs, sources: Sources, used: Sequence[Included]) -> list[MspId]:
    """Return who attested the round's model with a possession hash that is not the one of these updates."""
    counted = set(view.round.attested_by)
    return [
        said.msp
        for said in view.attestations
        if (said.attempt, said.msp in counted) == (view.round.attempt, True)
        and said.possession != prove_possession(inputs, sources, used, msp=said.msp)
    ]
