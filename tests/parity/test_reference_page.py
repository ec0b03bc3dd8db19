"""The reference page says how many situations there are, and in which area."""

import re
from collections import Counter
from pathlib import Path

from tests.parity import recordings, situations
from tests.parity.registry import SITUATIONS

situations.load()
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "parity.md").read_text(encoding="utf-8")


def test_the_page_counts_every_area():
    counted = Counter(run.__module__.rpartition(".")[2] for run in SITUATIONS.values())
    told = {area: int(number) for area, number in re.findall(r"^\| `(\w+)` \| (\d+) \|", PAGE, re.MULTILINE)}
    assert told == dict(counted)


def test_the_page_tells_the_totals():
    assert f"tries {len(SITUATIONS)} situations" in PAGE
    assert f"differs ({len(recordings.differing())} situations)" in PAGE
