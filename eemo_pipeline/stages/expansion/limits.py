"""Caps of the expansion: how much it may ask for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ExpansionLimits:
    """Caps of queries and prompts.

    Attributes:
        images_per_query: images that may be taken for one query.
        words_per_query: longest query.
        prompts_per_emotion: prompts for one intended emotion, never more than the emotion lacks.
        children_per_parent: prompts from the triplet of one image.
    """

    images_per_query: int = 20
    words_per_query: int = 10
    prompts_per_emotion: int = 25
    children_per_parent: int = 2


EXPANSION_LIMITS = ExpansionLimits()
