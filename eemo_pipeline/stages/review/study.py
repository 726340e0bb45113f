"""The user study of EmoVerse (arXiv 2511.12554, Table 4): three questions about each source.

There, people are shown image and label and answer yes or no. Here they judge blind first, so the
answers are derived: nobody is asked whether a label is right before they have said what they feel.
"""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.review.inspections import STUDY
from eemo_pipeline.stats.intervals import wilson

_TABLE = TABLES["review__study"]
ALL = "all"
_QUESTIONS = ("evokes_emotion", "emotion_is_right", "background_is_right")
_YES = {"changed": True, "both": True, "kept": False}


def build_study(draws: pl.DataFrame, votes: pl.DataFrame, queue: pl.DataFrame) -> pl.DataFrame:
    """Return `review__study`: one row per source, and all of them, and question.

    - evokes_emotion: yes from who names one of the eight emotions, no from who feels nothing or
      cannot tell.
    - emotion_is_right: yes from who felt what machines decided, or found it right when shown it
      (`changed`, `both`); no from who kept another.
    - background_is_right: yes from who confirmed the background, no from who corrected or refused
      it, or found none.

    The interval is Wilson's for as many answers as there are images: people who answer about the
    same image do not answer independently.

    Args:
        draws: rows of `review__inspection_draws`.
        votes: rows of `review__votes`.
        queue: rows of `review__queue`, for what machines decided.
    """
    drawn = draws.filter(pl.col("inspection") == STUDY)
    groups = dict(drawn.select("image_id", "inspected_stratum").iter_rows())
    counted = votes.filter(pl.col("is_counted") & pl.col("image_id").is_in(list(groups)))
    machine = dict(queue.select("image_id", "machine_emotion").drop_nulls().iter_rows())
    answers = pl.DataFrame(
        list(_answers(counted, machine)),
        schema={
            "study_question": pl.String,
            "image_id": pl.String,
            "rater_id": pl.String,
            "is_yes": pl.Boolean,
        },
        orient="row",
    ).with_columns(
        pl.col("image_id").replace_strict(groups, return_dtype=pl.String).alias("study_group")
    )
    rows = [
        _row(group, question, answers.filter(pl.col("study_question") == question))
        for group in (ALL, *sorted(set(groups.values())))
        for question in _QUESTIONS
    ]
    return pl.DataFrame(rows, schema=_TABLE.polars_schema).sort(_TABLE.key)


def _answers(votes: pl.DataFrame, machine: dict[str, str]) -> Iterator[tuple[str, str, str, bool]]:
    """Yield question, image, person and whether they say yes."""
    columns = ("image_id", "rater_id", "phase", "reviewed_field", "vote", "said_json")
    reconciled = {
        (image_id, rater): _YES[vote]
        for image_id, rater, phase, _, vote, _ in votes.select(columns).iter_rows()
        if phase == "reconciled"
    }
    for image_id, rater, phase, field, vote, said in votes.select(columns).iter_rows():
        if phase == "blind" and field == "emotion":
            felt = json.loads(said)
            yield "evokes_emotion", image_id, rater, felt in MIKELS_8
            is_right = True if felt == machine.get(image_id) else reconciled.get((image_id, rater))
            if image_id in machine and is_right is not None:
                yield "emotion_is_right", image_id, rater, is_right
        elif phase == "drafts" and field == "background" and vote != "unknown":
            yield "background_is_right", image_id, rater, vote == "confirmed"


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
