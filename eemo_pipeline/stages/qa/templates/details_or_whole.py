"""Do the emotions come from details, from the whole image, or from both? Three options.

By what people's explanations speak of: things in the image, or the image as a whole.
"""

import polars as pl

from eemo_pipeline.stages.qa.column_draws import pick
from eemo_pipeline.stages.qa.facts import Facts
from eemo_pipeline.stages.qa.templates import QaTemplate

# A value of `texts__candidates.explained_by` -> the option.
_OPTIONS = {"details": "Details", "whole": "The whole", "both": "Both"}


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    correct = pl.col("explained_by").replace_strict(_OPTIONS, return_dtype=pl.String)
    rows = facts.having("explained_by").with_columns(correct=correct)
    wrong = {option: pl.col("correct") != option for option in _OPTIONS.values()}
    return pick(rows, wrong, 2, purpose, "wrong").select(
        pl.col("row").alias("first"),
        *("base", "split", "correct"),
        pl.col("pick_1").alias("wrong_1"),
        pl.col("pick_2").alias("wrong_2"),
    )


TEMPLATE = QaTemplate(
    name="details_or_whole",
    category="perception",
    question_type="what_how",
    claim="explained_by",
    needs=("explained_by",),
    sentences=(
        "Do the emotions at this picture come from its details, from the whole, or from both?",
        "What do viewers of this picture respond to: details, the whole, or both?",
        "When viewers explain what they feel here, do they speak of details, of the "
        "whole, or of both?",
        "What brings about the feelings at this picture: single things in it, all of it "
        "together, or both?",
        "Are viewers of this picture moved by details, by the whole, or by both?",
        "To what do viewers owe their feelings at this picture: details, the whole, or both?",
    ),
    ask=_ask,
    answers=3,
    proof=("explained_by",),
)
