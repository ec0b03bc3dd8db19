"""Tables on terminals of every width: what a person compares, numbers and names, is never broken."""

import re

import pytest
from rich.cells import cell_len

from quorate.cli.output import Column, Format, print_document, print_rows

DIGEST = "sha256:" + "ab" * 32
COLUMNS = (
    Column(key="member", title="member"),
    Column(key="epsilon", title="ε (ledger)", justify="right"),
    Column(key="cap", title="cap", justify="right"),
    Column(key="round", title="round", justify="right"),
    Column(key="time", title="claimed (UTC)"),
    Column(key="model", title="model"),
    Column(key="reason", title="reason"),
)
ROWS = [
    {"member": "AlderMSP", "epsilon": "0.9876", "cap": "2.0000", "round": 12, "time": "2026-11-23 07:42:32",
     "model": DIGEST, "reason": None},
    {"member": "ChestnutMSP", "epsilon": "1234567.0001", "cap": "9.0000", "round": 1048576,
     "time": "2026-11-23 07:42:33", "model": None, "reason": "the time for commits had passed before it came"},
]  # fmt: skip
WHOLE = ("AlderMSP", "0.9876", "2.0000", "12", "ChestnutMSP", "1234567.0001", "9.0000", "1048576", "07:42:32")


@pytest.fixture
def shown(monkeypatch, capsys):
    """Return the lines that a terminal of so many columns shows."""

    def show(width, rows=ROWS, columns=COLUMNS):
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", str(width))
        print_rows(rows, columns=columns, format_=Format.TABLE)
        return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in capsys.readouterr().out.splitlines()]

    return show


@pytest.mark.parametrize("width", [40, 60, 80, 93, 94, 95, 100, 120, 160, 200])
def test_no_number_and_no_name_is_broken(shown, width):
    lines = shown(width)
    words = {word for line in lines for word in line.split()}
    assert set(WHOLE) <= words
    assert max(map(cell_len, lines)) <= width
    assert DIGEST in "".join(re.findall(r"sha256:|(?:ab)+|a\b|\bb", " ".join(lines)))


def test_a_window_too_narrow_for_the_columns_has_lines_for_each_row(shown):
    assert [" ".join(line.split()) for line in shown(40, columns=COLUMNS[:4] + COLUMNS[6:])] == [
        "member AlderMSP",
        "ε (ledger) 0.9876",
        "cap 2.0000",
        "round 12",
        "",
        "member ChestnutMSP",
        "ε (ledger) 1234567.0001",
        "cap 9.0000",
        "round 1048576",
        "reason the time for commits had",
        "passed before it came",
        "",
    ]


def test_a_window_that_is_wide_enough_has_a_line_for_each_row(shown):
    _, titles, rule, first, second, _ = shown(250)
    assert titles.split()[:2] == ["member", "ε"]
    assert set(rule.strip()) == {"─"}
    assert first.split() == ["AlderMSP", "0.9876", "2.0000", "12", "2026-11-23", "07:42:32", DIGEST, "-"]
    assert second.split()[:4] == ["ChestnutMSP", "1234567.0001", "9.0000", "1048576"]


def test_what_is_folded_are_long_words_and_sentences(shown):
    lines = shown(60, columns=(COLUMNS[0], COLUMNS[3], COLUMNS[5]))
    assert [line.split() for line in lines[3:6]] == [
        ["AlderMSP", "12", DIGEST[:34]],
        [DIGEST[34:68]],
        [DIGEST[68:]],
    ]


def test_nothing_is_a_table_without_rows(shown):
    assert [line.split() for line in shown(200, rows=[])][1][:2] == ["member", "ε"]
    assert shown(20, rows=[]) == []


def test_a_document_keeps_its_names_whole(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")
    print_document({"initial_model": DIGEST, "epsilon": "1.9899"}, format_=Format.TABLE)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [
        ["initial", "model", DIGEST[:25]],
        [DIGEST[25:50]],
        [DIGEST[50:]],
        ["epsilon", "1.9899"],
    ]
