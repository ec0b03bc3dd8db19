"""Read a pinned vector file from wherever the tests are started."""

import json
from pathlib import Path

FOLDER = Path(__file__).parent


def load(name):
    return json.loads((FOLDER / name).read_text())
