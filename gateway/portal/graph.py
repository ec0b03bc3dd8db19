"""A model's lineage as a drawing: one column a round, updates beside the model that they went into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.portal.words import short

if TYPE_CHECKING:
    from gateway.audit.trail.questions.models import LineageAnswer, ModelRow

MOST_ROUNDS: Final = 12
_COLUMN: Final = 236
_BOX: Final = 150
_HIGH: Final = 40
_ROW: Final = 52
_MARGIN: Final = 14
_LEFT: Final = _COLUMN // 2 + 24
"""How far an update's box begins before its model's."""
_RISE: Final = (_BOX - _LEFT + _COLUMN - _LEFT) // 2
"""Where lines rise to a model: midway between the boxes of its updates and those of the next round's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A box: where its corner is, what stands in it, and where it leads; empty for nowhere."""

    x: int
    y: int
    title: str
    words: str
    digest: str
    kind: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A line, as the path of an SVG."""

    path: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A drawing.

    Attributes
    ----------
    hidden
        How many older rounds are not in it.
    """

    width: int
    height: int
    box: int
    high: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    hidden: int


def draw(answer: LineageAnswer) -> Drawing:
    """Return the drawing of a model's newest ancestors, oldest on the left."""
    rows = answer.rows[:MOST_ROUNDS][::-1]
    nodes, edges = [_base(rows[0])], []
    for column, row in enumerate(rows, 1):
        x = _MARGIN + column * _COLUMN
        asked = "model asked" if row.distance == 0 else "model"
        nodes.append(
            Node(
                x=x,
                y=_MARGIN,
                title=f"{row.study}, round {row.round}",
                words=short(row.model),
                digest=row.model,
                kind=asked,
                link=f"/models/{row.model}",
            )
        )
        edges.append(Edge(path=_line(x - _COLUMN, _MARGIN, x, _MARGIN), kind="base"))
        for place, (update, who) in enumerate(zip(row.updates, row.contributors, strict=True), 1):
            left, top = x - _LEFT, _MARGIN + place * _ROW + 24
            nodes.append(Node(x=left, y=top, title=who, words=short(update), digest=update, kind="update", link=""))
            edges.append(Edge(path=_bend(left, top, x, _MARGIN), kind="update"))
    deepest = max(len(row.updates) for row in rows)
    return Drawing(
        width=2 * _MARGIN + len(rows) * _COLUMN + _BOX,
        height=2 * _MARGIN + _HIGH + (deepest * _ROW + 24 if deepest else 0),
        box=_BOX,
        high=_HIGH,
        nodes=tuple(nodes),
        edges=tuple(edges),
        hidden=len(answer.rows) - len(rows),
    )


def _base(row: ModelRow) -> Node:
    first = row.round == 1
    return Node(
        x=_MARGIN,
        y=_MARGIN,
        title="initial model" if first else f"{row.study}, round {row.round - 1}",
        words=short(row.base),
        digest=row.base,
        kind="initial" if first else "model",
        link="" if first else f"/models/{row.base}",
    )


def _line(x: int, y: int, to_x: int, to_y: int) -> str:
    return f"M{x + _BOX} {y + _HIGH // 2}H{to_x}" if y == to_y else _bend(x, y, to_x, to_y)


def _bend(x: int, y: int, to_x: int, to_y: int) -> str:
    """Return a line from the right side of an update's box to the lower side of its model's."""
    end_x, end_y = to_x + _RISE, to_y + _HIGH
    return f"M{x + _BOX} {y + _HIGH // 2}H{end_x - 8}Q{end_x} {y + _HIGH // 2} {end_x} {y + _HIGH // 2 - 8}V{end_y}"
