"""The embedded writer with all its tasks: which module realises which task."""

from functools import partial

from eemo_pipeline.emotion.level_words import LEVEL_WORDS
from eemo_pipeline.stages.texts import (
    candidates,
    comparisons,
    descriptions,
    details,
    evocations,
    reasonings,
)
from eemo_pipeline.stages.texts.writers import TemplateRealiser

REALISER = TemplateRealiser(
    {
        "descriptions": (descriptions.METHOD, descriptions.realise),
        "reasonings": (reasonings.METHOD, reasonings.realise),
        "details": (details.METHOD, details.realise),
        "evocations": (evocations.METHOD, evocations.realise),
        "candidates": (candidates.METHOD, candidates.realise),
        "compare_overall": (comparisons.METHOD, comparisons.realise_overall),
        **{
            f"compare_{dimension}": (
                comparisons.METHOD,
                partial(comparisons.realise_dimension, dimension),
            )
            for dimension in LEVEL_WORDS
        },
    },
    {"descriptions": "not_measured", "evocations": "neither_named"},
)
