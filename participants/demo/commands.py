"""``quorate demo``."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import tempfile
from pathlib import Path
from typing import Any, Final

import click

from network.engine import Engine, driver
from participants.demo.options import DemoOptions
from participants.demo.scenario import DATASETS, DEFAULT_CAP, MAX_MEMBERS, MIN_MEMBERS
from participants.demo.takedown import take_down
from quorate.errors import UsageError
from quorate.records.common import DECIMAL_PATTERN

_MAX_ROUNDS: Final = 1000
_ENDS: Final = (signal.SIGTERM, signal.SIGHUP)


def _cap(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    import re  # noqa: PLC0415 - used once a run

    if not re.fullmatch(DECIMAL_PATTERN, value) or not value.strip("0."):
        raise click.BadParameter("an ε cap is a plain decimal above zero, such as 2 or 0.5")
    return value


def _summary(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> Path | None:
    if value is not None:
        try:
            value.parent.mkdir(parents=True, exist_ok=True)  # now, and not after all rounds
        except OSError as error:
            raise click.BadParameter(f"{value.parent} cannot be made: {error.strerror}") from error
    return value


@click.command()
@click.option("--members", type=click.IntRange(MIN_MEMBERS, MAX_MEMBERS), default=4, show_default=True)
@click.option("--rounds", type=click.IntRange(1, _MAX_ROUNDS), default=8, show_default=True)
@click.option("--dataset", type=click.Choice(DATASETS), default=DATASETS[0], show_default=True)
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, file_okay=False, resolve_path=True),
    help="The directory of the heart data.",
)
@click.option("--cap", default=DEFAULT_CAP, show_default=True, callback=_cap, help="The data sets' ε cap.")
@click.option("--no-dp", is_flag=True, help="Train without differential privacy; the data sets are unprotected then.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Of the partition.")
@click.option("--engine", type=click.Choice(Engine, case_sensitive=False), default=Engine.EMBEDDED, show_default=True)
@click.option("--keep", is_flag=True, help="Leave everything running in the end.")
@click.option("--stop", is_flag=True, help="End what an earlier --keep left running in --out, and do nothing else.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to put everything; a new temporary directory by default.",
)
@click.option(
    "--summary",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=_summary,
    help="Write the summary (JSON) here too.",
)
def demo(*, no_dp: bool, stop: bool, out: Path | None, engine: Engine, **options: Any) -> None:  # noqa: ANN401 - click's values
    """Run a whole consortium on this machine: found, train, attest, verify, report.

    Each member has its own CA, gateway process and agent process. All of it stays in one directory.
    """
    if stop:
        if out is None:
            raise UsageError("say which demo to end", hint="quorate demo --stop --out DIR")
        take_down(out)
        return
    if (missing := driver(engine).missing()) is not None:
        raise UsageError(missing, hint="Or leave --engine out: the embedded ledger is always there.")
    chosen = DemoOptions(
        private=not no_dp,
        engine=engine,
        out=out or Path(tempfile.mkdtemp(prefix="quorate-demo-")),
        **options,
    )
    try:
        _run(chosen)
    finally:
        if out is None:
            with contextlib.suppress(OSError):
                chosen.out.rmdir()  # refused before anything was written there


def _run(options: DemoOptions) -> None:
    # Only a demo that really runs pays for importing gRPC and the rest.
    from participants.demo.ending import say_ending  # noqa: PLC0415
    from participants.demo.run import run_demo  # noqa: PLC0415

    async def interruptible() -> None:
        loop, work = asyncio.get_running_loop(), asyncio.current_task()
        with contextlib.suppress(NotImplementedError):
            for number in _ENDS:
                if signal.getsignal(number) is signal.SIG_IGN:  # nohup: whoever started it wants it to go on
                    continue
                loop.add_signal_handler(number, work.cancel)  # type: ignore[union-attr]  # a coroutine runs in a task
        say_ending(await run_demo(options), options)

    try:
        asyncio.run(interruptible())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None  # for whoever waits, a signal is a signal
