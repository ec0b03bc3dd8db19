"""Every command that the documentation shows is one that the program takes."""

import re
import shlex
from pathlib import Path

import click
import pytest

from quorate.cli.root import root
from quorate.errors import ERRORS
from tests.unit.docs.pages import PAGES, ROOT, fenced, read

ROOM = re.compile(r"`(quorate (?:[a-z-]+ ?)+)[^`]*`")
FILES = {"cat", "cd", "chmod", "cp", "install", "ls", "mkdir"}
OTHERS = FILES | {"bash", "docker", "fabric-ca-client", "git", "pip", "systemctl"}


def shown(path):
    """Yield the commands of a page's console and sh blocks."""
    for body in fenced(read(path), "console", "sh"):
        joined = body.replace("\\\n", " ")
        prompts = [line[2:] for line in joined.splitlines() if line.startswith("$ ")]
        yield from prompts or [line for line in joined.splitlines() if line.strip()]


EVERY = [pytest.param(command, id=f"{path.name}: {command}") for path in PAGES for command in shown(path)]


def descend(words):
    """Return the command that these words begin with, its context, and the words that follow it."""
    command, context, rest = root(), None, list(words)
    context = click.Context(command, info_name="quorate")
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        found = command.get_command(context, rest[0])
        assert found is not None, f"{context.command_path} has no command {rest[0]}"
        context = click.Context(found, info_name=rest.pop(0), parent=context)
        command = found
    return command, context, rest


def parse(words):
    command, context, rest = descend(words)
    if isinstance(command, click.Group):
        assert rest in ([], ["--help"], ["--version"]), rest
        return
    values, _, _ = command.make_parser(context).parse_args(list(rest))
    for parameter in command.params:
        value = values.get(parameter.name)
        if isinstance(parameter.type, click.Path) and parameter.type.exists and isinstance(value, str):
            _put_there(Path(value), parameter.type)
    command.make_context(command.name, list(rest), parent=context.parent)


def _put_there(path, kind):
    if not path.is_absolute():
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind.file_okay:
            path.touch()
        else:
            path.mkdir(exist_ok=True)


def make_targets():
    return set(re.findall(r"^([a-z]+):", read(ROOT / "Makefile"), re.MULTILINE))


def check(command):
    program, *words = shlex.split(command, comments=True)
    if program == "quorate":
        parse(words)
    elif program == "make":
        target, *settings = words
        assert target in make_targets()
        if target == "demo":
            for setting in settings:
                parse(["demo", *shlex.split(setting.removeprefix("ARGS="))])
    elif program == ".venv/bin/python":
        assert words[:2] == ["-m", "pytest"]
        assert all((ROOT / word).exists() for word in words[2:])
    else:
        assert program in OTHERS, f"{program} is not among the programs that a reader is expected to have"


def test_the_pages_show_commands():
    assert len(EVERY) > 20


@pytest.mark.parametrize("command", EVERY)
def test_a_command_that_is_shown_is_taken(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QUORATE_PROFILE", "profile.toml")
    check(command)


def test_a_command_that_does_not_exist_is_noticed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for wrong in ("quorate study prpose x", "quorate demo --roundz 3", "quorate demo --rounds x", "make dmeo"):
        with pytest.raises((AssertionError, click.ClickException)):
            check(wrong)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_command_that_is_named_in_a_sentence_exists(page):
    for words in ROOM.findall(read(page)):
        descend(words.split()[1:])


def test_a_make_target_that_is_named_in_a_sentence_exists():
    named = {target for page in PAGES for target in re.findall(r"`make ([a-z]+)", read(page))}
    assert {"demo", "lint"} <= named <= make_targets()


def test_a_command_that_an_error_advises_exists():
    for error in ERRORS.values():
        for words in re.findall(r"`quorate ((?:[a-z-]+ ?)+)", error.advice):
            descend(words.split())


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_quorate_is_taken_from_a_clone_and_never_from_an_index_that_does_not_have_it(page):
    assert not re.search(r"pip install '?quorate", read(page))
