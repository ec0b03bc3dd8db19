"""Step 8: with updates and models at hand, every aggregate is computed again and every digest reproduced."""

from __future__ import annotations

import io
from contextlib import ExitStack
from typing import TYPE_CHECKING

from quorate.aggregation import InvalidUpdate, UpdateTerms, aggregate, possession, rule_named, validate_update
from quorate.errors import IntegrityError, UsageError
from quorate.records.round import Attestation, Included, Round
from quorate.records.study import Study
from quorate.tensors import Header, Reader, Schema
from quorate.verify.bundle import names
from quorate.verify.replay import keys
from quorate.verify.report import Step
from quorate.verify.wording import count

if TYPE_CHECKING:
    from typing import BinaryIO

    from _typeshed import ReadableBuffer

    from quorate.digest import Digest
    from quorate.verify.bundle.reader import Bundle
    from quorate.verify.findings import Findings
    from quorate.verify.progress import Progress
    from quorate.verify.replay.world import World

_STEP = Step.ARTIFACTS


def verify_artifacts(bundle: Bundle, world: World, findings: Findings, progress: Progress) -> None:
    """Say which models were made again from their base and updates, and which could not be."""
    final = sorted((found for found in world.all(Round) if found.state == "FINAL"), key=lambda r: (r.study, r.round))
    studies = {study.study: study for study in world.all(Study)}
    made, attested, absent = 0, 0, []
    for done, round_ in enumerate(final):
        place = f"round {round_.round} of {round_.study}"
        progress(_STEP, done, len(final))
        with findings.catching(_STEP, place):
            recomputation = _Recomputation(bundle, world, studies[round_.study], round_)
            if not recomputation.is_possible:
                absent.append(place)
                continue
            recomputation.verify_model()
            attested += recomputation.verify_attestations()
            made += 1
    if made:
        findings.verified(
            _STEP,
            f"{count(made, 'model')} computed again from base and updates, to the last bit; "
            f"{count(attested, 'attestation')} with the possession hash of these updates",
        )
    if absent:
        findings.not_checked(
            _STEP,
            f"that {count(len(absent), 'final model')} came from aggregating their updates ({', '.join(absent[:3])}"
            f"{', …' if len(absent) > 3 else ''})",  # noqa: PLR2004 - a few name the kind
            why="the bundle does not hold their base and all their updates; the quorum of attesters stands for them",
        )


class _Recomputation:
    """One final round, with what the bundle has of its bytes."""

    def __init__(self, bundle: Bundle, world: World, study: Study, round_: Round) -> None:
        excluded = {(found.msp, found.dataset) for found in round_.excluded}
        self._bundle = bundle
        self._world = world
        self._study = study
        self._round = round_
        self._used = [found for found in round_.included if (found.msp, found.dataset) not in excluded]
        self._invalid = {(found.msp, found.dataset) for found in round_.excluded if found.reason == "invalid"}
        self._schema = Schema.from_json([tensor.model_dump() for tensor in study.terms.model.tensors])

    @property
    def is_possible(self) -> bool:
        digests = [self._round.base, *(found.update for found in self._used)]
        return all(names.artifact_name(digest) in self._bundle for digest in digests)

    def verify_model(self) -> None:
        """Compute the aggregate and compare its digest."""
        terms = self._study.terms
        rule = rule_named(terms.aggregation.rule, terms.aggregation.parameters)
        with ExitStack() as stack:
            base = self._reader(stack, self._round.base, self._base_header())
            updates = [
                (found.weight, self._reader(stack, found.update, self._update_header(found))) for found in self._used
            ]
            found = aggregate(base, updates, io.BufferedWriter(_Nowhere()), bound=terms.bound, rule=rule)
        if found != self._round.model:
            raise IntegrityError(f"the updates make the model {found}, and the ledger names {self._round.model}")
        self._verify_invalid()

    def verify_attestations(self) -> int:
        """Compare the possession hash of every attestation that found this model; return how many there are."""
        count = 0
        for msp in self._round.attested_by:
            key = keys.attest(self._round.study, self._round.round, self._round.attempt, msp)
            attestation = self._world.need(Attestation, key)
            with ExitStack() as stack:
                sources = [self._open(stack, found.update) for found in self._used]
                expected = possession(msp, self._round.study, self._round.round, self._round.attempt, sources)
            if attestation.possession != expected:
                raise IntegrityError(f"{msp} attested with another possession hash than these updates have")
            count += 1
        return count

    def _verify_invalid(self) -> None:
        """Return when every update that was excluded as invalid, and is at hand, is invalid."""
        for found in self._round.included:
            if (found.msp, found.dataset) not in self._invalid or names.artifact_name(found.update) not in self._bundle:
                continue
            terms = UpdateTerms(schema=self._schema, header=self._update_header(found), bound=self._study.terms.bound)
            with ExitStack() as stack:
                try:
                    validate_update(self._open(stack, found.update), terms=terms)
                except InvalidUpdate:
                    continue
            raise IntegrityError(
                f"the update of {found.dataset} of {found.msp} was excluded as invalid, and it is valid"
            )

    def _base_header(self) -> Header:
        if self._round.finals_before == 0:
            return Header.initial_model(self._study.study)
        for found in self._world.all(Round):
            if found.study == self._study.study and found.model == self._round.base:
                return Header.model(study=found.study, round=found.round, base=found.base)
        raise UsageError(f"no round of the study made the base {self._round.base}")

    def _update_header(self, found: Included) -> Header:
        return Header.update(
            study=self._round.study,
            round=self._round.round,
            msp=found.msp,
            dataset=found.dataset,
            base=self._round.base,
        )

    def _reader(self, stack: ExitStack, digest: Digest, header: Header) -> Reader:
        return stack.enter_context(Reader(self._open(stack, digest), self._schema, header, digest=digest))

    def _open(self, stack: ExitStack, digest: Digest) -> BinaryIO:
        return stack.enter_context(self._bundle.open(names.artifact_name(digest)))


class _Nowhere(io.RawIOBase):
    """A file that forgets: only the digest of what is written to it counts."""

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        return memoryview(data).nbytes
