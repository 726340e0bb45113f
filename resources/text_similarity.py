"""Chooses the measure by which the annotators' words are compared.

The embedded one counts shared lemmas. Sentence embeddings are a model in a child process; torch is
never imported here.
"""

import os
from typing import Any

import dagster as dg
from pydantic import Field

from eemo_pipeline.aggregation.text_similarity import TextSimilarity
from eemo_pipeline.aggregation.word_agreement import LEMMAS
from resources.child_models.sentence_similarity import build_sentence_similarity

VARIABLE = "EEMO_SIMILARITY"
LEMMA_OVERLAP, EMBEDDINGS = "lemmas", "embeddings"


class BadSimilarity(ValueError):
    """There is no such measure; the message lists the available ones."""


def build_similarity(text: str) -> TextSimilarity:
    """Build the measure that the text names: `lemmas`, or `embeddings:MODEL`.

    Raises:
        BadSimilarity: there is no such measure.
        ChildProblem: the model's process cannot be used.
    """
    name, _, model = text.partition(":")
    if name == LEMMA_OVERLAP:
        return LEMMAS
    if name == EMBEDDINGS and model:
        return build_sentence_similarity(model)
    raise BadSimilarity(
        f"there is no measure {text!r} of texts. Set {VARIABLE} to {LEMMA_OVERLAP}, or to "
        f"{EMBEDDINGS}:MODEL, a folder or name that transformers can load"
    )


class TextSimilarityResource(dg.ConfigurableResource):
    """Chooses the measure of texts; the embedded one needs no model."""

    similarity: str | None = Field(
        default=None,
        description=f"{LEMMA_OVERLAP} or {EMBEDDINGS}:MODEL; else {VARIABLE}, else the first.",
    )

    def create_resource(self, context: dg.InitResourceContext) -> Any:  # noqa: ARG002
        """Build the measure of this run."""
        text = self.similarity or os.environ.get(VARIABLE) or LEMMA_OVERLAP
        return build_similarity(text.strip())
