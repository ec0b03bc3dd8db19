"""What members, peers, orderers and exporters can try, each with the step that finds it."""

import pytest

from quorate import canonical
from quorate.blocks import protos
from quorate.blocks.config import ChannelConfig
from quorate.blocks.endorsement import endorsers_of
from quorate.blocks.transaction import decode_transaction
from quorate.digest import digest_of
from quorate.errors import QuorateError
from quorate.verify import Step, VerificationError, verify_bundle
from quorate.verify.replay import keys
from tests.unit.quorate.ledger.bundles import export
from tests.unit.quorate.ledger.chain import definition, sign_block, transaction
from tests.unit.quorate.ledger.consortium import CHAINCODE, DATA, Consortium, Ledger
from tests.unit.quorate.ledger.organisations import Organisation
from tests.unit.quorate.ledger.tampering import rewrite


@pytest.fixture
def made():
    return Consortium(Ledger(("Alder", "Birch", "Cedar"), per_block=1))


@pytest.fixture
def fail(made, tmp_path):
    """Export what there is and return what the verifier finds."""

    def check(**how):
        target = tmp_path / f"bundle{len(list(tmp_path.iterdir()))}"
        export(made.ledger, target, **how)
        with pytest.raises(VerificationError) as caught:
            verify_bundle(target, genesis=made.ledger.genesis)
        return caught.value.report.failed[0]

    return check


class TestChain:
    def test_another_genesis_than_the_pinned_one(self, made, tmp_path):
        export(made.ledger, tmp_path / "bundle")
        with pytest.raises(VerificationError, match="the pinned one is"):
            verify_bundle(tmp_path / "bundle", genesis=Consortium().ledger.genesis)

    def test_a_block_left_out(self, made, fail):
        blocks = made.ledger.chain.blocks
        with pytest.raises(Exception, match="came where block"):
            fail(blocks=[*blocks[:4], *blocks[5:]])

    def test_a_block_signed_by_a_member_instead_of_an_orderer(self, made, fail):
        block = made.ledger.chain.blocks[-1]
        sign_block(block, made.members[0].peer, 0)
        found = fail()
        assert found.step is Step.HEADERS
        assert "BlockValidation" in found.message

    def test_a_block_signed_by_a_stranger_of_the_same_name(self, made, fail):
        sign_block(made.ledger.chain.blocks[-1], Organisation.new("Orderers").orderer, 0)
        assert "does not chain to a root" in fail().message

    def test_an_unsigned_block(self, made, fail):
        made.ledger.chain.blocks[-1].metadata.metadata[0] = b""
        assert "no orderer has signed" in fail().message

    def test_a_configuration_that_is_not_in_force(self, made, fail):
        sign_block(made.ledger.chain.blocks[-1], made.ledger.ordering.orderer, 1)
        assert "the orderers name the configuration of block 1" in fail().message

    def test_a_transaction_dropped_from_a_block(self, made, tmp_path):
        made.ledger._per_block = 3
        made.round(1)
        made.ledger.cut()
        block = next(block for block in made.ledger.chain.blocks if len(block.data.data) == 3)
        del block.data.data[1]
        with pytest.raises(Exception, match="data hash"):
            export(made.ledger, tmp_path / "bundle")


