"""From an empty ledger to a running study: every step by the identity whose step it is, through its own gateway."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gateway.artifacts.label import Description, Kind, Label
from gateway.artifacts.transfer import ArtifactClient, BytesOrigin
from gateway.ledger.session import Profile, open_session
from network.identity import Role
from participants.demo.configuration import DATASET
from participants.demo.scenario import PURPOSE
from quorate.digest import digest_of
from quorate.errors import TimedOutError
from quorate.identifiers import StudyId
from quorate.records.common import make
from quorate.records.consortium import Found, Member, Quorum
from quorate.records.dataset import Cap, Register
from quorate.records.study import AggregationTerms, Evaluation, ModelTerms, Participant, TensorTerm, Terms

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from gateway.ledger.session import Session
    from participants.demo.scenario import Scenario
    from participants.demo.workspace import MemberPlace
    from quorate.digest import Digest

SKEW_MS: Final = 2_000
COMMIT_TIMEOUT_MS: Final = 60_000
ATTEST_TIMEOUT_MS: Final = 30_000
SCALE_BITS: Final = 24
BOUND: Final = 2**31 - 1
STUDY: Final = StudyId("demo")
_VOTING_PERIOD_MS: Final = 3_600_000
_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The open sessions of every member's roles."""

    sessions: Mapping[tuple[str, Role], Session]
    members: tuple[str, ...]

    def of(self, role: Role) -> list[Session]:
        """Return every member's session of one role, in the members' order."""
        return [self.sessions[member, role] for member in self.members]


@asynccontextmanager
async def everyone(places: Mapping[str, MemberPlace]) -> AsyncIterator[People]:
    """Open a session for every member's operator, steward and officer."""
    async with AsyncExitStack() as stack:
        sessions = {
            (member, role): await stack.enter_async_context(open_session(Profile.load(place.profile(role))))
            for member, place in places.items()
            for role in (Role.OPERATOR, Role.STEWARD, Role.OFFICER)
        }
        yield People(sessions=sessions, members=tuple(places))


async def found(people: People, *, title: str, fingerprint_keys: Mapping[str, bytes]) -> None:
    """Propose a charter, confirm it by every member, and bring it into force."""
    operators = people.of(Role.OPERATOR)
    first = operators[0]
    members = sorted(
        (
            Member(msp=session.profile.msp_id, fingerprint_key=digest_of(fingerprint_keys[name]))
            for name, session in zip(people.members, operators, strict=True)
        ),
        key=lambda member: member.msp,
    )
    founding = await first.ledger.consortium.found(
        make(
            Found,
            title=title,
            members=members,
            quorum=Quorum(studies="majority", members="majority", policies="majority"),
            clock_skew_ms=SKEW_MS,
            voting_period_ms=_VOTING_PERIOD_MS,
        )
    )
    await asyncio.gather(
        *(
            session.ledger.settling().consortium.confirm(
                proposer=founding.proposer, charter_digest=founding.charter_digest
            )
            for session in operators
        )
    )
    await first.ledger.settling().consortium.tally(proposer=founding.proposer)


async def register(people: People, scenario: Scenario, fingerprints: Sequence[Digest], *, cap: str) -> None:
    """Register every member's data set, with its cap or as unprotected."""
    protection: dict[str, Any] = {"protection": "unprotected"}
    if scenario.privacy.delta is not None:
        protection = {"protection": "dp", "cap": Cap(epsilon=cap, delta=scenario.privacy.delta)}
    await asyncio.gather(
        *(
            session.ledger.settling().dataset.register(
                make(
                    Register,
                    dataset=DATASET,
                    title=f"{scenario.name}, {name}'s part",
                    unit="record",
                    adjacency="add-or-remove-one",
                    purposes=[PURPOSE],
                    fingerprint=fingerprint,
                    **protection,
                )
            )
            for name, session, fingerprint in zip(people.members, people.of(Role.STEWARD), fingerprints, strict=True)
        )
    )


def terms_of(
    scenario: Scenario,
    people: People,
    *,
    rounds: int,
    plan: Digest,
    tensors: Sequence[Mapping[str, Any]],
    initial: Digest,
    evaluation: Digest,
    policy_version: int,
) -> Terms:
    """Return the terms of the demo's study."""
    msps = sorted(session.profile.msp_id for session in people.of(Role.OPERATOR))
    return make(
        Terms,
        title=scenario.title,
        purpose=PURPOSE,
        participants=[Participant(msp=msp, dataset=DATASET, weight=1) for msp in msps],
        plan=plan,
        model=ModelTerms(
            tensors=[TensorTerm(name=each["name"], shape=list(each["shape"])) for each in tensors], initial=initial
        ),
        aggregation=AggregationTerms(rule="weighted-mean", parameters={}),
        scale_bits=SCALE_BITS,
        bound=BOUND,
        rounds=rounds,
        max_rounds=rounds + 4,
        minimum_commits=2,
        commit_timeout_ms=COMMIT_TIMEOUT_MS,
        attest_timeout_ms=ATTEST_TIMEOUT_MS,
        attesters=msps,
        m=max(2, len(msps) // 2 + 1),
        unit="record",
        adjacency="add-or-remove-one",
        privacy=scenario.privacy,
        evaluation=Evaluation(digest=evaluation, metrics=["accuracy"]),
        policy_version=policy_version,
    )


async def agree(people: People, terms: Terms, *, files: Mapping[Kind, Path]) -> None:
    """Propose the study, vote it, hand out plan and initial model, accept by every participant, and start."""
    operators = people.of(Role.OPERATOR)
    first = operators[0]
    proposed = await first.ledger.settling().study.propose(STUDY, terms)
    await asyncio.gather(*(_offer(first, kind, path) for kind, path in files.items()))
    await asyncio.gather(
        *(
            session.ledger.settling().study.vote(
                STUDY,
                version=proposed.version,
                terms_digest=proposed.terms_digest,
                motion="approve",
                choice="approve",
            )
            for session in operators
        )
    )
    await first.ledger.settling().study.tally(STUDY, "approve")
    await asyncio.gather(*(_accept(session, terms, proposed.version) for session in people.of(Role.STEWARD)))
    await first.ledger.settling().study.tally(STUDY, "accept")
    await first.ledger.settling().study.start(STUDY)


async def _offer(session: Session, kind: Kind, path: Path) -> None:
    data = await asyncio.to_thread(path.read_bytes)
    description = Description(digest=digest_of(data), size=len(data), label=Label(kind=kind, study=STUDY))
    await ArtifactClient(session.channel).put(description, BytesOrigin(data), within=_SECONDS)


async def _accept(session: Session, terms: Terms, version: int) -> None:
    """Accept once the own gateway holds plan and initial model, as `quorate study accept` asks for."""
    client = ArtifactClient(session.channel)
    await _until_held(client, terms.plan)
    await _until_held(client, terms.model.initial)
    await session.ledger.settling().study.accept(STUDY, version=version, terms_digest=terms.digest)


async def _until_held(client: ArtifactClient, digest: Digest) -> None:
    pause = 0.02
    try:
        async with asyncio.timeout(_SECONDS):
            while not (await client.stat(digest)).complete:
                await asyncio.sleep(pause)
                pause = min(pause * 2, 0.5)
    except TimeoutError as error:
        raise TimedOutError(f"a gateway did not fetch {digest} within {_SECONDS:g} s") from error
