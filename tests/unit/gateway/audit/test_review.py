"""The file of reviewers' names is the own organisation's, and may still be the wrong one."""

import pytest

from gateway.audit.pseudonyms import new_key, pseudonym, read_key
from gateway.audit.review import known_reviewers
from quorate.errors import StorageError, UsageError


@pytest.fixture
def given(tmp_path):
    """A profile, a key, and where the names are to be."""
    profile, key = tmp_path / "officer.toml", tmp_path / "reviewers.key"
    paths = ("tls_ca", "tls_certificate", "tls_key", "certificate", "key")
    profile.write_text(
        'msp_id = "AlderMSP"\ngateway = "localhost:1"\n' + "".join(f'{name} = "x.pem"\n' for name in paths)
    )
    new_key(key)
    return profile, key, tmp_path / "names"


def test_a_name_a_line_is_known_by_its_pseudonym(given):
    _, key, names = given
    names.write_text("Ada\n\nZoë\n", encoding="utf-8")
    secret = read_key(key)
    assert known_reviewers(*given) == {pseudonym(secret, "AlderMSP", name): name for name in ("Ada", "Zoë")}


@pytest.mark.parametrize(
    ("data", "error", "reason"),
    [
        (None, StorageError, "cannot be read: No such file"),
        (b"\xff", UsageError, "not UTF-8 at byte 0"),
        (b"a" * ((1 << 20) + 1), UsageError, "more than 1048576 bytes"),
    ],
)
def test_what_is_no_file_of_names_is_refused(given, data, error, reason):
    if data is not None:
        given[2].write_bytes(data)
    with pytest.raises(error, match=reason):
        known_reviewers(*given)
