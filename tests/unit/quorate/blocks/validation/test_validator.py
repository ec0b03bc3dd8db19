"""What counts and what does not, rule by rule; that these are Fabric's rules the recorded ledgers show."""

import pytest

from quorate.blocks import protos
from quorate.blocks.block import decode_block
from quorate.blocks.codes import TxValidationCode as Code
from quorate.blocks.config import ChannelConfig
from quorate.blocks.validation.validator import Validator
from tests.unit.quorate.ledger.chain import Chain, definition, transaction
from tests.unit.quorate.ledger.configuration import channel_group, config_entry, signed_by
from tests.unit.quorate.ledger.forgery import forger, of_version
from tests.unit.quorate.ledger.organisations import Organisation

OTHER = "other"


@pytest.fixture(scope="module")
def members():
    return [Organisation.new(name) for name in ("Alder", "Birch")]


class Peer:
    """A chain and what a peer would decide about it."""

    def __init__(self, members, *, whole=True, plugin="vscc", collections=None, blocks=0):
        self.members = members
        ordering = Organisation.new("Orderers")
        self.chain = Chain(ordering.orderer, config_entry(channel_group(members, ordering)))
        self.config = ChannelConfig(self.chain.blocks[0].data.data[0])
        self.validator = Validator(whole=whole, ours=frozenset({"quorate", "_lifecycle"}))
        self.validator.found()
        self.time = 0
        written = definition(OTHER, plugin=plugin, collections=collections, blocks=blocks)
        assert self.block(self.put(writes=written, chaincode="_lifecycle")) == [Code.VALID]

    def put(self, *reads, writes=None, chaincode=OTHER, endorsers=None, alter=None, creator=None, nonce=None):
        """Return an entry that read (key, version) pairs and wrote keys of the other chaincode."""
        self.time += 1
        found = protos.TxReadWriteSet()
        inner = protos.KVRWSet()
        for key, version in reads:
            read = inner.reads.add(key=key)
            if version:
                read.version.block_num, read.version.tx_num = version
        for (_, key), value in (writes or {}).items():
            inner.writes.add(key=key, value=value or b"", is_delete=value is None)
        part = found.ns_rwset.add(namespace=chaincode)
        if alter:
            alter(inner, part)
        part.rwset = inner.SerializeToString()
        return transaction(
            creator or self.members[0].roles["agent"],
            chaincode,
            [b"call"],
            writes={},
            outcome=found.SerializeToString(),
            endorsers=[member.peer for member in self.members] if endorsers is None else endorsers,
            time_ms=self.time,
            nonce=nonce,
        )

    def block(self, *entries, recorded=None):
        """Return the codes of a block of these entries."""
        codes = bytes(len(entries)) if recorded is None else bytes(recorded)
        block = decode_block(self.chain.append(list(entries), codes=codes).SerializeToString())
        self.last = self.validator.decide(block, self.config).decisions
        return [found.code for found in self.last]


@pytest.fixture
def peer(members):
    return Peer(members)


def write(**values):
    return {(OTHER, key): value for key, value in values.items()}


def test_what_was_read_must_still_be_so(peer):
    assert peer.block(peer.put(writes=write(a=b"1"))) == [Code.VALID]
    assert peer.block(peer.put(("a", (2, 0)), ("b", None))) == [Code.VALID]
    for stale in [("a", (1, 0)), ("a", None), ("b", (2, 0))]:
        assert peer.block(peer.put(stale)) == [Code.MVCC_READ_CONFLICT]


def test_the_first_of_two_in_a_block_wins(peer):
    entries = [peer.put(("a", None), writes=write(a=b"1")), peer.put(("a", None), writes=write(a=b"2"))]
    assert peer.block(*entries) == [Code.VALID, Code.MVCC_READ_CONFLICT]


def test_who_lost_changes_nothing(peer):
    peer.block(peer.put(("a", (9, 9)), writes=write(a=b"1")))
    assert peer.block(peer.put(("a", None))) == [Code.VALID]


def test_a_deleted_key_is_not_there(peer):
    peer.block(peer.put(writes=write(a=b"1")))
    peer.block(peer.put(writes=write(a=None)))
    assert peer.block(peer.put(("a", None))) == [Code.VALID]
    assert peer.block(peer.put(("a", (2, 0)))) == [Code.MVCC_READ_CONFLICT]


