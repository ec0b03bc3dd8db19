"""What real Fabric was seen to do: one file per release, the older ones with what differs from the newest."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

NEWEST: Final = "3.1"
_FOLDER: Final = Path(__file__).parent / "recorded"
Observations = dict[str, Any]


def load(version: str) -> Observations:
    """Return the observations of a release such as ``3.1``."""
    newest: Observations = _read(NEWEST)["observations"]
    return newest if version == NEWEST else newest | _read(version)["observations"]


def differing() -> list[tuple[str, str]]:
    """Return what older releases do otherwise than the newest: release and situation."""
    return [(version, name) for version in releases() if version != NEWEST for name in _read(version)["observations"]]


def releases() -> list[str]:
    """Return the releases of which there are observations."""
    return sorted(path.stem for path in _FOLDER.glob("*.json"))


def save(version: str, release: str, observed: Observations) -> Path:
    """Keep the observations of a release; of an older one only those that differ from the newest."""
    if version != NEWEST:
        newest = load(NEWEST)
        observed = {name: seen for name, seen in observed.items() if newest.get(name) != seen}
    path = _FOLDER / f"{version}.json"
    document = {"fabric": release, "observations": dict(sorted(observed.items()))}
    _read.cache_clear()
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


@cache
def _read(version: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((_FOLDER / f"{version}.json").read_text(encoding="utf-8"))
    return document
