"""docs/reference/figures.md: what it says can be repeated, and the shares are those of the figures beside them."""

import pytest

from tests.benchmarks.run import BENCHMARKS, ENGINES
from tests.unit.docs.pages import DOCS, read, section, tables

PAGE = read(DOCS / "reference" / "figures.md")


@pytest.mark.parametrize("row", tables(section(PAGE, "Beside raw Fabric"))[0][1:], ids=lambda row: f"at once {row[0]}")
def test_a_share_is_that_of_the_rates(row):
    ours, raw, share = float(row[1]), float(row[4]), float(row[7])
    assert share == pytest.approx(ours / raw, abs=0.01)


def test_every_engine_of_the_benchmarks_has_its_round():
    assert {row[0] for row in tables(section(PAGE, "A round"))[0][1:]} == set(ENGINES)


def test_the_command_names_a_benchmark_and_an_engine():
    assert "`ARGS='--engine native ledger'`" in PAGE
    assert "ledger" in BENCHMARKS
    assert "native" in ENGINES