def ranged(start, end, *found, exhausted=True):
    def alter(inner, _):
        query = inner.range_queries_info.add(start_key=start, end_key=end, itr_exhausted=exhausted)
        query.raw_reads.SetInParent()
        for key, version in found:
            read = query.raw_reads.kv_reads.add(key=key)
            read.version.block_num, read.version.tx_num = version

    return alter


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (ranged("a", "c", ("a", (2, 0)), ("b", (2, 1))), Code.VALID),
        (ranged("a", "", ("a", (2, 0)), ("b", (2, 1)), ("c", (2, 2))), Code.VALID),
        (ranged("a", "b", ("a", (2, 0)), ("b", (2, 1)), exhausted=False), Code.VALID),
        (ranged("a", "c", ("a", (2, 0))), Code.PHANTOM_READ_CONFLICT),
        (ranged("a", "c", ("a", (2, 0)), ("b", (2, 0))), Code.PHANTOM_READ_CONFLICT),
        (ranged("d", "e", ("d", (2, 0))), Code.PHANTOM_READ_CONFLICT),
        (ranged("d", "e"), Code.VALID),
    ],
)
def test_ranges_are_run_again(peer, asked, code):
    peer.block(*(peer.put(writes=write(**{key: b"1"})) for key in "abc"))
    assert peer.block(peer.put(alter=asked)) == [code]


def test_a_key_that_came_earlier_in_the_block_is_a_phantom(peer):
    entries = [peer.put(writes=write(b=b"1")), peer.put(alter=ranged("a", "c"))]
    assert peer.block(*entries) == [Code.VALID, Code.PHANTOM_READ_CONFLICT]


def test_an_id_counts_once_for_ever_whatever_became_of_it(peer):
    lost, won = peer.put(("a", (9, 9))), peer.put()
    assert peer.block(lost, won, won) == [Code.MVCC_READ_CONFLICT, Code.VALID, Code.DUPLICATE_TXID]
    assert peer.block(lost, won) == [Code.DUPLICATE_TXID, Code.DUPLICATE_TXID]


def owned_by(member, key="a"):
    def alter(inner, _):
        entry = inner.metadata_writes.add(key=key).entries.add(name="VALIDATION_PARAMETER")
        entry.value = signed_by(member.msp_id, protos.MSPRole.PEER).SerializeToString()

    return alter


def test_a_key_may_have_a_policy_of_its_own(peer, members):
    birch = [members[1].peer]
    assert peer.block(peer.put(writes=write(a=b"1"), endorsers=birch)) == [Code.ENDORSEMENT_POLICY_FAILURE]
    assert peer.block(peer.put(writes=write(a=b"1"), alter=owned_by(members[1]))) == [Code.VALID]
    assert peer.block(peer.put(writes=write(a=b"2"), endorsers=birch)) == [Code.VALID]
    assert peer.block(peer.put(writes=write(a=b"3", b=b"3"), endorsers=birch)) == [Code.ENDORSEMENT_POLICY_FAILURE]
    assert peer.block(peer.put(writes=write(a=b"4"), endorsers=[members[0].peer])) == [Code.ENDORSEMENT_POLICY_FAILURE]


def test_nobody_writes_a_key_whose_policy_changes_in_the_same_block(peer, members):
    change = peer.put(writes=write(a=b"1"), alter=owned_by(members[1]))
    assert peer.block(change, peer.put(writes=write(a=b"2"))) == [Code.VALID, Code.ENDORSEMENT_POLICY_FAILURE]


NOTHING = ()


def hashed(collection, *, read=None):
    """Return an alteration that writes a private key, or has read it at a version or not found it."""

    def alter(_, part):
        inner = protos.HashedRWSet()
        if read is not None:
            found = inner.hashed_reads.add(key_hash=b"k" * 32)
            if read:
                found.version.block_num, found.version.tx_num = read
        else:
            inner.hashed_writes.add(key_hash=b"k" * 32, value_hash=b"v" * 32)
        part.collection_hashed_rwset.add(collection_name=collection, hashed_rwset=inner.SerializeToString())

    return alter


