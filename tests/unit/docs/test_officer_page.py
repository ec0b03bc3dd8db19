"""docs/how-to/answer-an-officer.md names a command and a page of the portal for every question."""

import re
from pathlib import Path

from gateway.audit.schedule.run import Expected
from gateway.audit.trail.questions import QUESTIONS
from quorate.cli.audit_questions import ASKINGS

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "how-to" / "answer-an-officer.md").read_text()
ROUTES = (ROOT / "gateway" / "portal" / "routes.py").read_text()


def rows():
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if re.match(r"\| \d", line)
    ]


def test_every_question_has_its_command():
    assert [int(number) for number, *_ in rows()] == list(range(1, 18))
    named = {name: int(row[0]) for row in rows() for name in re.findall(r"`quorate audit ask ([a-z-]+)", row[2])}
    assert named == {name: question.number for name, question in QUESTIONS.items()}
    assert named.keys() == {asking.name for asking in ASKINGS}


def test_every_page_is_one_of_the_portals():
    paths = set(re.findall(r'path="([^"]+)"', ROUTES))
    for *_, page in rows():
        path = re.sub(r"/questions/[a-z-]+$", "/questions/{name}", page.strip("`"))
        assert path in paths, page
    named = {name for *_, page in rows() for name in re.findall(r"/questions/([a-z-]+)", page)}
    assert named <= QUESTIONS.keys()


def test_the_scheduled_audit_takes_for_normal_what_the_page_says():
    usual = Expected()
    assert f"certificates that expire within {usual.days} days" in PAGE
    assert f"budgets above {100 * usual.budget_share:g} % of\ntheir cap" in PAGE