class TestTransactions:
    def put(self, made, mangle=None, *, endorsers=None, creator=None, chaincode=CHAINCODE):
        ledger = made.ledger
        creator = creator or made.members[0].roles["aggregator"]
        ledger.put(
            transaction(
                creator,
                chaincode,
                [b"round:Open", b"{}"],
                writes={(chaincode, "\x00charter\x00"): b"{}"},
                endorsers=ledger.endorsers if endorsers is None else endorsers,
                time_ms=ledger.time,
                mangle=mangle,
            )
        )

    def test_endorsed_by_too_few(self, made, fail):
        self.put(made, endorsers=made.ledger.endorsers[:1])
        found = fail()
        assert found.step is Step.TRANSACTIONS
        assert "AlderMSP" in found.message
        assert "does not satisfy the policy of quorate" in found.message

    def test_endorsed_twice_by_one(self, made, fail):
        self.put(made, endorsers=[made.members[0].peer] * 2)
        assert "does not satisfy" in fail().message

    def test_endorsed_by_two_peers_of_one_organisation(self, made, fail):
        member = made.members[0]
        self.put(made, endorsers=[member.peer, member.member("peer")])
        assert "does not satisfy" in fail().message

    def test_endorsed_twice_by_one_in_another_spelling(self, made):
        signed = made.members[0].peer

        def mangle(parts):
            spelled = protos.SerializedIdentity(mspid=signed.msp_id, id_bytes=signed.pem + b"\n").SerializeToString()
            again = signed.sign(parts["response"] + spelled)
            parts["endorsements"].append(protos.Endorsement(endorser=spelled, signature=again))

        self.put(made, mangle, endorsers=[signed])
        made.ledger.cut()
        config = ChannelConfig(made.ledger.chain.blocks[0].data.data[0])
        action = decode_transaction(made.ledger.chain.blocks[-1].data.data[0]).action
        assert len(action.endorsements) == 2
        assert [found.msp_id for found in endorsers_of(action, config)] == ["AlderMSP"]

    def test_a_policy_that_lets_one_member_decide_is_said(self, made, tmp_path):
        path = "/Channel/Application/Alder/Endorsement"
        made.ledger.put(
            transaction(
                made.members[0].member("admin"),
                "_lifecycle",
                [b"CommitChaincodeDefinition"],
                writes=definition(CHAINCODE, path),
                endorsers=made.ledger.endorsers,
                time_ms=made.ledger.time,
            )
        )
        made.round(1)
        export(made.ledger, tmp_path / "bundle")
        report = verify_bundle(tmp_path / "bundle", genesis=made.ledger.genesis)
        said = [found.why for found in report.not_checked if "no single member" in found.message]
        assert said == ["the endorsement policy in force was satisfied by one organisation alone: AlderMSP for quorate"]

    def test_endorsed_by_clients(self, made, fail):
        self.put(made, endorsers=[member.roles["agent"] for member in made.members])
        assert "does not satisfy" in fail().message

    def test_endorsements_of_another_outcome(self, made, fail):
        def mangle(parts):
            for endorsement in parts["endorsements"]:
                endorsement.signature = made.members[2].peer.sign(b"something else")

        self.put(made, mangle)
        assert "endorsements of nobody hold" in fail().message

    def test_endorsements_with_the_larger_s(self, made, fail):
        def mangle(parts):
            for endorsement, peer in zip(parts["endorsements"], made.ledger.endorsers, strict=True):
                endorsement.signature = peer.sign(parts["response"] + peer.serialized, high_s=True)

        self.put(made, mangle)
        assert "endorsements of nobody hold" in fail().message

    def test_one_more_endorsement_that_does_not_hold_changes_nothing(self, made, tmp_path):
        def mangle(parts):
            parts["endorsements"].append(protos.Endorsement(endorser=b"nobody", signature=b"nothing"))

        ledger = made.ledger
        ledger.put(
            transaction(
                made.members[0].roles["agent"], CHAINCODE, [b"audit:Info", b"{}"], writes={},
                endorsers=ledger.endorsers, time_ms=ledger.time, mangle=mangle,
            )
        )  # fmt: skip
        export(ledger, tmp_path / "bundle")
        assert verify_bundle(tmp_path / "bundle", genesis=ledger.genesis).result == "verified"

    def test_a_creators_signature_that_is_somebody_elses(self, made, fail):
        other = made.members[1].roles["agent"]
        self.put(made, lambda parts: parts.update(sign=other.sign))
        assert "not this key's" in fail().message

    def test_a_creators_signature_with_the_larger_s(self, made, fail):
        signer = made.members[0].roles["aggregator"]
        self.put(made, lambda parts: parts.update(sign=lambda payload: signer.sign(payload, high_s=True)))
        assert "larger of its two values of S" in fail().message

    def test_a_creator_from_outside(self, made, fail):
        self.put(made, creator=Organisation.new("Alder").roles["agent"])
        assert "does not chain to a root" in fail().message

    def test_an_unknown_organisation(self, made, fail):
        self.put(made, creator=Organisation.new("Elm").roles["agent"])
        assert "no organisation 'ElmMSP'" in fail().message

    def test_a_chaincode_that_was_never_defined(self, made, fail):
        self.put(made, chaincode="other")
        assert "no definition of chaincode 'other'" in fail().message

    def test_an_id_that_does_not_follow_from_nonce_and_creator(self, made, fail):
        def mangle(parts):
            header = protos.ChannelHeader.FromString(parts["channel_header"])
            header.tx_id = "0" * 64
            parts["channel_header"] = header.SerializeToString()

        self.put(made, mangle)
        assert "nonce and creator give" in fail().message

    def test_the_outcome_of_another_proposal(self, made, fail):
        def mangle(parts):
            header = protos.ChannelHeader.FromString(parts["channel_header"])
            header.timestamp.seconds += 1
            parts["channel_header"] = header.SerializeToString()

        self.put(made, mangle)
        assert "another proposal" in fail().message

    def test_a_transaction_that_counts_twice(self, made, fail):
        entry = made.ledger.chain.blocks[-1].data.data[0]
        made.ledger.put(entry)
        found = fail()
        assert found.step is Step.VALIDITY
        assert "marked as valid, and it is DUPLICATE_TXID: an earlier block holds" in found.message


