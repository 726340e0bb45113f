"""TRL's conversational rows with images: prompt and completion for SFT, prompt for GRPO.

Holds TRL's columns. Rewards and training are in `stages/training/`.

`sft_<split>.parquet` has `prompt`, `completion` and `images`; TRL computes the loss over the
completion only. `grpo_<split>.parquet` has `prompt`, `images` and, for the reward functions,
`task`, `dimension`, `solution`, `candidates` and `target`. TRL inserts the images before the first
user turn itself, so no marks are written. `images` are paths relative to the data root; with the
data root as working directory, `rows.cast_column("images", datasets.List(datasets.Image()))`
opens them.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from eemo_pipeline.stages.exports.consumer_rules import as_seen
from eemo_pipeline.stages.exports.formats import (
    Exporter,
    PublishedFile,
    Tables,
    answered,
    parquet_bytes,
    publish_splits,
    question,
    turn,
)

_KEYS = ("role", "content")


def _write(tables: Tables, folder: Path) -> list[PublishedFile]:
    prompt = pl.concat_list(turn("user", question(), _KEYS)).alias("prompt")
    completion = pl.concat_list(turn("assistant", answered(), _KEYS)).alias("completion")
    sft = tables.qa.select("split", pl.col("item_id").alias("id"), prompt, completion, "images")
    grpo = tables.assess.select(
        "split",
        pl.col("item_id").alias("id"),
        prompt,
        "images",
        "task",
        "dimension",
        pl.col("answer").alias("solution"),
        "candidates",
        "target",
    )

    def encode(part: pl.DataFrame) -> Iterator[bytes]:
        return parquet_bytes(part.drop("split"))

    return [
        *publish_splits("qa", sft, encode, folder, "sft_{}.parquet"),
        *publish_splits("assess", grpo, encode, folder, "grpo_{}.parquet"),
    ]


def _read(path: Path) -> pl.DataFrame:
    rows = pl.read_parquet(path, glob=False, hive_partitioning=False)
    answer = (
        pl.col("completion").list.first().struct.field("content")
        if "completion" in rows.columns
        else pl.col("solution")
    )
    return as_seen(
        rows.select(
            pl.col("id").alias("item_id"),
            "images",
            answer.alias("answer"),
        )
    )


EXPORTER = Exporter("trl", _write, _read)
