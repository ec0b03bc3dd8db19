"""Everybody's steps on a ledger that the real chaincode writes, for tests of evidence."""

import io

import numpy as np

from gateway.ledger.session import Profile, open_session
from network.identity.layout import Role
from quorate.aggregation import aggregate, possession
from quorate.digest import digest_of
from quorate.records.functions import (
    CONSORTIUM_CONFIRM,
    CONSORTIUM_FOUND,
    CONSORTIUM_TALLY,
    DATASET_REGISTER,
    DATASET_REVISE,
    PRIVACY_RESERVE,
    ROUND_ATTEST,
    ROUND_COMMIT,
    ROUND_DECLINE,
    ROUND_FINALIZE,
    ROUND_OPEN,
    ROUND_RETRY,
    ROUND_SEAL,
    STUDY_ACCEPT,
    STUDY_PROPOSE,
    STUDY_START,
    STUDY_TALLY,
    STUDY_VOTE,
)
from quorate.tensors import Header, Reader, Schema, TensorSpec, encode

SCHEMA = Schema((TensorSpec("weight", (4,)),))
BOUND = 1_000_000


class Walk:
    """Everybody's sessions, and the steps of a study."""

    def __init__(self, connection, stack, study):
        self.connection = connection
        self.study = study
        self.names = [member.name for member in connection.organisations]
        self.msps = {member.name: member.msp_id for member in connection.organisations}
        self._stack = stack
        self._sessions = {}
        self.initial = encode(SCHEMA, Header.initial_model(study), {"weight": np.arange(4)})
        self.updates = {}
        self.models = {}
        self.policy_version = 1

    async def as_(self, name, role):
        if (name, role) not in self._sessions:
            session = open_session(profile(self.connection.organisation(name), role))
            self._sessions[name, role] = await self._stack.enter_async_context(session)
        return self._sessions[name, role]

    async def call(self, name, role, function, **fields):
        return await (await self.as_(name, role)).ledger.settling().call(function, **fields)

    async def every(self, role, function, **fields):
        for name in self.names:
            await self.call(name, role, function, **fields)

    async def found(self):
        first = self.names[0]
        key = digest_of(b"key")
        founding = await self.call(
            first,
            Role.OPERATOR,
            CONSORTIUM_FOUND,
            title="Evidence",
            members=[{"msp": msp, "fingerprint_key": key} for msp in sorted(self.msps.values())],
            quorum={"studies": "majority", "members": "two-thirds", "policies": "two-thirds"},
            clock_skew_ms=10_000,
            voting_period_ms=600_000,
        )
        agreed = {"proposer": founding.proposer, "charter_digest": founding.charter_digest}
        await self.every(Role.OPERATOR, CONSORTIUM_CONFIRM, **agreed)
        await self.call(first, Role.OPERATOR, CONSORTIUM_TALLY, motion="founding", proposer=founding.proposer)

    async def ballots(self, function, proposal, choices):
        """Have the first members vote on a proposal, one choice each."""
        for voter, choice in zip(self.names, choices, strict=False):
            about = {"proposal": proposal.proposal, "digest": proposal.digest}
            await self.call(voter, Role.OPERATOR, function, **about, choice=choice)

    async def register(self, caps):
        for name, cap in zip(self.names, caps, strict=True):
            about = {
                "dataset": self.study,
                "title": "Records — of tests",
                "purposes": ["research"],
                "fingerprint": digest_of(f"{name} {self.study}".encode()),
                "cap": {"epsilon": cap, "delta": "1e-5"},
            }
            await self.call(
                name,
                Role.STEWARD,
                DATASET_REGISTER,
                **about,
                unit="record",
                adjacency="add-or-remove-one",
                protection="dp",
            )
        about["title"] = "Records, revised"
        await self.call(name, Role.STEWARD, DATASET_REVISE, **about)

    async def agree(self):
        study = await self.call(self.names[0], Role.OPERATOR, STUDY_PROPOSE, study=self.study, terms=self.terms())
        about = {"study": self.study, "version": study.version, "terms_digest": study.terms_digest}
        await self.every(Role.OPERATOR, STUDY_VOTE, **about, motion="approve", choice="approve")
        await self.call(self.names[0], Role.OPERATOR, STUDY_TALLY, study=self.study, motion="approve")
        await self.every(Role.STEWARD, STUDY_ACCEPT, **about)
        await self.call(self.names[0], Role.OPERATOR, STUDY_TALLY, study=self.study, motion="accept")
        await self.call(self.names[0], Role.OPERATOR, STUDY_START, study=self.study)

    def terms(self, **changes):
        return {
            "schema": "quorate.terms/1",
            "title": "A study",
            "purpose": "research",
            "participants": [{"msp": msp, "dataset": self.study, "weight": 3} for msp in sorted(self.msps.values())],
            "plan": digest_of(b"plan"),
            "model": {"tensors": SCHEMA.to_json(), "initial": digest_of(self.initial)},
            "aggregation": {"rule": "weighted-mean", "parameters": {}},
            "scale_bits": 24,
            "bound": BOUND,
            "rounds": 2,
            "max_rounds": 3,
            "minimum_commits": 2,
            "commit_timeout_ms": 600_000,
            "attest_timeout_ms": 600_000,
            "attesters": sorted(self.msps.values()),
            "m": 3,
            "unit": "record",
            "adjacency": "add-or-remove-one",
            "privacy": {
                "mechanism": "dp-sgd",
                "noise_multiplier": "4",
                "sample_rate": "1/4",
                "steps_per_round": 6,
                "clipping_norm": "1",
                "expected_batch_size": 32,
                "delta": "1e-5",
            },
            "policy_version": self.policy_version,
            **changes,
        }

    async def commit(self, name, round_):
        where = {"study": self.study, "round": round_.round, "dataset": self.study}
        reservation = await self.call(name, Role.AGENT, PRIVACY_RESERVE, **where)
        if reservation.status == "REFUSED":
            return
        header = Header.update(
            study=self.study, round=round_.round, msp=self.msps[name], dataset=self.study, base=round_.base
        )
        data = encode(SCHEMA, header, {"weight": np.array([len(name), 2, 3, round_.round], np.int32)})
        self.updates[digest_of(data)] = (header, data)
        await self.call(name, Role.AGENT, ROUND_COMMIT, **where, base=round_.base, update=digest_of(data))

    def base(self, round_):
        if round_.finals_before == 0:
            return Reader(self.initial, SCHEMA, Header.initial_model(self.study))
        header = Header.model(study=self.study, round=round_.round - 1, base=digest_of(self.initial))
        return Reader(self.models[round_.base], SCHEMA, header)

    async def attest(self, name, sealed, model, sources):
        await self.call(
            name,
            Role.AGGREGATOR,
            ROUND_ATTEST,
            study=self.study,
            round=sealed.round,
            attempt=sealed.attempt,
            model=model,
            excluded=[],
            possession=possession(self.msps[name], self.study, sealed.round, sealed.attempt, sources),
        )

    async def round(self, number, *, disagreement=False, declining=()):
        where = {"study": self.study, "round": number}
        first = self.names[0]
        opened = await self.call(first, Role.AGGREGATOR, ROUND_OPEN, **where)
        for name in self.names:
            if name in declining:
                await self.call(name, Role.AGENT, ROUND_DECLINE, **where, dataset=self.study, reason="policy")
            else:
                await self.commit(name, opened)
        sealed = await self.call(first, Role.AGGREGATOR, ROUND_SEAL, **where)
        sources = [self.updates[found.update] for found in sealed.included]
        weighted = [
            (found.weight, Reader(data, SCHEMA, header))
            for found, (header, data) in zip(sealed.included, sources, strict=True)
        ]
        out = io.BytesIO()
        model = aggregate(self.base(opened), weighted, out, bound=BOUND)
        files = [data for _, data in sources]
        if disagreement:
            for name in self.names:
                await self.attest(name, sealed, digest_of(name.encode()), files)
            sealed = await self.call(first, Role.AGGREGATOR, ROUND_RETRY, **where, attempt=1)
        for name in self.names:
            await self.attest(name, sealed, model, files)
        final = await self.call(first, Role.AGGREGATOR, ROUND_FINALIZE, **where)
        assert final.state == "FINAL"
        self.models[model] = out.getvalue()
        return final


def profile(member, role):
    paths = member.paths
    identity = paths.identity(role)
    return Profile(
        msp_id=member.msp_id,
        gateway=member.address.replace("127.0.0.1", member.server_name),
        tls_ca=member.tls_ca,
        tls_certificate=paths.agent_tls.cert,
        tls_key=paths.agent_tls.key,
        certificate=identity.cert,
        key=identity.key,
    )


def save_profile(path, member, role, **changes):
    """Write the profile of an identity whose gateway is its peer, which speaks the same protocol; return its path."""
    values = profile(member, role).model_dump(mode="json", exclude_none=True) | changes
    path.write_text("".join(f'{name} = "{value}"\n' for name, value in values.items()))
    return path
