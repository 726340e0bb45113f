"""The held-out items as the tasks of evaluation frameworks: choices, open questions and Assess."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import polars as pl

from eemo_pipeline.lake.parquet import write_bytes, write_chunks
from eemo_pipeline.stages.exports.formats import PublishedFile, Tables

SPLIT = "test"
CHOICES, OPEN, ASSESS = "choices", "open", "assess"
_SUBSETS = {"yes_no": "Yes-or-No", "what_how": "What/How"}


def held_out_tasks(tables: Tables) -> Iterator[tuple[str, str, pl.DataFrame]]:
    """Yield name, dataset and rows of each task that has rows.

    Columns: `id`, `question`, `options` (none for tasks without), `answer` (the letter of a choice,
    else the text), `category`, `subset` and `images`, paths relative to the data root.
    """
    qa = tables.qa.filter(pl.col("split") == SPLIT)
    assess = tables.assess.filter(pl.col("split") == SPLIT)
    is_choice = pl.col("answer_letter").is_not_null()
    kinds = pl.col("question_type").replace(_SUBSETS).alias("subset")
    task = pl.col("task").alias("category"), pl.col("task").alias("subset")
    parts = (
        (CHOICES, "qa", qa.filter(is_choice).with_columns(kinds, answer="answer_letter")),
        (OPEN, "qa", qa.filter(~is_choice).with_columns(kinds, options=pl.lit([]))),
        (ASSESS, "assess", assess.with_columns(*task, options=pl.lit([]))),
    )
    for name, dataset, rows in parts:
        if rows.height:
            yield (
                name,
                dataset,
                rows.select(
                    *(pl.col("item_id").alias("id"), "question"),
                    *(pl.col("options").cast(pl.List(pl.String)), "answer", "category", "subset"),
                    "images",
                ),
            )


def publish_held_out(
    tables: Tables,
    folder: Path,
    ending: str,
    encode: Callable[[pl.DataFrame], Iterable[bytes]],
    describe: Callable[[str], Mapping[str, str]],
) -> list[PublishedFile]:
    """Write a data file per task that has rows, and the files that describe these tasks.

    Files of an earlier run that no task needs any more are removed.

    Args:
        tables: the published tables.
        folder: the folder of the format.
        ending: of the data files.
        encode: the bytes of a data file.
        describe: file name -> text of the files beside the data of a task; tasks may share one.
    """
    files: list[PublishedFile] = []
    beside: dict[str, str] = {}
    for name, dataset, rows in held_out_tasks(tables):
        written = write_chunks(encode(rows), folder / f"{name}_{SPLIT}.{ending}")
        files.append(PublishedFile(written, rows.height, dataset, SPLIT))
        beside |= describe(name)
    for name, text in beside.items():
        files.append(PublishedFile(write_bytes(text.encode(), folder / name), 0))
    needed = {file.written.path for file in files}
    for name in (CHOICES, OPEN, ASSESS):
        for other in (f"{name}_{SPLIT}.{ending}", *describe(name)):
            if folder / other not in needed:
                (folder / other).unlink(missing_ok=True)
    return files


def seen_of(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of a task in the columns that the consumer's rules read."""
    has_options = pl.col("options").list.len() > 0
    return rows.select(
        pl.col("id").alias("item_id"),
        "images",
        "answer",
        pl.when(has_options).then("options").alias("options"),
        pl.when(has_options).then("answer").alias("answer_letter"),
    )
