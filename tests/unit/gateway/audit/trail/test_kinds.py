import re
from pathlib import Path

import pytest

from gateway.audit.trail.filter import event_filter
from gateway.audit.trail.kinds import KINDS, Severity, require_kind, severity_of, words_of
from quorate.errors import UsageError

LEDGER = Path(__file__).parents[5] / "docs" / "reference" / "ledger.md"


def test_every_event_of_the_chaincode_has_words():
    [line] = [line for line in LEDGER.read_text().splitlines() if line.startswith("Types: ")]
    types = set(re.findall(r"`([a-z.]+_?[a-z_]*)`", line))
    assert len(types) > 30
    assert types <= KINDS.keys()


def test_what_is_not_known_needs_attention():
    assert (severity_of("moon.landed"), words_of("moon.landed")) == (Severity.ATTENTION, "moon.landed")


@pytest.mark.parametrize("kind", [*KINDS, "round", "witness"])
def test_a_kind_and_what_kinds_begin_with_may_be_asked_for(kind):
    assert require_kind(kind) == kind
    assert event_filter({"kinds": [kind]}).kinds == (kind,)


@pytest.mark.parametrize(
    ("kind", "hint"),
    [
        ("round.seald", "Near it: round.sealed, "),
        ("rounds", "Near it: round, "),
        ("gateway.moved", "Near it: gateway.announced."),
        ("Round'; --", "Kinds begin with audit, "),
        ("x", "Kinds begin with audit, chaincode, channel, "),
        ("z" * 16_000, "Kinds begin with audit, "),
        ("", "Kinds begin with audit, "),
    ],
)
def test_a_kind_that_there_is_not_is_refused_with_what_is_near_it(kind, hint):
    with pytest.raises(UsageError, match="is no kind of event") as caught:
        event_filter({"kinds": ["round", kind]})
    assert caught.value.hint.startswith(hint)
    assert len(caught.value.message) < 100
