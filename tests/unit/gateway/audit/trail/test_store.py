import hashlib
import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from gateway.audit.trail import Trail
from gateway.audit.trail.detail import transaction as detail_of
from gateway.audit.trail.questions.refusals import refusals
from gateway.audit.trail.tables import BLOCKS, EVENTS, METADATA, TRANSACTIONS, WRITES
from quorate.blocks import protos
from quorate.blocks.codes import TxValidationCode
from quorate.blocks.errors import BlockError
from quorate.blocks.header import data_hash
from quorate.blocks.rwset import composite_key
from quorate.errors import IntegrityError, StorageError, UnsupportedVersionError
from tests.unit.quorate.ledger.chain import transaction
from tests.unit.quorate.ledger.consortium import Ledger


def contents(trail):
    """Return every row of every table."""
    with trail.engine.connect() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in METADATA.sorted_tables
        }


def test_every_block_transaction_event_and_write_is_there(trail, chain):
    rows = contents(trail)
    assert trail.height == len(chain) == len(rows["blocks"])
    entries = [protos.Block.FromString(data).data.data for data in chain]
    assert len(rows["transactions"]) == sum(map(len, entries))
    with trail.engine.connect() as connection:
        kinds = set(connection.execute(select(WRITES.c.kind)).scalars())
        functions = set(connection.execute(select(TRANSACTIONS.c.function)).scalars())
        configured = connection.execute(select(EVENTS.c.block).where(EVENTS.c.type == "channel.configured")).scalars()
        assert list(configured) == [0]
    assert {"charter", "policy", "dataset", "account", "study", "round", "commit", "attest", "model"} <= kinds
    assert {"consortium:Found", "round:Seal", "privacy:Reserve"} <= functions


def test_what_a_call_says_of_itself_is_kept(trail):
    with trail.engine.connect() as connection:
        query = select(TRANSACTIONS).where(TRANSACTIONS.c.function == "round:Seal")
        found = connection.execute(query).mappings().first()
    assert (found["kind"], found["code"], found["msp"], found["role"]) == ("call", 0, "AlderMSP", "aggregator")
    assert found["endorsers"] == "AlderMSP BirchMSP"
    assert found["request"] == '{"round":1,"schema":"quorate.round.seal/1","study":"one"}'
    assert found["certificate"].startswith("sha256:")


@settings(deadline=None, max_examples=15)
@given(cuts=st.lists(st.integers(0, 40), max_size=6))
def test_taken_in_pieces_or_anew_it_is_the_same(chain, tmp_path_factory, cuts):
    at_once = Trail.open(None)
    at_once.append(chain)
    path = tmp_path_factory.mktemp("trail") / "trail.db"
    for end in [*sorted(cuts), len(chain)]:
        pieces = Trail.open(path)
        pieces.append(chain[pieces.height : end])
        pieces.close()
    pieces = Trail.open(path)
    assert contents(pieces) == contents(at_once)
    pieces.close()
    at_once.close()


def test_blocks_come_in_order_and_hang_together(chain):
    trail = Trail.open(None)
    trail.append(chain[:3])
    with pytest.raises(IntegrityError, match="block 4 came where block 3 was due"):
        trail.append(chain[4:5])
    other = protos.Block.FromString(chain[3])
    other.header.previous_hash = bytes(32)
    with pytest.raises(IntegrityError, match="does not follow on block 2"):
        trail.append([other.SerializeToString()])
    with pytest.raises(BlockError):
        trail.append([chain[3] + b"\x00"])
    assert trail.height == 3
    assert trail.append(chain[3:]) == len(chain)


def test_what_came_before_a_bad_block_stays(chain):
    trail = Trail.open(None)
    with pytest.raises(IntegrityError):
        trail.append([*chain[:70], chain[0]])
    assert trail.height in {0, len(chain[:70]) - len(chain[:70]) % 64}
    assert trail.append(chain[trail.height :]) == len(chain)


@pytest.mark.parametrize(
    ("code", "kind", "severity"),
    [
        (10, "ledger.invalid", 2),
        (11, "ledger.conflicted", 1),
        (12, "ledger.conflicted", 1),
    ],
)
def test_an_invalid_transaction_is_an_event_and_leaves_no_writes(code, kind, severity, chain):
    block = protos.Block.FromString(chain[-1])
    codes = bytearray(block.metadata.metadata[2])
    codes[0] = code
    block.metadata.metadata[2] = bytes(codes)
    trail = Trail.open(None)
    trail.append([*chain[:-1], block.SerializeToString()])
    number = block.header.number
    with trail.engine.connect() as connection:
        event = connection.execute(select(EVENTS).where(EVENTS.c.block == number)).mappings().first()
        written = connection.execute(select(WRITES).where(WRITES.c.block == number, WRITES.c.position == 0)).all()
    assert (event["type"], event["severity"]) == (kind, severity)
    assert event["reason"] == TxValidationCode(code).name
    assert [row.kind for row in refusals(trail).rows if row.transaction == event["transaction"]] == [
        kind.removeprefix("ledger.").replace("conflicted", "conflict")
    ]
    assert written == []


