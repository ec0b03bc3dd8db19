"""Transactions that members could send to spoil a ledger: each must get the code that a peer gives it, and no more.

They are about a chaincode that nobody runs: who holds its peers' keys can endorse whatever they like.
"""

import random
from itertools import cycle

from quorate.blocks import protos
from quorate.blocks.block import decode_block
from quorate.blocks.errors import BlockError
from quorate.blocks.transaction import decode_transaction
from quorate.blocks.validation.ranges import summary
from quorate.blocks.validation.state import State
from quorate.blocks.validation.writes import changes_of
from tests.unit.quorate.ledger.chain import transaction
from tests.unit.quorate.ledger.configuration import signed_by

CHAINCODE = "other"
KEYS = [f"key{number}" for number in range(12)]
DEGREE = 2
TOO_LARGE = b"\x98\x06" + 9 * b"\xff" + b"\x02"
SPELLINGS = [
    ("envelope", b"\x1a\x01x"),
    ("envelope", b"\x4b\x4c"),
    ("signature", b"behind"),
    ("outcome", b"\x98\x86\x80\x80\x80\x80\x00\x01"),
    ("outcome", TOO_LARGE),
    ("outcome", 101 * b"\xa3\x06" + 101 * b"\xa4\x06"),
]
"""A field and a group that nobody knows, bytes behind a signature, a long tag, too large a number, deep groups."""


