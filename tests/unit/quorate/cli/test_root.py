import os
import subprocess
import sys
from pathlib import Path

import pytest

from quorate.cli import main

RAISES = """
    import click
    from quorate.errors import BudgetError

    @click.command()
    def command():
        raise {what}
"""


def test_help_lists_mounted_commands_without_importing_them(mount, capsys):
    broken = mount("raise AssertionError('imported')")

    assert main(["--help"], mounts=[broken]) == 0

    out, err = capsys.readouterr()
    assert "try" in out
    assert "Try it." in out
    assert err == ""


def test_a_command_of_the_working_tree_runs(mount, capsys):
    command = mount("""
        import click

        @click.command()
        @click.argument("word")
        def command(word):
            click.echo(word)
    """)

    assert main(["try", "hello"], mounts=[command]) == 0
    assert capsys.readouterr().out == "hello\n"


def test_a_command_chooses_its_exit_status(mount):
    command = mount("""
        import click

        @click.command()
        @click.pass_context
        def command(context):
            context.exit(5)
    """)
    assert main(["try"], mounts=[command]) == 5


def test_a_command_is_asked_for_by_a_name_near_its_own(mount, capsys):
    one = mount("import click\n@click.command()\ndef command():\n    pass\n")
    assert main(["tri"], mounts=[one]) == 2
    assert capsys.readouterr().err.startswith("INVALID_ARGUMENT: No such command 'tri'. Did you mean 'try'?\n")
    assert main(["elsewhere"], mounts=[one]) == 2
    assert "Did you mean" not in capsys.readouterr().err


