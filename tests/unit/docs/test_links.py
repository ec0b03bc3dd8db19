import re
from xml.etree import ElementTree as ET

import pytest

from tests.unit.docs.pages import DOCS, PAGES, ROOT, read, without_code

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def links(path):
    return [target for target in LINK.findall(without_code(read(path))) if not re.match(r"[a-z]+:", target)]


def anchors(path):
    """Return a page's anchors, as forges make them from headings."""
    text = re.sub(r"^```.*?^```$", "", read(path), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    for target in links(page):
        name, _, anchor = target.partition("#")
        found = (page.parent / name).resolve() if name else page
        assert found.exists(), target
        assert found.is_relative_to(ROOT), target
        if anchor:
            assert anchor in anchors(found), target


def test_every_page_is_on_the_map():
    listed = {(DOCS / target.partition("#")[0]).resolve() for target in links(DOCS / "README.md")}
    listed |= {(DOCS / "decisions" / target).resolve() for target in links(DOCS / "decisions" / "README.md")}
    assert {page for page in PAGES if page.is_relative_to(DOCS)} - listed == {DOCS / "README.md"}


@pytest.mark.parametrize("image", sorted(DOCS.rglob("*.svg")), ids=lambda path: path.name)
def test_every_image_is_used_and_says_what_it_shows(image):
    drawn = ET.fromstring(read(image))  # noqa: S314 - our own file
    texts = [drawn.find(f"{{http://www.w3.org/2000/svg}}{name}") for name in ("title", "desc")]
    assert all(len(text.text) > 10 for text in texts)
    assert any(image.name in target for page in PAGES for target in links(page))
