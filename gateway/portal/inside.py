"""Where a form may lead: to a page of this portal, and nowhere else."""


def inside(to: str) -> str:
    """Return an address of this portal; the overview for any other."""
    is_path = to.startswith("/") and not to.startswith("//")
    return to if is_path and to.isascii() and to.isprintable() and "\\" not in to else "/"
