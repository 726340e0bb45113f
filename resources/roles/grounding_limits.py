"""Thresholds of grounding by words: launchpad, else EEMO_GROUNDING_THRESHOLDS, else defaults."""

from dataclasses import fields, replace

from eemo_pipeline.stages.grounding.limits import GROUNDING_LIMITS, GroundingLimits
from resources.thresholds import BadThreshold, read_numbers

VARIABLE = "EEMO_GROUNDING_THRESHOLDS"


def read_grounding_limits(text: str, chosen: dict[str, float] | None = None) -> GroundingLimits:
    """Return the thresholds, in which `chosen` (the launchpad) replaces `text` (the variable).

    Args:
        text: `name=number`, separated by commas; empty for the defaults.
        chosen: name -> number, 0-1.

    Raises:
        BadThreshold: a name is unknown, or a value is no number from 0 to 1.
    """
    given = {**read_numbers(text, VARIABLE), **(chosen or {})}
    names = [one.name for one in fields(GROUNDING_LIMITS)]
    for name, value in given.items():
        if name not in names:
            raise BadThreshold(
                f"there is no threshold {name!r} of grounding. Set one of {', '.join(names)} in "
                f"the launchpad or in {VARIABLE}"
            )
        if not 0 <= value <= 1:
            raise BadThreshold(
                f"threshold {name} of grounding is {value:g}. Set it to a number from 0 to 1, in "
                f"the launchpad or in {VARIABLE}"
            )
    return replace(GROUNDING_LIMITS, **given)
