"""The files that a proposal hands out are those that its terms name, or nothing is proposed."""

import pytest

from gateway.artifacts.label import Kind
from gateway.ledger.offer import FILES, offered
from quorate.digest import digest_of
from quorate.errors import IntegrityError, UsageError
from quorate.records.study import Terms
from tests.unit.quorate.records.samples import sample

CONTENT = {Kind.PLAN: b"the plan", Kind.INITIAL_MODEL: b"the initial model", Kind.EVALUATION: b"the evaluation set"}


def terms(*, evaluation=True):
    document = sample(Terms, full=True)
    document["plan"] = digest_of(CONTENT[Kind.PLAN])
    document["model"]["initial"] = digest_of(CONTENT[Kind.INITIAL_MODEL])
    document["evaluation"]["digest"] = digest_of(CONTENT[Kind.EVALUATION])
    if not evaluation:
        del document["evaluation"]
    return Terms.of(document)


@pytest.fixture
def directory(tmp_path):
    for kind, data in CONTENT.items():
        (tmp_path / FILES[kind]).write_bytes(data)
    return tmp_path


def test_every_file_that_the_terms_name_is_described(directory):
    offer = offered("heart", terms(), directory)
    found = {made.label.kind: (made.label.study, made.digest, made.size, path) for made, path in offer}
    assert found == {
        kind: ("heart", digest_of(data), len(data), directory / FILES[kind]) for kind, data in CONTENT.items()
    }


def test_no_evaluation_set_is_asked_for_where_the_terms_have_none(directory):
    (directory / FILES[Kind.EVALUATION]).unlink()
    assert [made.label.kind for made, _ in offered("heart", terms(evaluation=False), directory)] == [
        Kind.PLAN,
        Kind.INITIAL_MODEL,
    ]


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_is_not_there_is_named(directory, kind):
    (directory / FILES[kind]).unlink()
    with pytest.raises(UsageError, match=FILES[kind]):
        offered("heart", terms(), directory)


@pytest.mark.parametrize("kind", FILES)
def test_another_file_than_the_terms_name_is_refused(directory, kind):
    (directory / FILES[kind]).write_bytes(b"changed")
    with pytest.raises(IntegrityError, match=FILES[kind]):
        offered("heart", terms(), directory)
