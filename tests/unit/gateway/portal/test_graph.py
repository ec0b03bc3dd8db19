import re
from itertools import product
from types import SimpleNamespace

import pytest

from gateway.portal.graph import draw


def lineage(*updates):
    """Return an answer as the drawing reads it: the number of updates of each round, oldest first."""
    rows = [
        SimpleNamespace(
            study="one",
            round=number,
            model=f"model {number}",
            base=f"model {number - 1}",
            distance=len(updates) - number,
            updates=[f"update {number}/{place}" for place in range(count)],
            contributors=[f"Member{place}" for place in range(count)],
        )
        for number, count in enumerate(updates, 1)
    ]
    return SimpleNamespace(rows=rows[::-1])


@pytest.mark.parametrize("updates", [(3,), (3, 2), (1, 9, 4), (2,) * 12, (2,) * 15])
def test_no_line_to_a_model_runs_behind_a_box(updates):
    drawing = draw(lineage(*updates))
    rises = [
        (int(found[1]), int(found[3]), int(found[2]))
        for edge in drawing.edges
        if (found := re.search(r" (\d+) (\d+)V(\d+)$", edge.path))
    ]
    assert len(rises) == sum(updates[-12:])
    for (x, top, bottom), node in product(rises, drawing.nodes):
        beside = not node.x <= x <= node.x + drawing.box
        assert beside or node.y + drawing.high <= top or node.y >= bottom
