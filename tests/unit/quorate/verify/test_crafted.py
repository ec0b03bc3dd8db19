"""What one member can make of its own proposal, which others have endorsed honestly and peers count."""

import pytest

from quorate.blocks import protos
from quorate.verify import Step, VerificationError, verify_bundle
from tests.unit.quorate.ledger.bundles import export
from tests.unit.quorate.ledger.consortium import Consortium, Ledger
from tests.unit.quorate.ledger.forgery import Forger

NONCE = b"nonce"
PREFIX = b"\x1a\x01x"
"""A field that an identity does not know."""


@pytest.fixture(scope="module")
def made():
    return Consortium(Ledger(("Alder", "Birch"), per_block=1), rounds=1)


def review(made, name, *, signer=None, nonce=None, **form):
    """Have the second member's officer open a review, in a form of its own."""
    made.ledger.call(
        made.members[1], "officer", "audit:RecordReview", signer=signer, nonce=nonce, form=form,
        review=name, subject="ledger", state="OPEN", findings={},
    )  # fmt: skip


def as_submitted(creator, nonce, sign=None):
    """Return an alteration that has somebody else submit the transaction, by the same id."""

    def mangle(parts):
        parts["signature_header"] = protos.SignatureHeader(creator=creator, nonce=nonce).SerializeToString()
        parts["sign"] = sign or parts["sign"]

    return mangle


def verified(made, path):
    export(made.ledger, path)
    return verify_bundle(path, genesis=made.ledger.genesis)


def resubmitted(report):
    return [
        found.message for found in report.not_checked if found.step is Step.REPLAY and "certificates" in found.message
    ]


def test_the_chaincode_that_a_proposals_body_names_is_nobodys_concern(made, tmp_path):
    """Endorsers run the one that the header names."""
    review(made, "spec", spec="another")
    assert verified(made, tmp_path / "b").result == "verified"


def test_what_an_id_follows_from_can_be_cut_in_two_places(made, tmp_path):
    officer = made.members[1].roles["officer"]
    review(made, "cut", nonce=NONCE + PREFIX, mangle=as_submitted(PREFIX + officer.serialized, NONCE))
    report = verified(made, tmp_path / "b")
    assert (report.result, resubmitted(report)) == ("verified", [])


def wordy(made, other):
    """Return the second member's officer with an identity that ends as another's, and what stands before that."""
    officer = made.members[1].roles["officer"]
    found = Forger(officer.msp_id, officer.issued, officer.pem + other.serialized)
    return found, found.serialized.removesuffix(other.serialized)


def test_the_record_names_who_proposed_it_and_that_another_submitted_it_is_said(made, tmp_path):
    other = made.members[1].roles["steward"]
    proposer, start = wordy(made, other)
    review(
        made, "swapped", signer=proposer, nonce=NONCE,
        mangle=as_submitted(other.serialized, NONCE + start, other.sign),
    )  # fmt: skip
    report = verified(made, tmp_path / "b")
    assert report.result == "verified"
    assert resubmitted(report) == ["that 1 transaction came from the certificates that their records name"]


def test_of_another_organisation_it_is_a_failure(tmp_path):
    made = Consortium(Ledger(("Alder", "Birch"), per_block=1), rounds=1)
    other = made.members[0].roles["officer"]
    proposer, start = wordy(made, other)
    mangle = as_submitted(other.serialized, NONCE + start, other.sign)
    review(made, "stolen", signer=proposer, nonce=NONCE, mangle=mangle)
    with pytest.raises(VerificationError, match="AlderMSP submitted what BirchMSP had proposed"):
        verified(made, tmp_path / "b")
