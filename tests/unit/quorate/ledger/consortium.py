"""A consortium on a ledger made by hand: calls go in, blocks come out.

What a call writes is taken from the verifier's own rules; that those are the chaincode's is shown elsewhere, against a
ledger that the chaincode made.
"""

import hashlib
import io
import secrets

import numpy as np

from quorate import canonical
from quorate.aggregation import aggregate, possession
from quorate.blocks.outline import outline_of
from quorate.digest import digest_of
from quorate.records.common import Stamp, make
from quorate.records.functions import FUNCTIONS
from quorate.records.policy import Policy
from quorate.records.round import Round
from quorate.tensors import Header, Reader, Schema, TensorSpec, encode
from quorate.verify.replay import keys
from quorate.verify.replay.call import Call
from quorate.verify.replay.rules import RULES
from quorate.verify.replay.world import World
from tests.unit.quorate.ledger.chain import Chain, definition, transaction
from tests.unit.quorate.ledger.configuration import channel_group, config_entry
from tests.unit.quorate.ledger.organisations import Organisation

CHAINCODE = "quorate"
START = 1_790_000_000_000
SCHEMA = Schema((TensorSpec("weight", (3,)),))
POLICY = '@id("all")\npermit(principal, action, resource);\n'
DATA = "records"


class Ledger:
    """Members, an orderer and a chain on which the chaincode is defined."""

    PAUSE_MS = 5

    def __init__(self, names=("Alder", "Birch", "Cedar"), *, development=False, per_block=4, policy=POLICY):
        self.members = [Organisation.new(name) for name in names]
        self.ordering = Organisation.new("Orderers")
        self.group = channel_group(self.members, self.ordering, development=development)
        self.chain = Chain(self.ordering.orderer, config_entry(self.group))
        self.world = World()
        self.time = START
        self._pending = []
        self.policy = policy
        self._per_block = per_block
        self.chain.append([self.define(CHAINCODE)])

    @property
    def genesis(self):
        return self.chain.genesis

    @property
    def officer(self):
        return self.members[0].roles["officer"]

    @property
    def endorsers(self):
        return [member.peer for member in self.members[: len(self.members) // 2 + 1]]

    def define(self, chaincode):
        return transaction(
            self.members[0].member("admin"),
            "_lifecycle",
            [b"CommitChaincodeDefinition"],
            writes=definition(chaincode),
            endorsers=self.endorsers,
            time_ms=self.time,
        )

    def call(self, member, role, function, /, *, alter=None, signer=None, nonce=None, form=None, **fields):
        """Put a call into the block to come; `alter` may change what it writes, as an altered chaincode would.

        `form` are ways of `transaction`. Return the transaction's id.
        """
        self.time += self.PAUSE_MS
        signer = signer or member.roles[role]
        nonce = nonce or secrets.token_bytes(24)
        request = make(FUNCTIONS[function].request, **fields)
        writes = self._writes(signer, role, function, request, nonce)
        if alter:
            alter(writes)
        told = self._told(member, function, fields, writes)
        self.put(
            transaction(
                signer,
                CHAINCODE,
                [function.encode(), request.encode()],
                writes={(CHAINCODE, key): value for key, value in writes.items()},
                endorsers=self.endorsers,
                time_ms=self.time,
                event=canonical.dumps({"events": [told], "schema": "quorate.events/1"}),
                nonce=nonce,
                **(form or {}),
            )
        )
        return hashlib.sha256(nonce + signer.serialized).hexdigest()

    def _told(self, _member, _function, _fields, _writes):
        """Return the event of a call."""
        return {"type": "test.step"}

    def put(self, entry):
        self._pending.append(entry)
        if len(self._pending) >= self._per_block:
            self.cut()

    def cut(self):
        if self._pending:
            self.chain.append(self._pending)
            self._pending = []

    def _writes(self, signer, role, function, request, nonce):
        stamp = Stamp(
            tx=hashlib.sha256(nonce + signer.serialized).hexdigest(),
            claimed_time=self.time,
            msp=signer.msp_id,
            role=role,
            certificate=outline_of(signer.pem).digest,
        )
        policy = make(Policy, version=1, digest=digest_of(self.policy.encode()), text=self.policy, in_force=stamp)
        call = Call(
            function=function,
            request=request,
            stamp=stamp,
            world=self.world,
            written={keys.policy(1): policy.encode()},
            whole=True,
        )
        expected = RULES[function](call)
        self.world.apply(expected)
        return {key: record.encode() for key, record in expected.items()}


class Consortium:
    """A founded consortium with data sets and a running study, and the bytes of its models and updates."""

    def __init__(self, ledger=None, *, study="one", cap="8", rounds=2, private=True):
        self.ledger = ledger or Ledger()
        self.study = study
        self.artifacts = {}
        self.private = private
        initial = encode(SCHEMA, Header.initial_model(study), {"weight": np.array([1, 2, 3], np.int64)})
        self.keep(initial)
        if not self._is_founded():
            self.found(cap)
        self.run_study(initial, rounds)

    @property
    def members(self):
        return self.ledger.members

    def keep(self, data):
        digest = digest_of(data)
        self.artifacts[digest] = data
        return digest

    @staticmethod
    def propose_founding(ledger):
        ledger.call(
            ledger.members[0],
            "operator",
            "consortium:Found",
            title="Test",
            members=[
                {"msp": found.msp_id, "fingerprint_key": digest_of(b"a fingerprint key")} for found in ledger.members
            ],
            quorum={"studies": "majority", "members": "two-thirds", "policies": "all"},
            clock_skew_ms=1000,
            voting_period_ms=3_600_000,
        )

    def found(self, cap):
        ledger = self.ledger
        names = [member.msp_id for member in self.members]
        self.propose_founding(ledger)
        founding = ledger.world.get(FUNCTIONS["consortium:Found"].answer, keys.founding(names[0]))
        for member in self.members:
            ledger.call(
                member,
                "operator",
                "consortium:Confirm",
                proposer=names[0],
                charter_digest=founding.charter_digest,
            )
        ledger.call(self.members[1], "operator", "consortium:Tally", motion="founding", proposer=names[0])
        for member in self.members:
            ledger.call(
                member,
                "steward",
                "dataset:Register",
                dataset=DATA,
                title="Records",
                unit="record",
                adjacency="add-or-remove-one",
                purposes=["research"],
                protection="dp" if self.private else "unprotected",
                cap={"epsilon": cap, "delta": "1e-5"} if self.private else None,
                fingerprint=digest_of(member.name.encode()),
            )

    def run_study(self, initial, rounds):
        ledger = self.ledger
        terms = self.terms(digest_of(initial), rounds)
        ledger.call(self.members[0], "operator", "study:Propose", study=self.study, terms=terms)
        digest = ledger.world.get(FUNCTIONS["study:Propose"].answer, keys.study(self.study)).terms_digest
        about = {"study": self.study, "version": 1, "terms_digest": digest}
        for member in self.members:
            ledger.call(member, "operator", "study:Vote", **about, motion="approve", choice="approve")
        ledger.call(self.members[0], "operator", "study:Tally", study=self.study, motion="approve")
        for member in self.members:
            ledger.call(member, "steward", "study:Accept", **about)
        ledger.call(self.members[0], "operator", "study:Tally", study=self.study, motion="accept")
        ledger.call(self.members[0], "aggregator", "study:Start", study=self.study)

    def terms(self, initial, rounds):
        privacy = {
            "mechanism": "dp-sgd",
            "noise_multiplier": "4",
            "sample_rate": "1/4",
            "steps_per_round": 6,
            "clipping_norm": "1",
            "expected_batch_size": 32,
            "delta": "1e-5",
        }
        return {
            "schema": "quorate.terms/1",
            "title": "A study",
            "purpose": "research",
            "participants": [{"msp": m.msp_id, "dataset": DATA, "weight": 1} for m in self.members],
            "plan": digest_of(b"plan"),
            "model": {"tensors": SCHEMA.to_json(), "initial": initial},
            "aggregation": {"rule": "weighted-mean", "parameters": {}},
            "scale_bits": 24,
            "bound": 1_000_000,
            "rounds": rounds,
            "max_rounds": rounds + 2,
            "minimum_commits": 2,
            "commit_timeout_ms": 60_000,
            "attest_timeout_ms": 60_000,
            "attesters": [member.msp_id for member in self.members],
            "m": len(self.members) // 2 + 1 if len(self.members) > 2 else 2,
            "unit": "record",
            "adjacency": "add-or-remove-one",
            "privacy": privacy if self.private else {"mechanism": "none"},
            "policy_version": 1,
        }

    def round(self, number, *, silent=()):
        """Walk a round from opening to its final model; members named as silent say nothing."""
        self.open(number)
        for member in self.members:
            if member.name not in silent:
                self.commit(member, number)
        if silent:
            self.ledger.time += 70_000
        self.seal(number)
        model, proof = self.aggregate(number)
        for member in self.members:
            self.attest(member, number, model, proof(member.msp_id))
        self.finalize(number)

    def open(self, number):
        self.ledger.call(self.members[0], "aggregator", "round:Open", study=self.study, round=number)

    def commit(self, member, number, *, numbers=None):
        where = {"study": self.study, "round": number, "dataset": DATA}
        if self.private:
            self.ledger.call(member, "agent", "privacy:Reserve", **where)
        base = self.record(number).base
        header = Header.update(study=self.study, round=number, msp=member.msp_id, dataset=DATA, base=base)
        numbers = numbers or [number, len(member.name), -7]
        update = self.keep(encode(SCHEMA, header, {"weight": np.array(numbers, np.int32)}))
        self.ledger.call(member, "agent", "round:Commit", **where, base=base, update=update)

    def seal(self, number):
        self.ledger.call(self.members[0], "aggregator", "round:Seal", study=self.study, round=number)

    def attest(self, member, number, model, proof, *, excluded=(), **how):
        self.ledger.call(
            member,
            "aggregator",
            "round:Attest",
            study=self.study,
            round=number,
            attempt=self.record(number).attempt,
            model=model,
            excluded=list(excluded),
            possession=proof,
            **how,
        )

    def finalize(self, number, **how):
        self.ledger.call(self.members[0], "aggregator", "round:Finalize", study=self.study, round=number, **how)

    def record(self, number):
        return self.ledger.world.need(Round, keys.round_(self.study, number))

    def aggregate(self, number, *, without=None):
        """Return the round's model, and a function from a member to its possession hash."""
        record = self.record(number)
        used = [found for found in record.included if found.msp != without]
        updates = [
            (
                found.weight,
                Reader(
                    self.artifacts[found.update],
                    SCHEMA,
                    Header.update(
                        study=self.study, round=number, msp=found.msp, dataset=found.dataset, base=record.base
                    ),
                ),
            )
            for found in used
        ]
        out = io.BytesIO()
        base = Reader(self.artifacts[record.base], SCHEMA, self._base_header(record))
        model = aggregate(base, updates, out, bound=1_000_000)
        self.keep(out.getvalue())
        sources = [self.artifacts[found.update] for found in used]
        return model, lambda msp: possession(msp, self.study, number, record.attempt, sources)

    def _base_header(self, record):
        for earlier in self.ledger.world.all(Round):
            if earlier.study == self.study and earlier.model == record.base:
                return Header.model(study=self.study, round=earlier.round, base=earlier.base)
        return Header.initial_model(self.study)

    def _is_founded(self):
        return self.ledger.world.get(FUNCTIONS["consortium:Tally"].answer, keys.charter()) is not None