@pytest.fixture
def repeated(chain):
    """The chain with the last block's first transaction in it twice, as peers mark that."""
    block = protos.Block.FromString(chain[-1])
    block.data.data.append(block.data.data[0])
    block.header.data_hash = data_hash(block.data.data)
    block.metadata.metadata[2] = block.metadata.metadata[2] + bytes([9])
    return [*chain[:-1], block.SerializeToString()]


def test_a_second_copy_is_routine_and_leaves_the_first_as_it_is(chain, repeated):
    trail, other = Trail.open(None), Trail.open(None)
    trail.append(chain)
    other.append(repeated)
    number, position = len(chain) - 1, len(protos.Block.FromString(repeated[-1]).data.data) - 1
    with other.engine.connect() as connection:
        of_it = (EVENTS.c.block == number, EVENTS.c.position == position)
        [event] = connection.execute(select(EVENTS).where(*of_it)).mappings()
        written = connection.execute(
            select(WRITES).where(WRITES.c.block == number, WRITES.c.position == position)
        ).all()
        rest = connection.execute(select(EVENTS).where(EVENTS.c.sequence < event["sequence"])).all()
    with trail.engine.connect() as connection:
        assert rest == connection.execute(select(EVENTS)).all()
    assert (event["type"], event["reason"], event["severity"]) == ("ledger.repeated", "DUPLICATE_TXID", 0)
    assert written == []
    first = detail_of(other, event["transaction"])
    assert (first.code, first.position) == ("VALID", 0)
    assert first.events == detail_of(trail, event["transaction"]).events


def test_a_second_copy_is_no_refusal(chain, repeated):
    trail, other = Trail.open(None), Trail.open(None)
    trail.append(chain)
    other.append(repeated)
    assert refusals(other).rows == refusals(trail).rows


def test_an_entry_that_cannot_be_read_is_a_row_too(chain):
    """Peers put into blocks what they find invalid, whatever it is."""
    block = protos.Block.FromString(chain[-1])
    block.data.data[0] = protos.Envelope(payload=b"\xff\xff", signature=b"x").SerializeToString()
    block.header.data_hash = data_hash(block.data.data)
    block.metadata.metadata[2] = bytes([2]) + block.metadata.metadata[2][1:]
    trail = Trail.open(None)
    trail.append([*chain[:-1], block.SerializeToString()])
    with trail.engine.connect() as connection:
        query = select(TRANSACTIONS).where(TRANSACTIONS.c.kind == "unreadable")
        found = connection.execute(query).mappings().one()
    assert (found["code"], found["msp"], found["id"]) == (2, None, "")


def refused(code, mangle=None, *, chaincode="quorate", argument=b"{}"):
    """Return the rows of a transaction that peers gave a code, and of its event."""
    ledger = Ledger(("Alder", "Birch"), per_block=1)
    entry = transaction(
        ledger.members[1].roles["agent"], chaincode, [b"round:Commit", argument], writes={},
        endorsers=ledger.endorsers, time_ms=1, mangle=mangle,
    )  # fmt: skip
    ledger.chain.append([entry], codes=bytes([code]))
    trail = Trail.open(None)
    trail.append(block.SerializeToString() for block in ledger.chain.blocks)
    with trail.engine.connect() as connection:
        number = len(ledger.chain.blocks) - 1
        found = connection.execute(select(TRANSACTIONS).where(TRANSACTIONS.c.block == number)).mappings().one()
        event = connection.execute(select(EVENTS).where(EVENTS.c.block == number)).mappings().one()
    trail.close()
    return found, event


def test_whoever_did_not_sign_an_entry_is_not_named_as_its_submitter():
    """An orderer can put anybody's certificate on one, and peers say no more than that the signature is not theirs."""
    found, event = refused(4)
    assert (found["msp"], found["role"], found["certificate"], event["actor"]) == (None, None, None, None)
    assert (found["function"], event["reason"]) == ("round:Commit", "BAD_CREATOR_SIGNATURE")
    found, event = refused(10)
    assert (found["msp"], event["actor"]) == ("BirchMSP", "BirchMSP")


def test_what_no_rule_bounds_takes_no_more_room_than_what_counts():
    def misname(parts):
        header = protos.ChannelHeader.FromString(parts["channel_header"])
        header.tx_id = "x" * 1_000_000
        parts["channel_header"] = header.SerializeToString()

    def endorse(parts):
        for number in range(1000):
            identity = protos.SerializedIdentity(mspid=f"{number} and CedarMSP {'y' * 1000}")
            parts["endorsements"].append(protos.Endorsement(endorser=identity.SerializeToString(), signature=b"none"))

    found, event = refused(8, misname)
    assert event["transaction"] == found["id"] == "x" * 256
    found, _ = refused(10, endorse, argument=b"[" * 1_000_000)
    assert len(found["request"]) == 256 * 1024
    endorsers = found["endorsers"].split()
    assert len(endorsers) == 256
    assert "CedarMSP" not in endorsers  # whose name is a part of another's
    assert max(map(len, endorsers)) <= 256
    assert len(refused(10, chaincode="z" * 1_000_000)[0]["chaincode"]) == 256