class TestRules:
    """A majority of endorsers ran an altered chaincode: every signature holds, and the rules tell."""

    def test_the_update_of_another_in_a_seal(self, made, fail):
        self.until_commits(made)
        key = keys.round_("one", 1)
        self.call(made, "round:Seal", alter=self.other_update(key))
        found = fail()
        assert found.step is Step.REPLAY
        assert "included is" in found.message

    @staticmethod
    def other_update(key):
        def alter(writes):
            record = canonical.loads(writes[key], limit=1 << 20)
            record["included"][0]["update"] = digest_of(b"copied")
            writes[key] = canonical.dumps(record)

        return alter

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("root", "0" * 64),
            ("attest_by", 1),
            ("attempt", 2),
            ("state", "FINAL"),
            ("left_out", [{"dataset": DATA, "msp": "AlderMSP", "reason": "missing"}]),
        ],
    )
    def test_any_other_field_of_a_seal(self, made, fail, field, value):
        self.until_commits(made)
        self.call(made, "round:Seal", alter=rewrite(keys.round_("one", 1), **{field: value}))
        found = fail()
        assert found.step is Step.REPLAY
        assert f"round~one~000001: {field} is" in found.message

    def test_another_base_at_opening(self, made, fail):
        self.call(made, "round:Open", alter=rewrite(keys.round_("one", 1), base=digest_of(b"planted")))
        assert "base is" in fail().message

    def test_a_late_commit_called_on_time(self, made, fail):
        self.call(made, "round:Open")
        made.ledger.call(made.members[0], "agent", "privacy:Reserve", study="one", round=1, dataset=DATA)
        made.ledger.time += 61_000
        self.commit(made, alter=rewrite(self.seat("commit"), status="ON_TIME"))
        assert "status is 'ON_TIME', and the rules lead to 'LATE'" in fail().message

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"model": {"tensors": [{"name": "é", "shape": [1]}], "initial": digest_of(b"i")}}, "not a tensor's name"),
            ({"attest_timeout_ms": 2999}, "shorter than three times the clock skew"),
            ({"policy_version": 2}, "the terms name policy version 2, not 1"),
            ({"privacy": {"mechanism": "none"}}, "has a cap, and rounds are not charged"),
        ],
    )
    def test_terms_that_no_vote_can_make_good(self, made, changes, message):
        terms = made.terms(digest_of(b"i"), 2) | changes
        with pytest.raises(QuorateError, match=message):
            made.ledger.call(made.members[0], "operator", "study:Propose", study="two", terms=terms)

    def test_a_study_called_like_the_trail_of_all(self, made):
        terms = made.terms(digest_of(b"i"), 2)
        with pytest.raises(QuorateError, match="policies mean the trail of all"):
            made.ledger.call(made.members[0], "operator", "study:Propose", study="quorate", terms=terms)

    def test_rounds_that_no_account_is_charged_for(self):
        made = Consortium(private=False)
        made.private = True
        terms = made.terms(digest_of(b"i"), 2)
        with pytest.raises(QuorateError, match="has no cap that rounds could be charged to"):
            made.ledger.call(made.members[0], "operator", "study:Propose", study="two", terms=terms)

    def test_a_charge_below_the_studys_terms(self, made, fail):
        self.call(made, "round:Open")
        account = keys.account("AlderMSP", DATA)
        made.ledger.call(
            made.members[0],
            "agent",
            "privacy:Reserve",
            study="one",
            round=1,
            dataset=DATA,
            alter=rewrite(account, epsilon_nano="1"),
        )
        assert "account~AlderMSP~records: epsilon_nano is '1'" in fail().message

    def test_a_charge_that_was_not_booked(self, made, fail):
        self.call(made, "round:Open")
        made.ledger.call(
            made.members[0],
            "agent",
            "privacy:Reserve",
            study="one",
            round=1,
            dataset=DATA,
            alter=lambda writes: writes.pop(keys.account("AlderMSP", DATA)),
        )
        assert "did not write account~AlderMSP~records" in fail().message

    def test_a_model_without_a_quorum(self, made, fail):
        """The writes are those of a quorum, and one of the attestations on the ledger says something else."""
        self.until_commits(made)
        self.call(made, "round:Seal")
        model, proof = made.aggregate(1)
        for member in made.members[:2]:
            alter = rewrite(keys.attest("one", 1, 1, member.msp_id), model=digest_of(b"mine"))
            made.attest(member, 1, model, proof(member.msp_id), alter=alter)
        made.finalize(1)
        found = fail()
        assert "attest~one~000001~01~AlderMSP: model is" in found.message

    def test_another_model_than_the_quorums(self, made, fail):
        self.until_attested(made)
        made.finalize(1, alter=rewrite(keys.round_("one", 1), model=digest_of(b"mine")))
        assert "model is" in fail().message

    def test_an_attester_counted_who_said_nothing(self, made, fail):
        self.until_attested(made, attesters=2)
        everybody = [member.msp_id for member in made.members]
        made.finalize(1, alter=rewrite(keys.round_("one", 1), attested_by=everybody))
        assert "attested_by is" in fail().message

    def test_another_organisations_own_record(self, made, fail):
        self.call(made, "round:Open")

        def alter(writes):
            writes[keys.seat("decline", "one", 1, "BirchMSP", DATA)] = writes.pop(self.seat("decline"))

        made.ledger.call(
            made.members[0], "agent", "round:Decline", study="one", round=1, dataset=DATA,
            reason="policy", alter=alter,
        )  # fmt: skip
        assert "which belongs to BirchMSP" in fail().message

    def test_a_record_besides_those_of_the_step(self, made, fail):
        def alter(writes):
            writes[keys.round_("one", 2)] = writes[keys.round_("one", 1)]

        self.call(made, "round:Open", alter=alter)
        assert "wrote round~one~000002, which the rules do not lead to" in fail().message

    def test_a_deletion(self, made, fail):
        self.call(made, "round:Open", alter=lambda writes: writes.update({keys.study("one"): None}))
        assert "deleted study~one" in fail().message

    def test_a_function_that_no_rule_knows(self, made, fail):
        ledger = made.ledger
        ledger.put(
            transaction(
                made.members[0].roles["operator"], CHAINCODE, [b"policy:Overrule", b"{}"],
                writes={(CHAINCODE, keys.charter()): b"{}"}, endorsers=ledger.endorsers, time_ms=ledger.time,
            )
        )  # fmt: skip
        assert "no rule of this version lets 'policy:Overrule' write" in fail().message

    def test_a_record_written_by_way_of_another_chaincode(self, made, fail):
        ledger = made.ledger
        ledger.chain.append([ledger.define("other")])
        ledger.put(
            transaction(
                made.members[0].roles["operator"], "other", [b"x"],
                writes={(CHAINCODE, keys.charter()): b"{}"}, endorsers=ledger.endorsers, time_ms=ledger.time,
            )
        )  # fmt: skip
        assert "by way of the chaincode other" in fail().message

    def test_a_record_that_is_not_canonical(self, made, fail):
        def alter(writes):
            writes[keys.round_("one", 1)] = writes[keys.round_("one", 1)].replace(b":", b": ", 1)

        self.call(made, "round:Open", alter=alter)
        assert "canonical" in fail().message

    def test_a_commit_marked_as_never_valid(self, made, fail):
        """Nobody signs the marks; with or without commit hashes made anew, the rules lead to others."""
        made.round(1)
        made.ledger.cut()
        block = next(block for block in made.ledger.chain.blocks if b"quorate.round.commit/1" in block.data.data[0])
        block.metadata.metadata[2] = bytes([11])
        for _ in range(2):
            found = fail()
            assert found.step is Step.VALIDITY
            assert found.message == "it is marked as MVCC_READ_CONFLICT, and it is VALID"
            made.ledger.chain.recommit()

    def until_commits(self, made):
        self.call(made, "round:Open")
        for member in made.members:
            made.commit(member, 1)

    def until_attested(self, made, *, attesters=3):
        self.until_commits(made)
        self.call(made, "round:Seal")
        model, proof = made.aggregate(1)
        for member in made.members[:attesters]:
            made.attest(member, 1, model, proof(member.msp_id))

    @staticmethod
    def call(made, function, **how):
        made.ledger.call(made.members[0], "aggregator", function, study="one", round=1, **how)

    @staticmethod
    def seat(kind):
        return keys.seat(kind, "one", 1, "AlderMSP", DATA)

    @staticmethod
    def commit(made, **how):
        base = made.record(1).base
        made.ledger.call(
            made.members[0], "agent", "round:Commit", study="one", round=1, dataset=DATA, base=base,
            update=digest_of(b"update"), **how,
        )  # fmt: skip


