import pytest

from quorate.policy.difference import difference
from quorate.policy.guard import check

BEFORE = '@id("all")\npermit (principal, action, resource);\n'
SHOWN = '@id("none")\nforbid (principal, action, resource);'


def test_lines_are_told_as_they_were_and_as_they_are():
    after = BEFORE.replace("all", "everybody")
    assert list(difference(BEFORE, after, names=("1", "new"))) == [
        "--- 1",
        "+++ new",
        "@@ -1,2 +1,2 @@",
        '-@id("all")',
        '+@id("everybody")',
        " permit (principal, action, resource);",
    ]
    assert list(difference(BEFORE, BEFORE, names=("1", "2"))) == []
    assert list(difference("", BEFORE, names=("", "1")))[3:] == [f"+{line}" for line in BEFORE.splitlines()]


@pytest.mark.parametrize("end", ["\x85", "\u2028", "\u2029"])
def test_what_a_comment_holds_is_no_line_of_its_own(end):
    after = f"{BEFORE}// outsiders stay out:{end}{SHOWN.replace(chr(10), end)}\n"
    assert check(after) == ("all",)
    added = [line for line in difference(BEFORE, after, names=("1", "new")) if line.startswith("+")]
    assert added == ["+++ new", f"+// outsiders stay out:{end}{SHOWN.replace(chr(10), end)}"]