def test_private_collections_have_policies_and_versions(members):
    peer = Peer(members, collections={"own": "/Channel/Application/Birch/Endorsement"})
    alder, birch = [members[0].peer], [members[1].peer]
    assert peer.block(peer.put(alter=hashed("own"), endorsers=alder)) == [Code.ENDORSEMENT_POLICY_FAILURE]
    assert peer.block(peer.put(alter=hashed("none"))) == [Code.ENDORSEMENT_POLICY_FAILURE]
    assert peer.block(peer.put(alter=hashed("_implicit_org_AlderMSP"), endorsers=alder)) == [Code.VALID]
    assert peer.block(peer.put(alter=hashed("_implicit_org_AlderMSP"), endorsers=birch)) == [
        Code.ENDORSEMENT_POLICY_FAILURE
    ]
    assert peer.block(peer.put(alter=hashed("own"), endorsers=birch)) == [Code.VALID]
    number = len(peer.chain.blocks) - 1
    assert peer.block(peer.put(alter=hashed("own", read=(number, 0)))) == [Code.VALID]
    assert peer.block(peer.put(alter=hashed("own", read=(1, 0)))) == [Code.MVCC_READ_CONFLICT]


@pytest.mark.parametrize("blocks", [0, 1, 3])
def test_private_keys_are_forgotten_after_as_many_blocks_as_they_live(members, blocks):
    peer = Peer(members, collections={"own": "/Channel/Application/Endorsement"}, blocks=blocks)
    assert peer.block(peer.put(alter=hashed("own"))) == [Code.VALID]
    version = (len(peer.chain.blocks) - 1, 0)
    for age in range(1, blocks + 2 if blocks else 9):
        found = peer.block(peer.put(alter=hashed("own", read=version)), peer.put(alter=hashed("own", read=NOTHING)))
        assert found == [Code.VALID, Code.MVCC_READ_CONFLICT], age
    if blocks:
        found = peer.block(peer.put(alter=hashed("own", read=version)), peer.put(alter=hashed("own", read=NOTHING)))
        assert found == [Code.MVCC_READ_CONFLICT, Code.VALID]


def test_private_keys_that_are_written_again_live_longer(members):
    peer = Peer(members, collections={"own": "/Channel/Application/Endorsement"}, blocks=2)
    peer.block(peer.put(alter=hashed("own")))
    peer.block(peer.put())
    peer.block(peer.put(alter=hashed("own")))
    version = (len(peer.chain.blocks) - 1, 0)
    for _ in range(3):
        assert peer.block(peer.put(alter=hashed("own", read=version))) == [Code.VALID]
    assert peer.block(peer.put(alter=hashed("own", read=NOTHING))) == [Code.VALID]


def test_a_key_that_expires_in_the_block_that_writes_it_again_stays(members):
    peer = Peer(members, collections={"own": "/Channel/Application/Endorsement"}, blocks=1)
    peer.block(peer.put(alter=hashed("own")))
    peer.block(peer.put())
    peer.block(peer.put(alter=hashed("own")))
    version = (len(peer.chain.blocks) - 1, 0)
    assert peer.block(peer.put(alter=hashed("own", read=version))) == [Code.VALID]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("_a", b"1"),
        ("a", b'{"_b": 1}'),
        ("a", b' {"~version": null, "c": "\xff"}'),
        ("a", b'{"\\u005fb": 1e3}'),
        ("a", b'{"c":' + 2000 * b"[" + 2000 * b"]" + b',"_b":1}'),
    ],
)
def test_what_peers_with_couchdb_refuse_is_open(peer, key, value):
    """Nothing on the ledger says where they keep their state."""
    codes = {Code.VALID, Code.INVALID_WRITESET}
    for code in (Code.INVALID_WRITESET, Code.VALID):
        assert peer.block(peer.put(writes={(OTHER, key): value}), recorded=[code]) == [code]
        assert (peer.last[0].possible, peer.last[0].agrees) == (codes, True)
        written = (len(peer.chain.blocks) - 1, 0) if code is Code.VALID else None
        assert peer.block(peer.put((key, written))) == [Code.VALID]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("a_", b'{"a": {"_b": 1}}'),
        ("\0_a\0", b'"_b"'),
        ("a", b'{"_b": 1'),
        ("a", b'{"_b": 1e999}'),
        ("a", b'{"_b": NaN}'),
        ("a", b'["_b"]'),
        ("a", b'\xef\xbb\xbf{"_b": 1}'),
    ],
)
def test_what_they_take_is_not(peer, key, value):
    assert peer.block(peer.put(writes={(OTHER, key): value}), recorded=[Code.INVALID_WRITESET]) == [Code.VALID]
    assert not peer.last[0].agrees


def test_a_plugin_of_its_own_leaves_it_open_whether_endorsements_sufficed(members):
    peer = Peer(members, plugin="mine")
    peer.block(peer.put(endorsers=[]), recorded=[10])
    assert peer.last[0].possible == {Code.VALID, Code.ENDORSEMENT_POLICY_FAILURE}
    assert peer.last[0].code is Code.ENDORSEMENT_POLICY_FAILURE
    peer.block(peer.put(("a", (9, 9))), recorded=[0])
    assert not peer.last[0].agrees


