"""verl's Parquet rows for reinforcement learning on the Assess items.

Holds verl's columns. The reward is in `stages/training/`.

`prompt` is a list of messages whose user turn holds as many `<image>` marks as `images` has
entries. `reward_model.ground_truth` is the right answer, and `extra_info` holds the values that a
rule needs to score other answers. The paths are relative to the data root.
"""

from pathlib import Path

import polars as pl

from eemo_pipeline.stages.exports.consumer_rules import as_seen
from eemo_pipeline.stages.exports.formats import (
    Exporter,
    PublishedFile,
    Tables,
    asked,
    parquet_bytes,
    publish_splits,
    turn,
)

_KEYS = ("role", "content")


def _write(tables: Tables, folder: Path) -> list[PublishedFile]:
    rows = tables.assess.select(
        "split",
        pl.format("eemodb_assess/{}", "task").alias("data_source"),
        pl.concat_list(turn("user", asked(), _KEYS)).alias("prompt"),
        pl.col("images").list.eval(pl.struct(pl.element().alias("image"))),
        pl.lit("image_emotion").alias("ability"),
        pl.struct(pl.lit("rule").alias("style"), pl.col("answer").alias("ground_truth")).alias(
            "reward_model"
        ),
        pl.struct(
            "item_id",
            "split",
            pl.int_range(pl.len()).over("split").alias("index"),
            "task",
            "dimension",
            "candidates",
            "target",
        ).alias("extra_info"),
    )
    return publish_splits(
        "assess", rows, lambda part: parquet_bytes(part.drop("split")), folder, "assess_{}.parquet"
    )


def _read(path: Path) -> pl.DataFrame:
    return as_seen(
        pl.read_parquet(path, glob=False, hive_partitioning=False).select(
            pl.col("extra_info").struct.field("item_id"),
            pl.col("images").list.eval(pl.element().struct.field("image")),
            pl.col("prompt").list.last().struct.field("content").alias("prompt"),
            pl.col("reward_model").struct.field("ground_truth").alias("answer"),
        )
    )


EXPORTER = Exporter("verl", _write, _read)
