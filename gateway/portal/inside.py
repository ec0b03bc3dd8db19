"""Where a form may lead: to a page of this portal, and nowhere else."""

from urllib.parse import urlsplit


def inside(to: str) -> str:
    """Return an address of this portal; the overview for any other."""
    parts = urlsplit(to)
    is_path = to.startswith("/") and not to.startswith("//") and not parts.scheme and not parts.netloc
    return to if is_path and to.isascii() and to.isprintable() and "\\" not in to else "/"
