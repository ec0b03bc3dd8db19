import json

import pytest

from quorate.cli.output import Column, Format, print_document, print_rows
from quorate.cli.terminal import is_live, printable

COLUMNS = (Column(key="name", title="Name"), Column(key="rounds", title="Rounds", justify="right"))
ROWS = [{"name": "alder", "rounds": 8, "hidden": True}, {"name": "birch", "rounds": None, "hidden": False}]


def test_table_shows_the_named_columns(capsys):
    print_rows(ROWS, columns=COLUMNS, format_=Format.TABLE)
    out = capsys.readouterr().out
    assert [line.split() for line in out.splitlines() if line.strip(" ─")] == [
        ["Name", "Rounds"],
        ["alder", "8"],
        ["birch", "-"],
    ]


def test_nothing_and_an_empty_list_are_a_dash(capsys):
    print_document({"left_out": [], "model": None}, format_=Format.TABLE)
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [["left", "out", "-"], ["model", "-"]]


def test_json_is_one_array_with_every_key(capsys):
    print_rows(ROWS, columns=COLUMNS, format_=Format.JSON)
    assert json.loads(capsys.readouterr().out) == ROWS


def test_jsonl_is_one_object_a_line(capsys):
    print_rows(iter(ROWS), columns=COLUMNS, format_=Format.JSONL)
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == ROWS


def test_jsonl_rows_are_printed_as_they_come(capsys):
    def rows():
        yield ROWS[0]
        assert capsys.readouterr().out == '{"name":"alder","rounds":8,"hidden":true}\n'

    print_rows(rows(), columns=COLUMNS, format_=Format.JSONL)


def test_no_rows_are_an_empty_array(capsys):
    print_rows([], columns=COLUMNS, format_=Format.JSON)
    assert json.loads(capsys.readouterr().out) == []


def test_a_digest_in_a_piped_table_is_neither_cut_nor_folded(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    digest = "sha256:" + "ab" * 32
    print_rows([{"name": digest, "rounds": 1}], columns=COLUMNS, format_=Format.TABLE)
    assert digest in capsys.readouterr().out


def test_markup_and_escapes_in_values_are_shown_as_they_are(capsys):
    print_rows([{"name": "[red]x[/red] \x1b[2J", "rounds": "\u202e9"}], columns=COLUMNS, format_=Format.TABLE)
    out = capsys.readouterr().out
    assert "[red]x[/red] \\x1b[2J" in out
    assert "\\u202e9" in out


@pytest.mark.parametrize("format_", [Format.JSON, Format.JSONL])
@pytest.mark.parametrize("title", ["\x9b31mred", "\u202egnp", "\x1b[2J", "\ud800", "\U000e0041", "é\U0001f600 a\nb"])
def test_json_brings_no_others_text_to_act_on_a_terminal(capsys, format_, title):
    print_document({"title": title}, format_=format_)
    printed = capsys.readouterr().out
    assert printed.replace("\n", "").isprintable()
    assert json.loads(printed) == {"title": title}


def test_document_as_table_leaves_the_schema_out(capsys):
    print_document({"schema": "quorate.x/1", "model_digest": "d", "members": ["a", "b"]}, format_=Format.TABLE)
    out = capsys.readouterr().out
    assert "schema" not in out
    assert "model digest" in out
    assert "a, b" in out


@pytest.mark.parametrize("format_", [Format.JSON, Format.JSONL])
def test_document_as_json(capsys, format_):
    document = {"schema": "quorate.x/1", "words": "Zürich \ud800"}
    print_document(document, format_=format_)
    assert json.loads(capsys.readouterr().out) == document


def test_printable_keeps_what_it_is_told_to_keep():
    assert printable("a\tb\nc", keep="\n") == "a\\tb\nc"
    assert printable("Grüße 漢字") == "Grüße 漢字"


def test_nothing_moves_under_ci(monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("CI", raising=False)
    assert is_live()
    monkeypatch.setenv("CI", "true")
    assert not is_live()