class TestArtefacts:
    def test_a_model_that_is_not_its_updates_aggregate(self, made, fail):
        made.open(1)
        for member in made.members:
            made.commit(member, 1)
        made.seal(1)
        _, proof = made.aggregate(1)
        model = made.keep(b"a model with a back door")
        for member in made.members:
            made.attest(member, 1, model, proof(member.msp_id))
        made.finalize(1)
        found = fail(artifacts=made.artifacts)
        assert (found.step, found.place) == (Step.ARTIFACTS, "round 1 of one")
        assert "the updates make the model" in found.message

    def test_a_possession_hash_that_is_copied(self, made, fail):
        made.open(1)
        for member in made.members:
            made.commit(member, 1)
        made.seal(1)
        model, proof = made.aggregate(1)
        for member in made.members:
            made.attest(member, 1, model, proof("AlderMSP"))
        made.finalize(1)
        found = fail(artifacts=made.artifacts)
        assert "BirchMSP attested with another possession hash" in found.message

    def test_a_valid_update_excluded_as_invalid(self, made, fail):
        made.open(1)
        for member in made.members:
            made.commit(member, 1)
        made.seal(1)
        excluded = [{"msp": "CedarMSP", "dataset": DATA, "reason": "invalid"}]
        model, proof = made.aggregate(1, without="CedarMSP")
        for member in made.members:
            made.attest(member, 1, model, proof(member.msp_id), excluded=excluded)
        made.finalize(1)
        found = fail(artifacts=made.artifacts)
        assert "excluded as invalid, and it is valid" in found.message


