"""docs/reference/ledger.md names every kind of key of the state; what is made from the code is held by a test in Go."""

import re

from tests.unit.docs.pages import DOCS, ROOT, read, section, tables

KEYS = read(ROOT / "chaincode" / "ledger" / "keys.go")


def test_every_kind_of_key_is_listed():
    made = set(re.findall(r'(?:shared\(|owned\(\w+, )"(\w+)"', KEYS))
    rows = tables(section(read(DOCS / "reference" / "ledger.md"), "Keys"))[0][1:]
    assert {kind for row in rows for kind in re.findall(r"`([a-z]+)", row[0])} == made
    assert {"charter", "ballot", "anchor"} <= made
