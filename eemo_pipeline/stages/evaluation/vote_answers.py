"""People's votes as answers of the user study: one list per source whose images they judged."""

from collections.abc import Callable, Iterator

import polars as pl

from eemo_pipeline.aggregation.study_answers import answer_study
from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Item, emoverse_user_study
from eemo_pipeline.stages.evaluation.image_units import units_of
from eemo_pipeline.stages.evaluation.responses import Response
from eemo_pipeline.stats.hash_draws import short_hash

Read = Callable[[str], pl.DataFrame]


def answer_by_votes(table: Read) -> Iterator[tuple[Benchmark, str, list[Response]]]:
    """Yield the benchmark, the source and people's answers about its images; nothing without votes.

    Args:
        table: returns a table by name.
    """
    answers = answer_study(
        table("review__inspection_draws"), table("review__votes"), table("review__queue")
    )
    unit = units_of(table("dedup__clusters"))
    for (group,), rows in answers.sort("study_group").group_by("study_group", maintain_order=True):
        responses = [
            Response(_item(row, unit(row["image_id"])), "yes" if row["is_yes"] else "no")
            for row in rows.iter_rows(named=True)
        ]
        yield emoverse_user_study.BENCHMARK, str(group), responses


def _item(row: dict[str, str], unit: str) -> Item:
    question = row["study_question"]
    return Item(
        # A person's pseudonym need not stand in a table of answers.
        item_id=f"{question} {row['image_id']} {short_hash(row['rater_id'])}",
        section=question,
        subset=question,
        question=f"{emoverse_user_study.NUMBERS[question]}?",
        gold="yes",
        images=(row["image_id"],),
        unit=unit,
    )