@pytest.mark.parametrize("time_ms", [-62_135_596_800_000, 253_402_300_799_000])
def test_whatever_peers_accept_makes_rows(time_ms):
    """An altered chaincode can write keys that read alike, and a submitter any time that there is."""
    ledger = Ledger(("Alder", "Birch"), per_block=1)
    keys = [composite_key("odd", "a~b", "c"), composite_key("odd", "a", "b~c"), "plain", composite_key("odd", "\x7f")]
    ledger.put(
        transaction(
            ledger.members[0].roles["agent"],
            "quorate",
            [b"odd:Call", b"\xff\x00"],
            writes={("quorate", key): b"\xff\xfe" for key in keys},
            endorsers=ledger.endorsers,
            time_ms=time_ms,
            event=b"not JSON",
        )
    )
    trail = Trail.open(None)
    assert trail.append(block.SerializeToString() for block in ledger.chain.blocks) == 3
    with trail.engine.connect() as connection:
        found = list(connection.execute(select(WRITES.c.key).where(WRITES.c.block == 2)).scalars())
        events = list(connection.execute(select(EVENTS.c.type).where(EVENTS.c.block == 2)).scalars())
    assert sorted(found) == ["odd~a~b~c", "odd~\x7f", "plain"]
    assert events == ["ledger.strange_event"]
    trail.close()


def test_the_file_is_the_owners_alone(tmp_path):
    trail = Trail.open(tmp_path / "audit" / "trail.db")
    trail.close()
    assert stat.S_IMODE((tmp_path / "audit" / "trail.db").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "audit").stat().st_mode) == 0o700


def test_what_is_no_trail_is_said(tmp_path):
    (tmp_path / "trail.db").write_bytes(b"not a database, but long enough to be read as one" * 100)
    with pytest.raises(StorageError, match="cannot be used as a trail"):
        Trail.open(tmp_path / "trail.db")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="cannot be opened"):
        Trail.open(tmp_path / "link")


def test_a_newer_trail_is_not_touched(tmp_path, chain):
    trail = Trail.open(tmp_path / "trail.db")
    trail.append(chain[:1])
    with trail.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    trail.close()
    with pytest.raises(UnsupportedVersionError, match="newer version"):
        Trail.open(tmp_path / "trail.db")


def test_the_migrations_make_the_tables_that_the_code_declares():
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415
    from alembic.migration import MigrationContext  # noqa: PLC0415

    trail = Trail.open(None)
    with trail.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
        assert connection.execute(select(BLOCKS)).all() == []
    trail.close()


def redated(entry, seconds):
    """Return a transaction that claims another time, as a client that submits past every gateway can make it."""
    envelope = protos.Envelope.FromString(entry)
    payload = protos.Payload.FromString(envelope.payload)
    channel = protos.ChannelHeader.FromString(payload.header.channel_header)
    channel.timestamp.seconds = seconds
    payload.header.channel_header = channel.SerializeToString()
    body = protos.Transaction.FromString(payload.data)
    outer = protos.ChaincodeActionPayload.FromString(body.actions[0].payload)
    response = protos.ProposalResponsePayload.FromString(outer.action.proposal_response_payload)
    parts = (payload.header.channel_header, payload.header.signature_header, outer.chaincode_proposal_payload)
    response.proposal_hash = hashlib.sha256(b"".join(parts)).digest()
    outer.action.proposal_response_payload = response.SerializeToString()
    body.actions[0].payload = outer.SerializeToString()
    payload.data = body.SerializeToString()
    envelope.payload = payload.SerializeToString()
    return envelope.SerializeToString()


@pytest.mark.parametrize("seconds", [2**60, 2**53, -(2**60), -1, 253_402_300_800])
def test_a_claimed_time_that_is_no_date_does_not_stop_the_trail(seconds):
    ledger = Ledger(("Alder", "Birch"), per_block=1)
    agent, writes = ledger.members[0].roles["agent"], {("other", "key"): b"value"}
    entry = transaction(agent, "other", [b"go"], writes=writes, endorsers=ledger.endorsers, time_ms=1)
    ledger.put(redated(entry, seconds))
    trail = Trail.open(None)
    trail.append(block.SerializeToString() for block in ledger.chain.blocks)
    with trail.engine.connect() as connection:
        found = connection.execute(select(TRANSACTIONS).order_by(TRANSACTIONS.c.block.desc())).mappings().first()
    trail.close()
    assert (found["msp"], found["function"], found["claimed_time"]) == ("AlderMSP", "go", None)
