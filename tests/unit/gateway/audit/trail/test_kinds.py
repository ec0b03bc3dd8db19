import re
from pathlib import Path

from gateway.audit.trail.kinds import KINDS, Severity, severity_of, words_of

LEDGER = Path(__file__).parents[5] / "docs" / "reference" / "ledger.md"


def test_every_event_of_the_chaincode_has_words():
    [line] = [line for line in LEDGER.read_text().splitlines() if line.startswith("Types: ")]
    types = set(re.findall(r"`([a-z.]+_?[a-z_]*)`", line))
    assert len(types) > 30
    assert types <= KINDS.keys()


def test_what_is_not_known_needs_attention():
    assert (severity_of("moon.landed"), words_of("moon.landed")) == (Severity.ATTENTION, "moon.landed")
