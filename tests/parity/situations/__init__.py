"""What is tried, by area. Importing an area enters its situations into the table."""

from importlib import import_module

AREAS = (
    "evaluate",
    "refused_proposals",
    "endorse",
    "state",
    "system",
    "submit",
    "commit",
    "conflicts",
    "deliver",
    "events",
    "limits",
    "client",
    "outages",
)


def load() -> None:
    """Enter every situation."""
    for area in AREAS:
        import_module(f"{__name__}.{area}")