class Abuse:
    """Makes transactions of every kind, by a choice that is random but repeatable, on the state that peers have."""

    def __init__(self, creators, peers, *, seed, time_ms):
        self.random = random.Random(seed)  # noqa: S311 - no secret, but repeatable
        self.creators, self.peers, self.time_ms = creators, peers, time_ms
        self.state = State()
        self.sent = []
        self.spellings = cycle(SPELLINGS)

    def follow(self, block):
        """Take over what a block's own codes say that it changed."""
        found, pending = decode_block(block.SerializeToString()), {}
        for index, (entry, code) in enumerate(zip(found.entries, found.codes, strict=True)):
            try:
                action = None if code else decode_transaction(entry).action
            except BlockError:
                continue
            if action:
                where = {"block": found.header.number, "index": index}
                pending.update(changes_of(action.sets, pending, self.state, **where))
        self.state.apply(pending)

    def batch(self, size):
        """Return entries for one go.

        Deletions never come with metadata or with a key that is written twice: a peer that finds both in one block
        ends with a panic, and again whenever it starts.
        """
        deleting = self.random.random() < 0.5
        policies = not deleting and self.random.random() < 0.7
        entries = [self._plain(deleting=deleting, policies=policies) for _ in range(size)]
        if not policies:
            kinds = [self._header, self._action, self._outcome, self._stranger, *([] if deleting else [self._twice])]
            entries += [self.random.choice(kinds)() for _ in range(size // 3)]
            entries.append(self._spelling())
            entries += self.random.choices(self.sent, k=min(len(self.sent), 2)) if deleting else []
            self.sent += entries[:2] if deleting else []
        self.random.shuffle(entries)
        return entries

    def put(self, **how):
        self.time_ms += 1
        how = {"writes": {}, "endorsers": [self.random.choice(self.peers)], "outcome": b"", **how}
        creator = self.random.choice(self.creators)
        nonce = self.random.randbytes(24)
        return transaction(creator, CHAINCODE, [b"abuse"], time_ms=self.time_ms, nonce=nonce, **how)

    def _plain(self, *, deleting, policies):
        found = protos.KVRWSet()
        for key in self.random.sample(KEYS, k=self.random.randint(0, 2)):
            self._read(found, key)
        if self.random.random() < 0.3:
            self._range(found)
        for key in self.random.sample(KEYS, k=self.random.randint(1, 2)):
            gone = deleting and self.random.random() < 0.3
            found.writes.add(key=key, is_delete=gone, value=b"" if gone else self.random.randbytes(8))
        if policies and self.random.random() < 0.5:
            self._policy(found, self.random.choice(KEYS))
        mangle = self._spoil if self.random.random() < 0.15 else None
        return self.put(outcome=outcome(found), mangle=mangle)

    def _read(self, found, key):
        read = found.reads.add(key=key)
        known = self.state.get((CHAINCODE, "", key))
        if self.random.random() < 0.15:
            read.version.block_num, read.version.tx_num = self.random.randint(0, 9), self.random.randint(0, 3)
        elif known:
            read.version.SetInParent()
            read.version.block_num, read.version.tx_num = known.block, known.index

    def _range(self, outcome):
        start, end = sorted(self.random.sample(KEYS, k=2))
        query = outcome.range_queries_info.add(start_key=start, end_key=end, itr_exhausted=self.random.random() < 0.7)
        keys = self.state.keys(CHAINCODE, start, end)
        if not query.itr_exhausted and self.state.get((CHAINCODE, "", end)):
            keys = [*keys, end]
        if keys and self.random.random() < 0.2:
            keys.pop()
        known = [(key, self.state.get((CHAINCODE, "", key))) for key in keys]
        if len(keys) > DEGREE:  # as a peer does that is set to hash long results
            level, hashes = summary(known, DEGREE)
            query.reads_merkle_hashes.max_degree = DEGREE
            query.reads_merkle_hashes.max_level = level
            query.reads_merkle_hashes.max_level_hashes.extend(hashes)
            return
        query.raw_reads.SetInParent()
        for key, found in known:
            read = query.raw_reads.kv_reads.add(key=key)
            read.version.SetInParent()
            read.version.block_num, read.version.tx_num = found.block, found.index

    def _policy(self, found, key):
        write = found.metadata_writes.add(key=key)
        if self.random.random() < 0.8:
            policy = signed_by(self.random.choice(self.peers).msp_id, protos.MSPRole.PEER)
            write.entries.add(name="VALIDATION_PARAMETER", value=policy.SerializeToString())

    def _spoil(self, parts):
        for endorsement in parts["endorsements"]:
            endorsement.signature = self.peers[0].sign(b"something else")

    def _header(self):
        field, value = self.random.choice([("tx_id", "0" * 64), ("epoch", 3), ("type", 0), ("version", 7)])

        def mangle(parts):
            header = protos.ChannelHeader.FromString(parts["channel_header"])
            setattr(header, field, value)
            parts["channel_header"] = header.SerializeToString()

        return self.put(mangle=mangle)

    def _spelling(self):
        """What peers read all the same, or not, beside what other programs make of it."""
        part, more = next(self.spellings)
        if part == "outcome":
            found = protos.KVRWSet()
            found.writes.add(key="spelled", value=self.random.randbytes(8))
            return self.put(outcome=outcome(found) + more)
        if part == "envelope":
            return self.put() + more

        def mangle(parts):
            sign = parts["sign"]
            parts["sign"] = lambda message: sign(message) + more

        return self.put(mangle=mangle)

    def _action(self):
        def change(action):
            what = self.random.choice(["name", "version", "none", "event"])
            if what == "none":
                action.ClearField("chaincode_id")
            elif what == "event":
                event = protos.ChaincodeEvent(chaincode_id="another", event_name="event")
                action.events = event.SerializeToString()
            else:
                setattr(action.chaincode_id, what, "another" if what == "name" else "")

        return self.put(change=change)

    def _outcome(self):
        found = protos.KVRWSet()
        found.writes.add(key="key", value=b"value")
        twice = protos.TxReadWriteSet.FromString(outcome(found))
        twice.ns_rwset.add().CopyFrom(twice.ns_rwset[0])
        return self.put(outcome=self.random.choice([b"\xff", twice.SerializeToString()]))

    def _stranger(self):
        found = protos.KVRWSet()
        found.writes.add(key="key", value=b"value")
        return self.put(outcome=outcome(found, namespace=self.random.choice(["nobody", "_lifecycle", "quorate"])))

    def _twice(self):
        """A key written twice in one transaction: peers add the two writes' flags up."""
        found = protos.KVRWSet()
        key = self.random.choice(KEYS[:2])
        for value in (b"one", b"two"):
            found.writes.add(key=key, value=value)
        return self.put(outcome=outcome(found))


def outcome(found, *, namespace=CHAINCODE):
    sets = protos.TxReadWriteSet()
    sets.ns_rwset.add(namespace=namespace, rwset=found.SerializeToString())
    return sets.SerializeToString()