def test_without_all_blocks_what_rests_on_them_is_open(members):
    peer = Peer(members, whole=False)
    peer.block(peer.put(("a", (9, 9))), recorded=[11])
    assert peer.last[0].agrees
    assert len(peer.last[0].possible) > 1
    broken = peer.put().replace(b"call", b"cale")
    peer.block(broken, recorded=[0])
    assert not peer.last[0].agrees


class TestOddCertificates:
    """What rests on a certificate that peers may read otherwise is the block's own word, and nothing else is."""

    @pytest.fixture
    def odd(self, members):
        return forger(members[1], members[1].peer, version=of_version(2))

    @pytest.mark.parametrize("recorded", [Code.VALID, Code.ENDORSEMENT_POLICY_FAILURE])
    def test_an_endorsement_that_decides_leaves_it_open(self, peer, members, odd, recorded):
        entry = peer.put(writes=write(a=b"1"), endorsers=[members[0].peer, odd])
        assert peer.block(entry, recorded=[recorded]) == [recorded]
        [decision] = peer.last
        assert decision.agrees
        assert decision.possible == {Code.VALID, Code.ENDORSEMENT_POLICY_FAILURE}
        assert decision.doubts == ("BirchMSP's: it is of version 2",)
        found = None if recorded else (2, 0)
        assert peer.block(peer.put(("a", found))) == [Code.VALID]

    @pytest.mark.parametrize("recorded", [Code.BAD_PROPOSAL_TXID, Code.MVCC_READ_CONFLICT, Code.DUPLICATE_TXID])
    def test_it_is_open_between_two_codes_only(self, peer, members, odd, recorded):
        peer.block(peer.put(endorsers=[members[0].peer, odd]), recorded=[recorded])
        assert not peer.last[0].agrees

    def test_what_holds_without_it_is_decided(self, peer, members, odd):
        entry = peer.put(endorsers=[odd, *(member.peer for member in members)])
        assert peer.block(entry) == [Code.VALID]
        assert peer.last[0].possible == {Code.VALID}

    def test_what_does_not_hold_even_with_it_is_decided(self, peer, odd):
        assert peer.block(peer.put(endorsers=[odd])) == [Code.ENDORSEMENT_POLICY_FAILURE]
        assert not peer.last[0].agrees

    def test_one_that_did_not_sign_is_nobodys(self, peer, members, odd):
        stranger = forger(members[1], members[1].member("peer"), version=of_version(2))
        imposter = type(odd)(odd.msp_id, stranger.issued, odd.pem)
        entry = peer.put(endorsers=[members[0].peer, imposter])
        assert peer.block(entry) == [Code.ENDORSEMENT_POLICY_FAILURE]

    def test_what_was_read_counts_all_the_same(self, peer, members, odd):
        entry = peer.put(("a", (1, 0)), endorsers=[members[0].peer, odd])
        assert peer.block(entry, recorded=[Code.MVCC_READ_CONFLICT]) == [Code.MVCC_READ_CONFLICT]
        assert peer.last[0].possible == {Code.MVCC_READ_CONFLICT, Code.ENDORSEMENT_POLICY_FAILURE}

    @pytest.mark.parametrize("recorded", [Code.VALID, Code.ENDORSEMENT_POLICY_FAILURE])
    def test_an_id_is_used_by_what_came_to_the_state(self, peer, members, odd, recorded):
        nonce = bytes(24)
        entries = [peer.put(endorsers=[members[0].peer, odd], nonce=nonce), peer.put(nonce=nonce)]
        second = Code.VALID if recorded else Code.DUPLICATE_TXID
        assert peer.block(*entries, recorded=[recorded, second]) == [recorded, second]
        assert all(decision.agrees for decision in peer.last)

    @pytest.mark.parametrize("recorded", [Code.VALID, Code.BAD_CREATOR_SIGNATURE])
    def test_a_creator_of_whom_peers_may_say_otherwise(self, peer, members, recorded):
        creator = forger(members[0], members[0].roles["agent"], version=of_version(2))
        assert peer.block(peer.put(creator=creator), recorded=[recorded]) == [recorded]
        assert peer.last[0].possible == {Code.VALID, Code.BAD_CREATOR_SIGNATURE}
        assert peer.last[0].doubts == ("AlderMSP's: it is of version 2",)
