"""The pages that every page leads to, in groups."""

from __future__ import annotations

from typing import Final

MENU: Final = (
    (
        "Watch",
        (
            ("overview", "/", "Overview"),
            ("timeline", "/timeline", "Timeline"),
            ("studies", "/studies", "Studies and rounds"),
            ("refusals", "/refusals", "Refusals and disputes"),
            ("agreement", "/agreement", "Agreement"),
        ),
    ),
    (
        "Account for",
        (
            ("privacy", "/privacy", "Privacy accounts"),
            ("policies", "/policies", "Policies"),
            ("models", "/models", "Models and lineage"),
            ("members", "/members", "Members"),
            ("questions", "/questions", "All questions"),
        ),
    ),
    (
        "Supervise",
        (
            ("reviews", "/reviews", "Reviews"),
            ("access", "/access", "Access log"),
            ("exports", "/exports", "Exports"),
            ("controls", "/controls", "Control mapping"),
        ),
    ),
)
"""Groups of (route, address, title)."""
