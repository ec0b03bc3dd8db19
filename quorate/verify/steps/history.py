"""Step 7: the state machines replayed, and what the bundle derives from the ledger derived again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate.blocks.errors import BlockError
from quorate.blocks.transaction import require_plain
from quorate.errors import IntegrityError
from quorate.records.policy import Policy
from quorate.records.privacy import Account, Reservation
from quorate.records.round import Round
from quorate.records.study import Study
from quorate.verify.bundle import names
from quorate.verify.bundle.bounds import MAX_LINE
from quorate.verify.bundle.events import event_line
from quorate.verify.bundle.proofs import proofs_document
from quorate.verify.bundle.scope import InScope
from quorate.verify.errors import Fault
from quorate.verify.replay import keys
from quorate.verify.replay.replay import Replay, stamp_of
from quorate.verify.report import Step
from quorate.verify.steps.copies import copied_attestations
from quorate.verify.wording import count

if TYPE_CHECKING:
    from typing import BinaryIO

    from quorate.blocks.identity import Identity
    from quorate.verify.bundle.manifest import Manifest
    from quorate.verify.bundle.reader import Bundle
    from quorate.verify.findings import Findings
    from quorate.verify.replay.world import World
    from quorate.verify.steps.transactions import Applied

_STEP = Step.REPLAY
_HELD = {"study": "one study", "rounds": "some rounds of one study", "time": "a stretch of time"}


class History:
    """Replays a chaincode's transactions and reads the exported events beside them.

    Parameters
    ----------
    bundle, manifest
        What was exported, and about what.
    events
        ``events.jsonl``, open at its beginning.
    findings
        What is not right goes there.
    """

    def __init__(self, bundle: Bundle, manifest: Manifest, events: BinaryIO, findings: Findings) -> None:
        scope = manifest.scope
        self._bundle = bundle
        self._manifest = manifest
        self._events = events
        self._findings = findings
        self._lines = 0
        self._whole = scope.kind == "ledger"
        self._replays = scope.kind != "time"
        self._scope = InScope(manifest.chaincode, scope.extent)
        self._replay = Replay(manifest.chaincode, whole=self._whole)
        self._times: list[int] = []
        self._has_strayed = self._lines_differ = False
        self._resubmitted = 0

    @property
    def world(self) -> World:
        """The state that was replayed."""
        return self._replay.world

    def take(self, applied: Applied) -> None:
        """Replay a transaction, if it is the chaincode's and in scope."""
        if self._has_strayed:
            return
        line = b""
        self._has_strayed = True
        with self._findings.catching(_STEP, applied.place):
            if self._scope.concerns(applied.transaction):
                line = self._replay_one(applied)
            self._has_strayed = False
        self._take_line(line)

    def conclude(self, findings: Findings) -> None:
        """Compare the rest of what was exported, and say what was found."""
        if self._has_strayed or findings.has_failed(Step.TRANSACTIONS, Step.VALIDITY):
            why = "they rest on every transaction that counted, and not every one of those holds"
            findings.not_checked(_STEP, "the events, proofs and numbers that the bundle derives", why=why)
        else:
            self._verify_derived()
        self._say_what_was_found(findings)
        self._say_what_was_not(findings)

    def _replay_one(self, applied: Applied) -> bytes:
        """Return the line of a transaction among the events, having replayed it."""
        require_plain(applied.transaction, applied.action)
        proposer = self._proposer(applied)
        stamp = stamp_of(applied.transaction, proposer.msp_id, proposer.outline)
        if self._replays:
            self._replay.apply(applied.action, stamp)
        self._times.append(applied.transaction.claimed_time)
        return event_line(
            block=applied.block,
            index=applied.index,
            transaction=applied.transaction,
            action=applied.action,
            actor=stamp,
        )

    def _proposer(self, applied: Applied) -> Identity:
        """Return whom the chaincode took for the caller: who signed the proposal, not who signed what came of it.

        One member can cut what an id follows from, nonce and creator, in two places.
        """
        proposer = applied.config.directory.perhaps(applied.action.proposer[0])
        if proposer.msp_id != applied.creator.msp_id:
            raise BlockError(f"{applied.creator.msp_id} submitted what {proposer.msp_id} had proposed")
        self._resubmitted += proposer.who != applied.creator.who
        return proposer

    def _verify_derived(self) -> None:
        if not self._lines_differ and self._events.read(1):
            place = f"{names.EVENTS}, line {self._lines + 1}"
            self._findings.failed(Fault(_STEP, place, "no transaction in scope announced this"))
        self._verify_proofs()
        self._verify_manifest()

    def _say_what_was_found(self, findings: Findings) -> None:
        if self._replays:
            self._say_what_was_replayed(findings)
        findings.verified(
            _STEP, f"{count(self._lines, 'line')} of {names.EVENTS} and all inclusion proofs follow from the blocks"
        )

    def _say_what_was_replayed(self, findings: Findings) -> None:
        rounds = list(self.world.all(Round))
        accounts = list(self.world.all(Account))
        findings.verified(
            _STEP,
            f"{count(self._replay.applied, 'transaction')} led to exactly the records that the rules allow: "
            f"{count(len(list(self.world.all(Study))), 'study', 'studies')} with {count(len(rounds), 'round')}, "
            f"{sum(found.state == 'FINAL' for found in rounds)} of them final; every organisation's own records were "
            f"written by itself",
        )
        which = "in force at each" if self._whole else "that the bundle holds"
        findings.verified(
            _STEP,
            f"{count(self._replay.decisions.asked, 'step')} decided again by the access policies {which}: all were "
            f"allowed",
        )
        if self._whole:
            reservations = len(list(self.world.all(Reservation)))
            findings.verified(
                _STEP,
                f"{count(reservations, 'reservation')} and the totals of {count(len(accounts), 'privacy account')} "
                f"were computed anew",
            )

    def _take_line(self, line: bytes) -> None:
        if not line or self._lines_differ:
            return
        self._lines += 1
        if self._events.readline(max(len(line), MAX_LINE)) != line:
            self._lines_differ = True  # and so will all that follow
            message = "the line is not what the ledger's transaction announced"
            self._findings.failed(Fault(_STEP, f"{names.EVENTS}, line {self._lines}", message))

    def _verify_proofs(self) -> None:
        expected = {
            names.proofs_name(found.study, found.round): found for found in self.world.all(Round) if found.sealed
        }
        found = {name for name in self._bundle.members if name.startswith("proofs/")}
        for name in sorted(found ^ expected.keys()):
            message = "there is one file of proofs for every sealed round, and for no other"
            self._findings.failed(Fault(_STEP, name, message))
        for name, record in expected.items():
            with self._findings.catching(_STEP, name):
                if name in self._bundle and self._bundle.read(name) != proofs_document(record):
                    raise IntegrityError("the proofs are not those of the round's leaves")

    def _verify_manifest(self) -> None:
        scope, manifest = self._manifest.scope, self._manifest
        policies = [(found.version, found.digest) for found in self.world.all(Policy)]
        claims = {
            "rounds": (scope.rounds, sum(1 for _ in self.world.all(Round))),
            "first claimed time": (scope.first_claimed_time, min(self._times, default=None)),
            "last claimed time": (scope.last_claimed_time, max(self._times, default=None)),
            "policies": ([(found.version, found.digest) for found in manifest.policies], sorted(policies)),
        }
        if scope.study is not None and self.world.get(Study, keys.study(scope.study)) is None:
            message = f"the bundle holds nothing of the study {scope.study}, which it is said to be about"
            self._findings.failed(Fault(_STEP, names.MANIFEST, message))
        for what, (claimed, replayed) in claims.items():
            if claimed != replayed:
                message = f"the manifest names {what} {claimed}, the ledger holds {replayed}"
                self._findings.failed(Fault(_STEP, names.MANIFEST, message))

    def _say_what_was_not(self, findings: Findings) -> None:
        if copied := list(copied_attestations(self.world)):
            why = f"the same possession hash was given by {'; '.join(copied[:10])}: one of them has copied"
            findings.not_checked(_STEP, "that everybody who attested a model had its updates", why=why)
        if waiting := self._replay.decisions.waiting:
            why = "they came before a charter, and the policies that decided them are on the ledger only with one"
            findings.not_checked(_STEP, f"that the access policies allowed {count(waiting, 'step')}", why=why)
        if self._resubmitted:
            why = "others of their organisation submitted them, and only their endorsers saw who had proposed them"
            message = (
                f"that {count(self._resubmitted, 'transaction')} came from the certificates that their records name"
            )
            findings.not_checked(_STEP, message, why=why)
        findings.not_checked(
            _STEP,
            "that each announced event says what its records say",
            why="events are shown as endorsers signed them; the records are what counts, and those were checked",
        )
        if not self._replays:
            findings.not_checked(
                _STEP,
                "that the rules and the access policies led to what was written",
                why="the bundle holds the blocks of a stretch of time, and every step rests on all the ones before it",
            )
        if not self._whole:
            findings.not_checked(
                _STEP,
                "totals and absences: what data sets spent in all, and that no vote, commit, study, change of the "
                "members or of the access policies, or definition of the chaincode is left out",
                why=f"the bundle holds the blocks of {_HELD[self._manifest.scope.kind]}, not the whole ledger",
            )
