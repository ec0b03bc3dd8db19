"""Reading the documentation's Markdown."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def read(path):
    return path.read_text(encoding="utf-8")


def section(text, heading):
    """Return what stands under a heading of level two."""
    return text.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def tables(text):
    """Return every table as lists of cells, its head among them."""
    found, current = [], []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            current.append([cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1])])
        elif current:
            found.append([current[0], *current[2:]])
            current = []
    return found


def fenced(text, *languages):
    """Return the fenced blocks of these languages."""
    return [body for language, body in _FENCE.findall(text) if language in languages]


def without_code(text):
    return re.sub(r"`[^`\n]*`", "", _FENCE.sub("", text))
