"""A ledger whose answers are known: votes, a refused charge, a disagreement, reviews, a withdrawn model."""

from network.identity.layout import Role
from quorate.digest import digest_of
from quorate.records.functions import (
    CONSORTIUM_PROPOSE_MEMBER,
    CONSORTIUM_PROPOSE_REMOVAL,
    CONSORTIUM_TALLY,
    CONSORTIUM_VOTE,
    DATASET_RETIRE,
    MODEL_RETIRE,
    POLICY_GET,
    POLICY_PROPOSE,
    POLICY_TALLY,
    POLICY_VOTE,
)
from tests.integration.evidence_walk import Walk, save_profile

ADDED = (
    '\n@id("quiet") forbid (principal, action == Action::"data.train", resource) when { resource.state == "NEVER" };\n'
)
TIGHT_CAP = "0.8"  # bears one round of the study (0.7104), not two (0.9876)


class Known(Walk):
    """Everything that the questions of an officer are about, once."""

    async def take(self):
        await self.found()
        await self.register(["8", "8", "8", TIGHT_CAP])
        await self.change_members()
        await self.change_policies()
        self.policy_version = 2
        await self.agree()
        first = await self.round(1, disagreement=True)
        second = await self.round(2, declining=(self.names[2],))
        await self.call(self.names[0], Role.OPERATOR, MODEL_RETIRE, model=second.model, reason=digest_of(b"why"))
        await self.call(self.names[3], Role.STEWARD, DATASET_RETIRE, dataset=self.study)
        return first, second

    async def change_members(self):
        newcomer = {"msp": "FirMSP", "fingerprint_key": digest_of(b"Fir's")}
        admission = await self.call(
            self.names[0], Role.OPERATOR, CONSORTIUM_PROPOSE_MEMBER, proposal="fir", member=newcomer
        )
        await self.ballots(CONSORTIUM_VOTE, admission, ["approve", "approve", "approve", "reject"])
        await self.call(self.names[1], Role.AGGREGATOR, CONSORTIUM_TALLY, motion="members", proposal="fir")
        removal = await self.call(
            self.names[1], Role.OPERATOR, CONSORTIUM_PROPOSE_REMOVAL, proposal="fir-out", msp="FirMSP"
        )
        await self.ballots(CONSORTIUM_VOTE, removal, ["approve"] * 4)
        await self.call(self.names[1], Role.AGGREGATOR, CONSORTIUM_TALLY, motion="members", proposal="fir-out")

    async def change_policies(self):
        current = await self.call(self.names[0], Role.OPERATOR, POLICY_GET)
        about = {"proposal": "quiet", "title": "A rule for nothing", "base": current.digest}
        proposal = await self.call(self.names[0], Role.OPERATOR, POLICY_PROPOSE, **about, text=current.text + ADDED)
        await self.ballots(POLICY_VOTE, proposal, ["approve", "reject", "approve", "approve"])
        await self.call(self.names[2], Role.OPERATOR, POLICY_TALLY, proposal="quiet")


def write_profile(path, gateway, role):
    """Write the profile of an identity that speaks to a gateway process, and return its path."""
    member = gateway.member
    changes = {"tls_ca": member.paths.tls_ca.cert, "relay_certificate": member.paths.gateway_client.cert}
    return save_profile(path, member, role, gateway=gateway.address, **changes)
