"""The options of a study's training, alike for trying it and for drafting its terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from participants.training.terms import PrivacyTerms

_OPTIONS = (
    click.option("--rounds", type=click.IntRange(1, 1000), default=8, show_default=True),
    click.option("--noise-multiplier", default="4", show_default=True),
    click.option("--sample-rate", default="1/4", show_default=True),
    click.option("--steps", type=int, default=6, show_default=True, help="Steps a round."),
    click.option("--clipping-norm", default="1", show_default=True),
    click.option("--delta", default="1e-5", show_default=True),
    click.option("--no-dp", is_flag=True, help="Train without differential privacy, as the plan's `local` says."),
)


def training_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of rounds and privacy."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def privacy_of(options: Mapping[str, Any], *, expected_batch_size: int) -> PrivacyTerms:
    """Return the terms that the options say.

    Raises
    ------
    UsageError
        When an option is not in its exact form.
    """
    from participants.training.terms import PrivacyTerms  # noqa: PLC0415 - torch only where it is needed

    return PrivacyTerms.parse(
        {
            "noise_multiplier": options["noise_multiplier"],
            "sample_rate": options["sample_rate"],
            "steps_per_round": options["steps"],
            "clipping_norm": options["clipping_norm"],
            "expected_batch_size": expected_batch_size,
        }
    )
