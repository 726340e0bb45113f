"""Votes of the review tool as answers to the three questions of EmoVerse's user study (Table 4).

Nobody is asked whether a label is right before they have said what they feel, so the answers are
derived from what people said blind and from what they did with the drafts.
"""

import json
from collections.abc import Iterator

import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8

# The inspection that draws as many images of each source.
STUDY = "study"
QUESTIONS = ("evokes_emotion", "emotion_is_right", "background_is_right")
_YES = {"changed": True, "both": True, "kept": False}
_SCHEMA = pl.Schema(
    {
        "study_question": pl.String,
        "image_id": pl.String,
        "rater_id": pl.String,
        "is_yes": pl.Boolean,
    }
)


def answer_study(draws: pl.DataFrame, votes: pl.DataFrame, queue: pl.DataFrame) -> pl.DataFrame:
    """Return study_question, image_id, rater_id, is_yes and study_group, one row per answer.

    - evokes_emotion: yes from who names one of the eight emotions, no from who feels nothing or
      cannot tell.
    - emotion_is_right: yes from who felt what machines decided, or found it right when shown it
      (`changed`, `both`); no from who kept another.
    - background_is_right: yes from who confirmed the background, no from who corrected or refused
      it, or found none.

    Args:
        draws: rows of `review__inspection_draws`.
        votes: rows of `review__votes`.
        queue: rows of `review__queue`, for what machines decided.
    """
    drawn = draws.filter(pl.col("inspection") == STUDY)
    groups = dict(drawn.select("image_id", "inspected_stratum").iter_rows())
    counted = votes.filter(pl.col("is_counted") & pl.col("image_id").is_in(list(groups)))
    machine = dict(queue.select("image_id", "machine_emotion").drop_nulls().iter_rows())
    answers = pl.DataFrame(list(_answers(counted, machine)), schema=_SCHEMA, orient="row")
    return answers.with_columns(
        pl.col("image_id").replace_strict(groups, return_dtype=pl.String).alias("study_group")
    )


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
