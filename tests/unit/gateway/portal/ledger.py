"""A ledger on which everything that a page shows has happened, each step announced as the chaincode announces it."""

from pathlib import Path

from quorate.digest import digest_of
from quorate.records.consortium import MemberProposal
from quorate.records.policy import CurrentPolicy, PolicyProposal
from quorate.verify.replay import keys
from tests.unit.quorate.ledger.chain import transaction
from tests.unit.quorate.ledger.consortium import CHAINCODE, DATA, Consortium, Ledger

DEFAULT_POLICY = Path("chaincode/authz/default.cedar").read_text(encoding="utf-8")
STRICTER = DEFAULT_POLICY + (
    '\n@id("no-one-trains-at-new-year")\nforbid (principal, action == Action::"data.train", resource)\n'
    'when { context.now >= datetime("2027-01-01") && context.now < datetime("2027-01-02") };\n'
)
NEWCOMER = {"msp": "ElmMSP", "fingerprint_key": digest_of(b"Elm's")}

TITLES = {"one": "Readmission after heart failure", "two": "Early warning of sepsis"}
_ENDORSEMENT_POLICY_FAILURE = 10

_PLAIN = {
    "consortium:Found": "consortium.proposed",
    "consortium:Confirm": "consortium.confirmed",
    "consortium:ProposeMember": "consortium.change_proposed",
    "consortium:Vote": "consortium.voted",
    "policy:Propose": "policy.proposed",
    "policy:Vote": "policy.voted",
    "policy:Tally": "policy.in_force",
    "dataset:Register": "dataset.registered",
    "study:Propose": "study.proposed",
    "study:Vote": "study.voted",
    "study:Accept": "study.accepted",
    "study:Start": "study.started",
    "study:Suspend": "study.suspended",
    "round:Open": "round.opened",
    "round:Decline": "round.declined",
    "round:Commit": "round.committed",
    "round:Seal": "round.sealed",
    "round:Attest": "round.attested",
    "round:Finalize": "round.finalized",
    "audit:AnchorAccessLog": "audit.access_log_anchored",
}


class TellingLedger(Ledger):
    """A ledger whose transactions say what happened, under the policies that consortia begin with."""

    PAUSE_MS = 4_321

    def __init__(self, names=("Alder", "Birch", "Cedar"), **more):
        super().__init__(names, policy=DEFAULT_POLICY, **more)

    def _told(self, member, function, fields, writes):
        return {"type": self._kind(function, fields, writes), **_facts(member.msp_id, fields)}

    @staticmethod
    def _kind(function, fields, writes):
        if function == "privacy:Reserve":
            return "privacy.refused" if any(b'"REFUSED"' in value for value in writes.values()) else "privacy.reserved"
        if function == "study:Tally":
            return {"approve": "study.approved", "accept": "study.ready"}[fields["motion"]]
        if function == "consortium:Tally":
            return {"founding": "consortium.founded", "members": "consortium.amended"}[fields["motion"]]
        if function == "audit:RecordReview":
            return {"OPEN": "audit.review_opened"}.get(fields["state"], f"audit.review_{fields['state'].lower()}")
        if function == "round:Retry":
            return "round.disputed" if any(b'"DISPUTED"' in value for value in writes.values()) else "round.retried"
        return _PLAIN[function]


def _facts(msp, fields):
    facts = {name: fields[name] for name in ("study", "round", "dataset", "proposal", "review") if name in fields}
    if "dataset" in facts:
        facts["msp"] = msp
    for name in ("update", "model", "head"):
        if fields.get(name):
            facts["digest"] = fields[name]
    return facts


class House(Consortium):
    """A consortium, and the steps that the verifier's own has no word for."""

    def __init__(self, ledger=None, **more):
        super().__init__(ledger or TellingLedger(per_block=2), rounds=6, **more)

    def terms(self, initial, rounds):
        version = self.ledger.world.get(CurrentPolicy, keys.current_policy())
        terms = super().terms(initial, rounds) | {"policy_version": version.version if version else 1}
        return terms | {"title": TITLES[self.study]}

    def spoil(self):
        """Put a transaction into a block that peers found invalid."""
        self.ledger.cut()
        entry = transaction(
            self.members[1].roles["aggregator"], CHAINCODE, [b"round:Seal", b"{}"], writes={},
            endorsers=self.ledger.endorsers, time_ms=self.ledger.time,
        )  # fmt: skip
        self.ledger.chain.append([entry], codes=bytes([_ENDORSEMENT_POLICY_FAILURE]))

    def call(self, function, *, by=0, role="operator", **fields):
        return self.ledger.call(self.members[by], role, function, **fields)

    def adopt(self):
        base = digest_of(DEFAULT_POLICY.encode())
        self.call("policy:Propose", proposal="holiday", title="Nobody trains at New Year", base=base, text=STRICTER)
        digest = self.ledger.world.need(PolicyProposal, keys.policy_proposal("holiday")).digest
        for voter in (0, 1, 2):
            self.call("policy:Vote", by=voter, proposal="holiday", digest=digest, choice="approve")
        self.call("policy:Tally", proposal="holiday")

    def admit(self):
        self.call("consortium:ProposeMember", proposal="elm", member=NEWCOMER)
        digest = self.ledger.world.need(MemberProposal, keys.member_proposal("elm")).digest
        for voter, choice in ((0, "approve"), (2, "reject"), (1, "approve")):
            self.call("consortium:Vote", by=voter, proposal="elm", digest=digest, choice=choice)
        self.call("consortium:Tally", motion="members", proposal="elm")

    def dispute(self, number):
        """Walk a round in which no two attesters ever agree."""
        self.open(number)
        for member in self.members:
            self.commit(member, number)
        self.seal(number)
        while self.record(number).state == "SEALED":
            attempt = self.record(number).attempt
            _, proof = self.aggregate(number)
            for member in self.members:
                model = digest_of(f"{member.name} {attempt}".encode())
                self.attest(member, number, model, proof(member.msp_id))
            self.call("round:Retry", role="aggregator", study=self.study, round=number, attempt=attempt)

    def review(self, name, subject, state, **findings):
        about = {"review": name, "subject": subject, "state": state}
        self.call("audit:RecordReview", role="officer", **about, findings=findings)

    @property
    def blocks(self):
        self.ledger.cut()
        return [block.SerializeToString() for block in self.ledger.chain.blocks]


def lawful():
    """Return a house that has voted, trained, disputed, reviewed, anchored, and run out of a budget, by the rules.

    The second study's only round is still open.
    """
    house = House(cap="1.39")
    house.round(1)
    house.adopt()
    house.round(2, silent=("Cedar",))
    house.review("cedar-silent", "round/one/2", "OPEN")
    house.review("first-model", "round/one/1", "OPEN")
    house.review("first-model", "round/one/1", "ASSIGNED", reviewer="ab" * 32)
    note = digest_of(b"a note")
    house.review(
        "charter", "ledger", "CONCLUDED", reviewer="cd" * 32, meaning="approval", outcome="accepted", note=note
    )
    house.call("audit:AnchorAccessLog", role="aggregator", entries=3, head=digest_of(b"a head"))
    house.admit()
    house.dispute(3)
    second = House(house.ledger, study="two")
    second.open(1)
    where = {"study": "two", "round": 1, "dataset": DATA}
    for by in (0, 1):
        second.call("privacy:Reserve", by=by, role="agent", **where)
    second.call("round:Decline", by=0, role="agent", **where, reason="policy")
    second.commit(second.members[2], 1)
    return house


def lively():
    """Return a house where every page has something to show: the lawful one, and an invalid transaction."""
    house = lawful()
    house.spoil()
    return house