class TestCommitHashes:
    """Nobody signs them; with the whole ledger they follow from everything else."""

    def test_a_peer_that_wrote_none_leaves_the_codes_as_sure_as_before(self, made, tmp_path):
        for block in made.ledger.chain.blocks:
            block.metadata.metadata[4] = b""
        export(made.ledger, tmp_path / "bundle")
        report = verify_bundle(tmp_path / "bundle", genesis=made.ledger.genesis)
        assert any("validation codes derived again" in found.message for found in report.verified)
        assert any(found.message == "the chain of commit hashes" for found in report.not_checked)
        assert report.checkpoint is not None

    def test_one_that_is_left_out_later(self, made, fail):
        made.ledger.chain.blocks[7].metadata.metadata[4] = b""
        found = fail()
        assert (found.step, found.place) == (Step.VALIDITY, "blocks/7.block")
        assert found.message.endswith("the block carries none")

    def test_a_wrong_one_and_the_one_that_rests_on_it(self, made, tmp_path):
        made.ledger.chain.blocks[7].metadata.metadata[4] = protos.Metadata(value=bytes(32)).SerializeToString()
        export(made.ledger, tmp_path / "bundle")
        with pytest.raises(VerificationError) as caught:
            verify_bundle(tmp_path / "bundle", genesis=made.ledger.genesis)
        places = [found.place for found in caught.value.report.failed]
        assert places == ["blocks/7.block", "blocks/8.block"]

    def test_more_in_its_place_than_the_hash(self, made, fail):
        metadata = protos.Metadata.FromString(made.ledger.chain.blocks[7].metadata.metadata[4])
        metadata.signatures.add(signature=b"mine")
        made.ledger.chain.blocks[7].metadata.metadata[4] = metadata.SerializeToString()
        assert fail().place == "blocks/7.block"
