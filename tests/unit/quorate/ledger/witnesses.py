"""What gateways would say of a handmade ledger."""

from quorate.digest import digest_from_raw
from quorate.records.common import make
from quorate.verify.bundle.names import witness_name
from quorate.verify.bundle.witness import Statement, Witnessed
from tests.unit.quorate.ledger.chain import header_of

SEEN_AT = 1_790_000_123_000


def statement(ledger, member, *, blocks=None, signer=None, alter=None, **changes):
    """Return the signed statement of a member about these blocks, by default the last one."""
    chain = ledger.chain.blocks
    signer = signer or member.roles["aggregator"]
    seen = [
        {
            "block": number,
            "header": digest_from_raw(header_of(chain[number]).hash),
            "commit_hash": chain[number].metadata.metadata[4][2:].hex(),
            "observed_time": SEEN_AT + number,
        }
        for number in (blocks if blocks is not None else [len(chain) - 1])
    ]
    for found in seen:
        if alter:
            alter(found)
    fields = {
        "channel": "quorate",
        "msp": member.msp_id,
        "certificate": signer.certificate,
        "height": len(chain),
        "signed_time": SEEN_AT,
        "seen": seen,
        **changes,
    }
    said = make(Statement, **fields)
    return Witnessed.signed(said, signer.sign(said.encode())).encode()


def statements(ledger, members, **how):
    """Return the files of these members' statements by name."""
    return {witness_name(member.msp_id): statement(ledger, member, **how) for member in members}
