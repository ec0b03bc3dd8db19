from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from quorate import canonical
from quorate.errors import UnsupportedVersionError, UsageError
from quorate.records import round, study
from quorate.records.common import MAX_DOCUMENT, make
from quorate.records.events import Events
from quorate.records.functions import FUNCTIONS
from tests.unit.quorate.records.samples import sample

if TYPE_CHECKING:
    from quorate.records.common import Document

RECORDS = sorted(
    {Events, *(f.request for f in FUNCTIONS.values()), *(f.answer for f in FUNCTIONS.values())},
    key=lambda record: record.SCHEMA,
)
every_record = pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.SCHEMA)


def test_no_two_records_share_a_schema():
    assert len({record.SCHEMA for record in RECORDS}) == len(RECORDS)


@every_record
@pytest.mark.parametrize("full", [True, False], ids=["full", "bare"])
def test_what_is_encoded_is_parsed_to_the_same_and_encodes_to_the_same_bytes(record: type[Document], full: bool):  # noqa: FBT001
    found = record.of(sample(record, full=full))

    data = found.encode()

    assert record.parse(data) == found
    assert record.parse(data).encode() == data
    assert data == canonical.dumps(canonical.loads(data, limit=MAX_DOCUMENT))


@every_record
def test_absent_fields_are_not_written(record: type[Document]):
    bare = record.of(sample(record, full=False))

    assert b"null" not in bare.encode()


@every_record
def test_an_unknown_field_is_refused(record: type[Document]):
    with pytest.raises(UsageError, match="surplus: Extra inputs"):
        record.of(sample(record, full=True) | {"surplus": 1})


@every_record
def test_a_missing_field_is_refused(record: type[Document]):
    document = sample(record, full=False)
    required = [name for name, field in record.model_fields.items() if field.is_required() and name != "schema_"]

    for name in required:
        with pytest.raises(UsageError, match=f"{name}: Field required"):
            record.of({key: value for key, value in document.items() if key != name})


@every_record
def test_a_value_of_another_type_is_refused(record: type[Document]):
    document = sample(record, full=True)

    for name, value in document.items():
        other = str(value) if isinstance(value, int) else 7
        with pytest.raises(UsageError):
            record.of(document | {name: other})


@every_record
def test_a_newer_version_is_told_apart_from_another_document(record: type[Document]):
    document = sample(record, full=False)
    kind, version = record.SCHEMA.rsplit("/", 1)

    with pytest.raises(UnsupportedVersionError, match="this program knows"):
        record.of(document | {"schema": f"{kind}/{int(version) + 1}"})
    with pytest.raises(UsageError, match=r"and this is quorate\.other/1"):
        record.of(document | {"schema": "quorate.other/1"})
    for nothing in ({}, [], None, 7):
        with pytest.raises(UsageError, match="names no schema"):
            record.of(nothing)


@every_record
def test_records_cannot_be_changed(record: type[Document]):
    found = record.of(sample(record, full=False))

    with pytest.raises(ValidationError, match="frozen"):
        found.schema_ = "quorate.other/1"


def test_duplicate_names_and_floats_and_surplus_bytes_are_refused():
    head = b'{"schema":"quorate.round.open/1","study":"heart",'

    for broken in (b'"round":1,"round":1}', b'"round":1.0}', b'"round":1}}', b'"round":NaN}', b'"round":01}'):
        with pytest.raises(UsageError):
            round.Open.parse(head + broken)

    assert round.Open.parse(head + b'"round":1}').round == 1


def test_size_is_checked_before_anything_is_parsed():
    with pytest.raises(UsageError, match="11 bytes, more than the 10"):
        round.Open.parse(b"not json at"[:11], limit=10)


@pytest.mark.parametrize(
    "name", ["", "A", "-a", "a" * 65, "a b", "a~b", "a\n", "ä", "a/b"], ids=lambda name: repr(name)[:12]
)
def test_names_of_another_form_are_refused(name: str):
    with pytest.raises(UsageError, match="study"):
        make(round.Open, study=name, round=1)


@given(number=st.integers())
def test_round_numbers_are_bounded(number: int):
    if 1 <= number <= 10_000:
        assert make(round.Open, study="heart", round=number).round == number
    else:
        with pytest.raises(UsageError):
            make(round.Open, study="heart", round=number)


@given(text=st.text(max_size=12))
def test_a_decimal_has_one_way_of_being_written(text: str):
    fields = {"mechanism": "dp-sgd", "clipping_norm": text}
    try:
        found = study.PrivacyTerms.model_validate(fields).clipping_norm
    except ValidationError:
        return
    assert found is not None
    whole, _, part = found.partition(".")
    assert str(int(whole)) == whole
    assert found == (f"{whole}.{part}" if part else whole)
    assert part.isascii()


def test_terms_have_the_digest_of_their_canonical_bytes():
    terms = study.Terms.of(sample(study.Terms, full=True))
    shuffled = study.Terms.of(dict(reversed(terms.as_json().items())))

    assert terms.digest == shuffled.digest
    assert terms.digest != terms.model_copy(update={"rounds": terms.rounds + 1}).digest


def test_a_request_names_what_is_wrong_with_it():
    with pytest.raises(UsageError, match=r"not a quorate\.round\.commit/1 document: update: String should match"):
        make(round.Commit, study="heart", round=1, dataset="ward", base="sha256:" + "0" * 64, update="sha256:0")
