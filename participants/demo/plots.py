"""The report's plots as SVG, each beside a table of the same numbers. Colours differ in lightness too."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from participants.demo.result import Result

ACCENT: Final = "#0b6e6e"
DARK: Final = "#1f2933"
MIDDLE: Final = "#8a97a3"
LIGHT: Final = "#c9d2d9"
_SIZE: Final = (7.2, 3.0)
_STYLE: Final[Any] = {
    "axes.edgecolor": MIDDLE,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.family": "sans-serif",
    "font.size": 9,
    "svg.fonttype": "none",
    "svg.hashsalt": "quorate",
}


def accuracy(result: Result) -> str:
    """Return accuracy after each round, with the comparisons as lines."""
    found = result.comparison
    rounds = [each.round for each in result.times]
    alone = sum(found.local.values()) / len(found.local)
    with mpl.rc_context(_STYLE):
        figure, axes = _axes("round", "accuracy")
        axes.plot(rounds, found.rounds, color=ACCENT, marker="o", linewidth=2, label="federated")
        axes.axhline(found.centralised_no_dp, color=DARK, linestyle="-", linewidth=1, label="pooled, no privacy")
        if result.scenario.is_private:
            axes.axhline(
                found.centralised_same_epsilon, color=MIDDLE, linestyle="--", linewidth=1, label="pooled, same ε"
            )
        axes.axhline(alone, color=MIDDLE, linestyle=":", linewidth=1.5, label="members alone, mean")
        axes.set_xticks(rounds)
        _legend(axes)
        return _svg(figure)


def spending(result: Result) -> str:
    """Return ε spent per data set as the ledger and as PLD compute it, against the cap."""
    names = list(result.spent)
    places = range(len(names))
    with mpl.rc_context(_STYLE):
        figure, axes = _axes("", "ε")
        axes.bar(
            [x - 0.18 for x in places], [result.spent[n].epsilon for n in names], 0.34, color=ACCENT, label="ledger"
        )
        axes.bar(
            [x + 0.18 for x in places], [result.spent[n].pld or 0.0 for n in names], 0.34, color=LIGHT, label="PLD"
        )
        for x, name in zip(places, names, strict=True):
            label = "cap" if x == 0 else None
            axes.hlines(result.spent[name].cap, x - 0.4, x + 0.4, color=DARK, linewidth=1.5, label=label)
        axes.set_xticks(list(places), names)
        _legend(axes)
        return _svg(figure)


def seconds(result: Result) -> str:
    """Return where each round's time went."""
    rounds = [each.round for each in result.times]
    training: Sequence[float] = [each.training for each in result.times]
    with mpl.rc_context(_STYLE):
        figure, axes = _axes("round", "seconds")
        axes.bar(rounds, training, 0.6, color=ACCENT, label="training")
        axes.bar(
            rounds, [each.ledger for each in result.times], 0.6, bottom=training, color=LIGHT, label="everything else"
        )
        axes.set_xticks(rounds)
        _legend(axes)
        return _svg(figure)


def _axes(x: str, y: str) -> tuple[Figure, Any]:
    figure = Figure(figsize=_SIZE, layout="constrained")
    axes = figure.subplots()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    return figure, axes


def _legend(axes: Any) -> None:  # noqa: ANN401 - matplotlib's axes
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)


def _svg(figure: Figure) -> str:
    out = StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    return text[text.index("<svg") :]
