"""Do viewers report pleasant and unpleasant emotions of one image? Yes or no.

By the votes: joy is pleasant; anger, disgust, fear and sadness are unpleasant; neutral and surprise
are neither. Both kinds have a fifth of the votes or more for "yes"; for "no" at least two emotions
are reported, and one kind is not among them. The thresholds are ours.
"""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.stages.qa.facts import Facts
from eemo_pipeline.stages.qa.templates import QaTemplate

_PLEASANT, _UNPLEASANT = ("joy",), ("anger", "disgust", "fear", "sadness")
_CONSIDERABLE = 0.2


def _ask(facts: Facts, _purpose: str) -> pl.DataFrame:
    pleasant, unpleasant = (
        pl.sum_horizontal(f"mass_{emotion}" for emotion in kind).round(6)
        for kind in (_PLEASANT, _UNPLEASANT)
    )
    reported = pl.sum_horizontal(pl.col(f"mass_{emotion}") > 0 for emotion in EKMAN_7)
    less = pl.min_horizontal(pleasant, unpleasant)
    is_yes = pl.when(less >= _CONSIDERABLE).then(True).when(less == 0).then(False)  # noqa: FBT003
    return (
        facts.having("mass")
        .filter(reported > 1)
        .select(pl.col("row").alias("first"), "base", "split", is_yes.alias("is_yes"))
        .drop_nulls("is_yes")
    )


TEMPLATE = QaTemplate(
    name="conflicting_emotions",
    category="perception",
    question_type="yes_no",
    claim="conflict",
    needs=("mass",),
    sentences=(
        "Do viewers differ about this picture, so that some feel pleasant and others "
        "unpleasant emotions?",
        "Does this picture evoke conflicting emotions, pleasant ones in some viewers and "
        "unpleasant ones in others?",
        "Are the feelings that viewers report for this picture in conflict, some "
        "pleasant and some unpleasant?",
        "Do both pleasant and unpleasant emotions have a considerable share in the "
        "response to this picture?",
        "Is the response to this picture mixed, pleasant for some viewers and unpleasant "
        "for others?",
        "Would you call what viewers feel at this picture ambivalent, pleasant and "
        "unpleasant at once?",
    ),
    depicted=(
        "Do the people in this picture seem to feel pleasant and unpleasant emotions at once?",
        "Does what the people shown here seem to feel hold a conflict between pleasant "
        "and unpleasant?",
        "Are both pleasant and unpleasant emotions to be seen in the people in this picture?",
    ),
    ask=_ask,
    proof=tuple(f"mass_{emotion}" for emotion in (*_PLEASANT, *_UNPLEASANT)),
)
