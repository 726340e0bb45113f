"""Thresholds of rankings, votes and critic: launchpad, else EEMO_THRESHOLDS, else the papers.

One resource, so that labels, verification, critic, records and ablation of a run decide alike.
"""

import os
from dataclasses import fields, replace
from typing import Any

import dagster as dg
from pydantic import Field

from eemo_pipeline.aggregation.limits import DECISION_LIMITS, RANKING_LIMITS
from eemo_pipeline.stages.critic.limits import CRITIC_LIMITS, CriticLimits
from resources.named_numbers import BadItem, read_named_numbers

VARIABLE = "EEMO_THRESHOLDS"
# name -> smallest and largest allowed value
RANGES: dict[str, tuple[float, float]] = {
    "min_labelled": (1, 1_000_000),
    "min_in_cell": (1, 1_000_000),
    "accepted_from": (0.5, 1),
    "trusted_weight": (1, 10),
    "clarity_agrees_within": (0, 9),
    "words_agree_from": (0, 1),
    "borne_out_from": (0, 1),
    "low_up_to": (1, 9),
    "medium_up_to": (2, 10),
    "max_rounds": (1, 10),
    "max_calls": (1, 1000),
    "pleasant_from": (0.5, 1),
    "unpleasant_up_to": (0, 0.5),
    "shortest_description": (1, 100),
    "longest_description": (1, 200),
    "phrase_words": (1, 100),
    "salient_score": (0, 1),
    "smallest_box": (0, 1),
    "largest_box": (0, 1),
    "levels_apart": (1, 2),
    "evidence_length": (20, 10_000),
    "ranking_length": (2, 6),
    "smallest_gap": (0.000_002, 1),
    "vote_tolerance": (0, 0.5),
}
# the first must stay below the second
_ORDERED = (
    ("low_up_to", "medium_up_to"),
    ("shortest_description", "longest_description"),
    ("smallest_box", "largest_box"),
)
_PARTS = (DECISION_LIMITS, RANKING_LIMITS)
_DEFAULTS: dict[str, float] = {
    name: next(getattr(part, name) for part in (*_PARTS, CRITIC_LIMITS) if hasattr(part, name))
    for name in RANGES
}


class BadThreshold(ValueError):
    """A threshold cannot be used; the message names it, its range and where it was given."""


def read_thresholds(text: str, chosen: dict[str, float] | None = None) -> CriticLimits:
    """Return the thresholds, in which `chosen` (the launchpad) replaces `text` (EEMO_THRESHOLDS).

    Args:
        text: `name=number`, separated by commas; empty for the defaults.
        chosen: name -> number.

    Raises:
        BadThreshold: a name is unknown, a value is no number or out of range, or two contradict.
    """
    values = {**_DEFAULTS, **read_numbers(text, VARIABLE), **(chosen or {})}
    for name, value in values.items():
        _check(name, value)
    for low, high in _ORDERED:
        if values[low] >= values[high]:
            raise BadThreshold(
                f"threshold {low} is {values[low]:g} and {high} is {values[high]:g}. "
                f"Set {low} below {high}, in the launchpad or in {VARIABLE}"
            )
    typed = {name: type(_DEFAULTS[name])(value) for name, value in values.items()}
    decision, ranking = (
        replace(part, **{one.name: typed.pop(one.name) for one in fields(part)}) for part in _PARTS
    )
    return replace(CRITIC_LIMITS, **typed, decision=decision, ranking=ranking)


def read_numbers(text: str, variable: str) -> dict[str, float]:
    """Return the numbers by name of `name=number, ...`, the form of a variable of thresholds.

    Raises:
        BadThreshold: an item has another form.
    """
    try:
        return read_named_numbers(text)
    except BadItem as error:
        raise BadThreshold(
            f"{variable} has {str(error)!r}. Write name=number, separated by commas"
        ) from None


def _check(name: str, value: float) -> None:
    if name not in RANGES:
        raise BadThreshold(
            f"there is no threshold {name!r}. Set one of {', '.join(RANGES)} in {VARIABLE}"
        )
    low, high = RANGES[name]
    is_whole = isinstance(_DEFAULTS[name], int)
    if not low <= value <= high or (is_whole and value != int(value)):
        kind = "a whole number" if is_whole else "a number"
        raise BadThreshold(
            f"threshold {name} is {value:g}. Set it to {kind} from {low:g} to {high:g}, in the "
            f"launchpad or in {VARIABLE}"
        )


class ThresholdsResource(dg.ConfigurableResource):
    """Thresholds of rankings, cross-verification and critic."""

    thresholds: dict[str, float] = Field(
        default_factory=dict,
        description=f"name: number; one that is not named comes from {VARIABLE}, else from "
        f"the papers: {', '.join(f'{name} {value:g}' for name, value in _DEFAULTS.items())}.",
    )

    def create_resource(self, context: dg.InitResourceContext) -> Any:  # noqa: ARG002
        """Return the thresholds of this run."""
        return read_thresholds(os.environ.get(VARIABLE, ""), dict(self.thresholds))