def test_unknown_command_is_wrong_usage(capsys):
    assert main(["no-such-command"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "no-such-command" in err


def test_wrong_usage_is_said_like_every_other_error(capsys):
    assert main(["--no-such-option"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("INVALID_ARGUMENT: No such option")
    assert "next: See quorate --help." in err


def test_a_missing_option_that_the_environment_could_give_says_so(mount, capsys):
    command = mount("""
        import click

        @click.command()
        @click.option("--profile", envvar="TRY_PROFILE", required=True)
        def command(profile):
            click.echo(profile)
    """)
    assert main(["try"], mounts=[command]) == 2
    assert "set TRY_PROFILE once" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "found"), [({}, "NONE"), ({"GRPC_VERBOSITY": "info"}, "info"), ({"QUORATE_DEBUG": "1"}, "nothing")]
)
def test_grpc_is_silent_unless_it_is_asked_to_speak(mount, capsys, monkeypatch, given, found):
    monkeypatch.setattr(os, "environ", given)
    command = mount("""
        import os
        import click

        @click.command()
        def command():
            click.echo(os.environ.get("GRPC_VERBOSITY", "nothing"))
    """)
    assert main(["try"], mounts=[command]) == 0
    assert capsys.readouterr().out == f"{found}\n"


def test_an_error_says_what_why_and_what_next_on_standard_error(mount, capsys):
    refused = mount(RAISES.format(what='BudgetError("9 of 4 spent", hint="Wait.")'))

    assert main(["try"], mounts=[refused]) == 6

    out, err = capsys.readouterr()
    assert out == ""
    assert "BUDGET_EXCEEDED: 9 of 4 spent" in err
    assert "next: Wait." in err
    assert "Traceback" not in err


@pytest.mark.parametrize("arguments", [["--debug", "try"], ["try", "--debug"]])
def test_debug_adds_the_cause(mount, capsys, arguments):
    refused = mount(RAISES.format(what='BudgetError("no", cause=KeyError("the cause"))'))

    assert main(arguments, mounts=[refused]) == 6
    assert "KeyError: 'the cause'" in capsys.readouterr().err


def test_debug_after_two_dashes_is_an_argument_like_any_other(mount, capsys):
    command = mount("""
        import click

        @click.command()
        @click.argument("words", nargs=-1)
        def command(words):
            click.echo(words)
    """)
    assert main(["try", "--debug", "--", "--debug"], mounts=[command]) == 0
    assert capsys.readouterr().out == "('--debug',)\n"


def test_debug_may_come_from_the_environment(mount, capsys, monkeypatch):
    monkeypatch.setenv("QUORATE_DEBUG", "1")
    assert main(["try"], mounts=[mount(RAISES.format(what="ValueError('why')"))]) == 70
    assert "Traceback" in capsys.readouterr().err


def test_an_unexpected_exception_is_a_defect_without_a_traceback(mount, capsys):
    assert main(["try"], mounts=[mount(RAISES.format(what="ZeroDivisionError('oh')"))]) == 70

    err = capsys.readouterr().err
    assert "ZeroDivisionError: oh" in err
    assert "Traceback" not in err


def test_standard_output_on_a_full_disk_is_no_defect():
    with Path("/dev/full").open("w") as full:
        found = subprocess.run(
            [sys.executable, "-m", "quorate", "--version"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert found.returncode == 3
    assert found.stderr.startswith("NO_SPACE: ")
    assert "Exception" not in found.stderr


def quorate(*arguments, closed=None, **options):
    command = [sys.executable, "-m", "quorate", *arguments]
    if closed is not None:
        # A shell closes the stream: code of ours between fork and exec may abort beside the threads of other tests.
        command = ["sh", "-c", f'exec "$@" {closed}>&-', "sh", *command]
    return subprocess.run(command, text=True, check=False, timeout=200, **options)


def test_a_closed_standard_output_is_refused_before_anything_is_done():
    found = quorate("--version", stderr=subprocess.PIPE, closed=1)
    assert found.returncode == 2
    assert found.stderr.startswith("INVALID_ARGUMENT: standard output is closed\n")


@pytest.mark.parametrize("descriptor", [0, 2])
def test_other_closed_streams_change_nothing(descriptor):
    found = quorate("--version", stdout=subprocess.PIPE, closed=descriptor)
    assert (found.returncode, found.stdout[:8]) == (0, "quorate ")


def test_what_a_locale_cannot_say_is_written_as_utf8():
    ask = ("privacy", "quote", "--noise-multiplier", "4", "--sample-rate", "1/4", "--steps", "48", "--delta", "1e-5")
    found = quorate(*ask, stdout=subprocess.PIPE, encoding="utf-8", env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert found.returncode == 0
    assert "ε = 1.9899 at δ = 1e-5" in found.stdout


def test_an_operating_system_error_nobody_expected_is_a_defect(mount):
    assert main(["try"], mounts=[mount(RAISES.format(what="PermissionError(13, 'no')"))]) == 70


def test_a_file_that_the_system_refuses_is_named(mount, capsys):
    assert main(["try"], mounts=[mount(RAISES.format(what="PermissionError(13, 'no', '/some/file')"))]) == 3
    assert capsys.readouterr().err.startswith("STORAGE: /some/file cannot be used: no\n")


@pytest.mark.parametrize("what", ["KeyboardInterrupt", "click.Abort", "EOFError"])
def test_interruption(mount, capsys, what):
    assert main(["try"], mounts=[mount(RAISES.format(what=what))]) == 130
    assert "Interrupted" in capsys.readouterr().err


def test_escape_sequences_in_an_error_do_not_reach_the_terminal(mount, capsys):
    evil = mount(RAISES.format(what=r'BudgetError("\x1b]0;owned\x07 \u202egnp")'))

    main(["try"], mounts=[evil])

    err = capsys.readouterr().err
    assert "\x1b" not in err
    assert "\u202e" not in err
    assert "\\x1b]0;owned\\x07" in err


def test_a_missing_extra_is_named(mount, capsys):
    needs = mount("import a_package_that_nobody_has", extra="gateway")

    assert main(["try"], mounts=[needs]) == 2

    err = capsys.readouterr().err
    assert "a_package_that_nobody_has" in err
    assert "pip install 'quorate[gateway]'" in err


def test_a_missing_module_of_ours_is_a_defect_and_not_a_missing_extra(mount, capsys):
    broken = mount("import quorate.a_module_that_nobody_wrote", extra="gateway")
    assert main(["try"], mounts=[broken]) == 70
    assert "pip install" not in capsys.readouterr().err


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("quorate ")


def test_a_reader_that_goes_away_is_not_an_error():
    program = "import sys; from quorate.cli import main; sys.exit(main(['--help']))"
    reader, writer = os.pipe()
    os.close(reader)
    try:
        found = subprocess.run(
            [sys.executable, "-c", program], stdout=writer, stderr=subprocess.PIPE, check=False, timeout=200
        )
    finally:
        os.close(writer)
    assert found.returncode == 141
    assert found.stderr == b""
