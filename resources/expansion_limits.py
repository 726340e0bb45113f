"""Caps of the expansion: launchpad, else EEMO_EXPANSION, else the defaults."""

import os
from dataclasses import asdict, replace
from typing import Any

import dagster as dg
from pydantic import Field

from eemo_pipeline.stages.expansion.limits import EXPANSION_LIMITS, ExpansionLimits

VARIABLE = "EEMO_EXPANSION"
_DEFAULTS = asdict(EXPANSION_LIMITS)
_MOST = 1_000_000


class BadExpansionLimit(ValueError):
    """A cap cannot be used; the message names it and where it was given."""


def read_expansion_limits(text: str, chosen: dict[str, int] | None = None) -> ExpansionLimits:
    """Return the caps, in which `chosen` (the launchpad) replaces `text` (EEMO_EXPANSION).

    Args:
        text: `name=number`, separated by commas; empty for the defaults.
        chosen: name -> number.

    Raises:
        BadExpansionLimit: a name is unknown, or a value is no whole number from 0 to a million.
    """
    given: dict[str, int] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, _, number = (part.strip() for part in item.partition("="))
        if not number.isascii() or not number.isdigit():
            raise BadExpansionLimit(
                f"{VARIABLE} has {item!r}. Write name=number, for example prompts_per_emotion=10"
            )
        given[name] = int(number)
    values = given | (chosen or {})
    for name, value in values.items():
        if name not in _DEFAULTS:
            raise BadExpansionLimit(
                f"there is no cap {name!r}. Set one of {', '.join(_DEFAULTS)} in {VARIABLE}"
            )
        if not 0 <= value <= _MOST:
            raise BadExpansionLimit(f"{name} is {value}. Set it to a number from 0 to {_MOST}")
    return replace(EXPANSION_LIMITS, **values)


class ExpansionLimitsResource(dg.ConfigurableResource):
    """Caps of the expansion."""

    limits: dict[str, int] = Field(
        default_factory=dict,
        description=f"name: number; one that is not named comes from {VARIABLE}, else: "
        f"{', '.join(f'{name} {value}' for name, value in _DEFAULTS.items())}.",
    )

    def create_resource(self, context: dg.InitResourceContext) -> Any:  # noqa: ARG002
        """Return the caps of this run."""
        return read_expansion_limits(os.environ.get(VARIABLE, ""), dict(self.limits))
