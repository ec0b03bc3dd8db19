#!/usr/bin/env python
"""Writes docs/reference/cli.md from the commands themselves (`make docs`); a test holds the page to them."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from quorate.cli.root import root

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE: Final = Path(__file__).parents[1] / "docs" / "reference" / "cli.md"

_INTRODUCTION: Final = """\
# The command line

This page is made from the commands themselves by `make docs`; a test fails when it is out of date.

Data goes to standard output, everything else to standard error. Commands that read have `--format table|json|jsonl`.
`--debug`, anywhere on the line, adds the cause to an error; `NO_COLOR` and `CI` are respected. Exit statuses and error
codes are on a [page of their own](exit-codes.md).

A command with `--profile` speaks to your own organisation's gateway as the identity in that file
([profile.toml](configuration.md#profiletoml)); `QUORATE_PROFILE` names it once for a whole session.
"""


def page() -> str:
    """Return the whole page."""
    group = root()
    context = click.Context(group, info_name="quorate")
    return "\n".join([_INTRODUCTION, *_contents(group, context), *_sections(group, context)]).rstrip() + "\n"


def commands(group: click.Group, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    """Yield every command below a group, each with its context, groups before what is in them."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        below = click.Context(command, info_name=name, parent=context)
        yield command, below
        if isinstance(command, click.Group):
            yield from commands(command, below)


def _contents(group: click.Group, context: click.Context) -> Iterator[str]:
    yield "| command | what it does |"
    yield "| --- | --- |"
    for command, below in commands(group, context):
        if below.parent is context:
            path = below.command_path
            yield f"| [`{path}`](#{path.replace(' ', '-')}) | {_cell(_paragraphs(command)[0])} |"
    yield ""


def _sections(group: click.Group, context: click.Context) -> Iterator[str]:
    for command, below in commands(group, context):
        level = "##" if below.parent is context else "###"
        yield f"{level} {below.command_path}\n"
        if not isinstance(command, click.Group):
            yield f"```\n{below.command_path} {' '.join(_usage(command, below))}".rstrip() + "\n```\n"
        yield "\n\n".join(_paragraphs(command)) + "\n"
        yield from _options(command, below)


def _usage(command: click.Command, context: click.Context) -> Iterator[str]:
    options = [each for each in command.params if isinstance(each, click.Option)]
    if options:
        yield "[OPTIONS]"
    yield from (each.make_metavar(context) for each in command.params if isinstance(each, click.Argument))


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    options = [each for each in command.params if isinstance(each, click.Option) and not each.hidden]
    if not options:
        return
    yield "| option | default | meaning |"
    yield "| --- | --- | --- |"
    for option in options:
        name = ", ".join(f"`{spelling}`" for spelling in option.opts)
        value = "" if option.is_flag else f" {_cell(_value(option, context))}"
        multiple = " (may be repeated)" if option.multiple else ""
        yield f"| {name}{value} | {_default(option)} | {_cell(option.help or '')}{multiple} |"
    yield ""


def _value(option: click.Option, context: click.Context) -> str:
    kind = option.type
    if isinstance(kind, click.Choice):
        return " or ".join(f"`{_plain(choice)}`" for choice in kind.choices)
    if isinstance(kind, click.IntRange):
        return f"{'' if kind.min is None else kind.min}…{'' if kind.max is None else kind.max}"
    return option.make_metavar(context)


def _default(option: click.Option) -> str:
    if option.required:
        return "required"
    value = option.to_info_dict()["default"]
    if option.is_flag or option.multiple or value is None or callable(value):
        return ""
    return f"`{_plain(value)}`"


def _plain(value: object) -> str:
    return str(value.value if isinstance(value, Enum) else value)


def _paragraphs(command: click.Command) -> list[str]:
    return [" ".join(part.split()) for part in (command.help or "").split("\n\n")]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
