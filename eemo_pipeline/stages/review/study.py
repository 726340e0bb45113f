"""The user study of EmoVerse (arXiv 2511.12554, Table 4): three questions about each source.

There, people are shown image and label and answer yes or no. Here they judge blind first, so the
answers are derived: nobody is asked whether a label is right before they have said what they feel.
"""

from typing import Any

import numpy as np
import polars as pl

from eemo_pipeline.aggregation.study_answers import QUESTIONS, STUDY, answer_study
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stats.intervals import wilson

_TABLE = TABLES["review__study"]
ALL = "all"


def build_study(draws: pl.DataFrame, votes: pl.DataFrame, queue: pl.DataFrame) -> pl.DataFrame:
    """Return `review__study`: one row per source, and all of them, and question.

    `aggregation/study_answers.py` says what counts as a yes.

    The interval is Wilson's for as many answers as there are images: people who answer about the
    same image do not answer independently.

    Args:
        draws: rows of `review__inspection_draws`.
        votes: rows of `review__votes`.
        queue: rows of `review__queue`, for what machines decided.
    """
    answers = answer_study(draws, votes, queue)
    groups = draws.filter(pl.col("inspection") == STUDY)["inspected_stratum"].unique()
    rows = [
        _row(group, question, answers.filter(pl.col("study_question") == question))
        for group in (ALL, *groups.sort())
        for question in QUESTIONS
    ]
    return pl.DataFrame(rows, schema=_TABLE.polars_schema).sort(_TABLE.key)


def _row(group: str, question: str, answers: pl.DataFrame) -> dict[str, Any]:
    own = answers if group == ALL else answers.filter(pl.col("study_group") == group)
    images, yes = own["image_id"].n_unique(), int(own["is_yes"].sum())
    row: dict[str, Any] = {
        "study_group": group,
        "study_question": question,
        "participant_count": own["rater_id"].n_unique(),
        "studied_count": images,
        "yes_count": yes,
        "answer_count": own.height,
    }
    if not images:
        return row
    share = yes / own.height
    lower, upper = wilson(np.array([share * images]), np.array([images]))
    return row | {
        "yes_share": round(share, 6),
        "yes_lower": round(float(lower[0]), 6),
        "yes_upper": round(float(upper[0]), 6),
    }
