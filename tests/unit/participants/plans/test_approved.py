from __future__ import annotations

import pytest

from participants.plans.approved import ApprovedPlans
from participants.plans.document import PlanDocument
from participants.plans.errors import PlanDocumentError, PlanNotApprovedError
from quorate.digest import digest_of, hex_of
from quorate.errors import IntegrityError, NotFoundError, StorageError, UsageError

PLAN = PlanDocument(name="mine", entry_point="plan:Mine", files={"plan.py": ""}, parameters={}, requires=())
OTHER = PlanDocument(name="other", entry_point="plan:Mine", files={"plan.py": ""}, parameters={}, requires=())


@pytest.fixture
def store(tmp_path):
    return ApprovedPlans(tmp_path / "plans")


def test_nothing_is_approved_at_first(store):
    assert store.list() == []
    with pytest.raises(PlanNotApprovedError, match=PLAN.digest) as caught:
        store.require(PLAN.digest)
    assert caught.value.code == "PLAN_NOT_APPROVED"
    assert caught.value.exit_code == 4
    assert f"quorate plan approve {PLAN.digest}" in caught.value.hint


def test_an_offered_plan_is_listed_but_not_approved(store):
    assert store.offer(PLAN.encode()) == PLAN.digest
    assert [(entry.name, entry.approved) for entry in store.list()] == [("mine", False)]
    with pytest.raises(PlanNotApprovedError):
        store.require(PLAN.digest)


def test_approval_is_by_digest_and_may_be_repeated(store):
    store.offer(PLAN.encode())
    for _ in range(2):
        assert store.approve(PLAN.digest) == PLAN.digest
    store.require(PLAN.digest)
    assert store.document(PLAN.digest) == PLAN.encode()
    assert [(entry.name, entry.approved) for entry in store.list()] == [("mine", True)]
    assert not list(store.directory.rglob("*.tmp"))


def test_the_digest_that_was_read_is_the_one_that_is_approved(store):
    with pytest.raises(IntegrityError, match="digest is"):
        store.approve(PLAN.digest, OTHER.encode())
    assert store.list() == []


def test_a_plan_that_nobody_offered_cannot_be_approved(store):
    with pytest.raises(NotFoundError):
        store.approve(PLAN.digest)


def test_only_plans_are_kept(store):
    with pytest.raises(PlanDocumentError):
        store.offer(b"{}")
    with pytest.raises(PlanDocumentError):
        store.approve(digest_of(b"{}"), b"{}")
    with pytest.raises(UsageError):
        store.approve("sha256:../../etc/passwd")


def test_an_altered_copy_is_found_out(store):
    store.approve(PLAN.digest, PLAN.encode())
    path = store.directory / "approved" / f"{hex_of(PLAN.digest)}.json"
    path.write_bytes(PLAN.encode().replace(b"mine", b"evil"))
    with pytest.raises(IntegrityError, match="altered"):
        store.require(PLAN.digest)


def test_a_directory_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        ApprovedPlans(tmp_path / "file").approve(PLAN.digest, PLAN.encode())
