"""The numbers of a release's pages, computed from its Parquet files alone.

`build.py` computes them to render the pages, and `check.py` computes them again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.schema.columns import SPLITS
from eemo_pipeline.stages.release.image_files import COLUMN
from eemo_pipeline.stages.release.manifest import ReleasedFile

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Facts:
    """Numbers of a release; each list holds the rows of one table of the card, in order.

    Attributes:
        rows: configuration -> split -> rows.
        image_count: images that any row refers to.
        emotions: emotion, and its records per split.
        questions: category, and its instructions per split.
        tasks: task and dimension, and their items per split.
        licences: licence, and the rows of records, qa and assess that depend on it.
        annotators: annotator and model, and the records whose words are theirs.
        agreement: measure, judged_field, estimate with its interval, and what was counted.
        raters: people whose judgements are in the release.
        decided_by_people: records of which a person decided at least one field.
        contested: records whose emotion stays contested.
        empty: configuration, column and the share of rows without a value.
    """

    rows: dict[str, dict[str, int]]
    image_count: int
    emotions: Rows
    questions: Rows
    tasks: Rows
    licences: Rows
    annotators: Rows
    agreement: Rows
    raters: int
    decided_by_people: int
    contested: int
    empty: Rows


def read_frames(folder: Path, files: list[ReleasedFile]) -> dict[str, pl.LazyFrame]:
    """Return configuration -> its rows of all splits, without the bytes of images."""
    paths: dict[str, list[Path]] = {}
    for file in files:
        if file.config:
            paths.setdefault(file.config, []).append(folder / file.path)
    return {
        config: pl.scan_parquet(found, glob=False, hive_partitioning=False).drop(
            COLUMN, strict=False
        )
        for config, found in paths.items()
    }


def compute_facts(frames: Mapping[str, pl.LazyFrame]) -> Facts:
    """Compute the numbers of the pages.

    Args:
        frames: configuration -> rows, as `read_frames` returns them.
    """

    def counted(config: str, *by: str) -> Rows:
        return _count_by_split(frames[config], *by) if config in frames else []

    records = frames.get("records")
    return Facts(
        rows={name: _count_splits(frame) for name, frame in frames.items()},
        image_count=_count(frames.get("images")),
        emotions=counted("records", "emotion"),
        questions=counted("qa", "category"),
        tasks=counted("assess", "task", "dimension"),
        licences=_count_licences(frames),
        annotators=counted("records", "annotator", "model"),
        agreement=frames["agreement"].drop("split", "licences").collect().to_dicts()
        if "agreement" in frames
        else [],
        raters=_count(frames["votes"].select("rater_id").unique()) if "votes" in frames else 0,
        decided_by_people=_count(records, pl.col("decided_by_people").list.len() > 0),
        contested=_count(records, pl.col("is_contested")),
        empty=[row for name, frame in frames.items() for row in _share_empty(name, frame)],
    )


def _count(frame: pl.LazyFrame | None, where: pl.Expr | None = None) -> int:
    if frame is None:
        return 0
    chosen = frame if where is None else frame.filter(where)
    return int(chosen.select(pl.len()).collect().item())


def _count_splits(frame: pl.LazyFrame) -> dict[str, int]:
    counts = dict(frame.group_by("split").agg(pl.len()).collect().rows())
    order = [*SPLITS, *sorted(counts.keys() - set(SPLITS))]
    return {split: int(counts[split]) for split in order if split in counts}


def _count_by_split(frame: pl.LazyFrame, *by: str) -> Rows:
    per_split = [(pl.col("split") == split).sum().cast(pl.Int64).alias(split) for split in SPLITS]
    return (
        frame.group_by(by)
        .agg(*per_split, pl.len().cast(pl.Int64).alias("rows"))
        .sort(by, nulls_last=True)
        .collect()
        .to_dicts()
    )


def _count_licences(frames: Mapping[str, pl.LazyFrame]) -> Rows:
    parts = [
        frames[name]
        .select(pl.lit(name).alias("config"), "licences")
        .explode("licences")
        .group_by("config", "licences")
        .agg(pl.len().cast(pl.Int64).alias("rows"))
        for name in ("records", "qa", "assess")
        if name in frames
    ]
    if not parts:
        return []
    counted = pl.concat(parts).collect().pivot("config", index="licences", values="rows")
    for name in ("records", "qa", "assess"):
        if name not in counted.columns:
            counted = counted.with_columns(pl.lit(0, pl.Int64).alias(name))
    names = ["records", "qa", "assess"]
    named = counted.select(pl.col("licences").alias("licence"), pl.col(names).fill_null(0))
    return named.sort("licence").to_dicts()


def _share_empty(config: str, frame: pl.LazyFrame) -> Rows:
    names = frame.collect_schema().names()
    shares = frame.select(pl.col(names).null_count() / pl.len()).collect().row(0)
    return [
        {"config": config, "column": name, "share": share}
        for name, share in zip(names, shares, strict=True)
        if share
    ]
