"""Experts' answers: `labels__validation_answers`, `labels__validation_agreement`.

The sample and the blind sheet are in `validation.py`, the coefficients in `stats/agreement.py`.

Each expert fills in a copy of the sheet, `validation/<pseudonym>.csv` in the data root. An answer
belongs to an image by its bytes, so it still counts after the sheet was drawn anew, as long as the
lexicon gives the image a score. The table says of every row of every file what became of it.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from eemo_pipeline.lake.parquet import write_bytes
from eemo_pipeline.readers.delimited import is_given
from eemo_pipeline.readers.listing import list_files
from eemo_pipeline.readers.records import fill_schema
from eemo_pipeline.readers.row_checks import (
    Check,
    cell_detail,
    judge,
    presence_checks,
    shape_checks,
)
from eemo_pipeline.readers.tables import read_annotation_file, stack_rows
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.labels.lexicon_words import DIMENSIONS
from eemo_pipeline.stages.labels.validation import TERTILES, cut_tertiles
from eemo_pipeline.stats.agreement import ordinal_alpha, weighted_kappa
from eemo_pipeline.stats.hash_draws import short_hash
from eemo_pipeline.stats.intervals import wilson

ALL = "all experts"
REVIEW = "review"  # place and prefix of experts who judged in the review tool
FOLDER = "validation"
_NEEDED = {"rate": ("rate",), "answer": ("answer",)}
_OPTIONAL = {"image_id": ("image_id",), "picture": ("picture",)}
_TABLE = TABLES["labels__validation_answers"]


def keep_answers(sheet: Path, folder: Path) -> Path | None:
    """Copy a sheet that was filled in where it lay, so that a new one cannot overwrite answers.

    Returns:
        The copy, named by its content; None if the sheet has no answer.
    """
    rows = _read_sheets(sheet.parent, [sheet.name]) if sheet.is_file() else None
    if rows is None or rows.filter(is_given("answer")).is_empty():
        return None
    content = sheet.read_bytes()
    copy = folder / f"sheet-{short_hash(content.hex())}.csv"
    write_bytes(content, copy)
    return copy


def read_answers(
    folder: Path, labels__vad: pl.DataFrame, dedup__images: pl.DataFrame
) -> pl.DataFrame:
    """One row per row of an expert's sheet.

    Reasons for a refusal: no_answer, unknown_answer (not low, medium or high), unknown_dimension,
    not_scored (no kept image, or no score from the lexicon), duplicate_row, those of a file that
    cannot be split into cells, and not_a_table for a file that is no CSV, which has no row.

    Args:
        folder: the experts' files, in any folders below it.
        labels__vad: scores of the lexicon.
        dedup__images: the kept images.

    Returns:
        A frame of `labels__validation_answers`.
    """
    listing = list_files(folder)
    tables = [path for path in listing.paths if path.casefold().endswith(".csv")]
    rows = _read_sheets(folder, tables)
    judged = judge(_find_scores(rows, labels__vad, dedup__images), _checks())
    is_counted = pl.col("reason").is_null()
    counted = judged.with_columns(
        pl.when(is_counted).then(pl.lit("ok")).otherwise(pl.lit("refused")).alias("status"),
        pl.when(pl.col("tertile").is_not_null()).then("image_id").alias("image_id"),
        *(
            pl.when(is_counted).then(pl.col(name)).alias(name)
            for name in ("expert_level", "tertile", "lexicon_value")
        ),
    )
    unread = _unread_files(sorted(set(listing.paths) - set(tables)))
    return (
        pl.concat([fill_schema(frame, _TABLE.polars_schema) for frame in (counted, unread)])
        .with_columns(pl.format("{}/{}", pl.lit(FOLDER), "table_path").alias("table_path"))
        .sort(_TABLE.key)
    )


def add_reviews(
    answers: pl.DataFrame, votes: pl.DataFrame, labels__vad: pl.DataFrame
) -> pl.DataFrame:
    """Return the answers with the blind ratings of the review tool, of images with a score.

    A person of the review tool is one more expert. The nine steps are levels in threes: -4 to -2 is
    low, -1 to 1 medium, 2 to 4 high.

    Args:
        answers: result of `read_answers`.
        votes: rows of `review__votes`.
        labels__vad: scores of the lexicon.
    """
    rating = pl.col("rating")
    level = (
        pl.when(rating <= -2)
        .then(pl.lit("low"))
        .when(rating >= 2)
        .then(pl.lit("high"))
        .otherwise(pl.lit("medium"))
    )
    rated = (
        votes.filter((pl.col("phase") == "blind") & pl.col("is_counted"))
        .drop_nulls("rating")
        .join(
            cut_tertiles(labels__vad),
            left_on=["image_id", "reviewed_field"],
            right_on=["image_id", "dimension"],
        )
        .sort("image_id", "rater_id", "reviewed_field")
        .with_columns(
            pl.lit(REVIEW).alias("table_path"),
            pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("row"),
            pl.format("{}:{}", pl.lit(REVIEW), "rater_id").alias("expert"),
            pl.col("reviewed_field").alias("dimension"),
            pl.lit("ok").alias("status"),
            level.alias("expert_level"),
        )
    )
    return pl.concat([answers, fill_schema(rated, _TABLE.polars_schema)]).sort(_TABLE.key)


def _find_scores(
    rows: pl.DataFrame, labels__vad: pl.DataFrame, dedup__images: pl.DataFrame
) -> pl.DataFrame:
    """Add expert, expert_level, and of a scored image image_id, dimension, tertile and score."""
    paths = dedup__images.select(
        pl.col("image_id").alias("placed_id"),
        pl.concat_str(pl.lit("sources"), "source", "path", separator="/").alias("picture"),
    )
    rate, level = (pl.col(name).str.strip_chars().str.to_lowercase() for name in _NEEDED)
    return (
        rows.join(paths, on="picture", how="left", maintain_order="left")
        .with_columns(
            pl.coalesce(pl.col("image_id").str.strip_chars().str.to_lowercase(), "placed_id").alias(
                "image_id"
            ),
            pl.when(rate.is_in(DIMENSIONS)).then(rate).alias("dimension"),
            pl.col("table_path").str.replace(r"(?i)\.csv$", "").alias("expert"),
            pl.when(level.is_in(TERTILES)).then(level).alias("expert_level"),
        )
        .join(
            cut_tertiles(labels__vad),
            on=["image_id", "dimension"],
            how="left",
            maintain_order="left",
        )
    )


def _unread_files(paths: list[str]) -> pl.DataFrame:
    """Return a refused row per file that is no CSV."""
    return pl.DataFrame(
        {"table_path": paths, "expert": paths},
        schema={"table_path": pl.String, "expert": pl.String},
    ).with_columns(
        pl.lit("refused").alias("status"),
        pl.lit("not_a_table").alias("reason"),
        pl.lit("save the sheet as CSV").alias("detail"),
    )


def _read_sheets(folder: Path, tables: list[str]) -> pl.DataFrame:
    listing = list_files(folder)
    files = [read_annotation_file(listing, path, ",;\t") for path in tables]
    return stack_rows(files, _NEEDED, _OPTIONAL).with_columns(pl.col("row").cast(pl.Int64))


def _checks() -> list[Check]:
    is_again = ~pl.struct("table_path", "image_id", "dimension").is_first_distinct()
    return [
        *shape_checks(),
        *presence_checks("rate"),
        Check("unknown_dimension", pl.col("dimension").is_null(), cell_detail("rate")),
        Check(
            "not_scored",
            pl.col("tertile").is_null(),
            pl.format("no score of the lexicon for {}", pl.coalesce("picture", pl.lit("the row"))),
        ),
        Check("no_answer", ~is_given("answer"), pl.lit("answer is empty")),
        Check("unknown_answer", pl.col("expert_level").is_null(), cell_detail("answer")),
        Check("duplicate_row", is_again, pl.lit("image and dimension stand before")),
    ]


def build_agreement(answers: pl.DataFrame) -> pl.DataFrame:
    """One row per dimension and expert, and one per dimension for all experts together.

    The share of answers that equal the score's tertile, its 95 % interval (Wilson), and Cohen's
    kappa with linear weights. For all experts, an image's answer is the lower median of theirs, and
    `alpha` is Krippendorff's among the experts themselves: where they do not agree, their agreement
    with the lexicon means little.

    Args:
        answers: a frame of `labels__validation_answers`.

    Returns:
        A frame of `labels__validation_agreement`.
    """
    rank = {name: place for place, name in enumerate(TERTILES)}
    counted = answers.filter(pl.col("status") == "ok").with_columns(
        pl.col(name).replace_strict(rank, return_dtype=pl.Int64)
        for name in ("expert_level", "tertile")
    )
    rows = [row for dimension in DIMENSIONS for row in _compare(counted, dimension)]
    table = TABLES["labels__validation_agreement"]
    return pl.DataFrame(rows, schema=table.polars_schema).sort(table.key)


def _compare(counted: pl.DataFrame, dimension: str) -> Iterator[dict[str, object]]:
    part = counted.filter(pl.col("dimension") == dimension).sort("image_id", "expert")
    middle = (
        part.group_by("image_id", maintain_order=True)
        .agg(
            pl.col("expert_level").sort().get((pl.len() - 1) // 2),
            pl.col("tertile").first(),
        )
        .sort("image_id")
    )
    wide = part.pivot("expert", index="image_id", values="expert_level", aggregate_function="first")
    ratings = wide.drop("image_id").cast(pl.Float64).to_numpy() if part.height else None
    among = None if ratings is None else ordinal_alpha(ratings.astype(float))
    yield _measure(middle, dimension, ALL) | {"answer_count": part.height, "alpha": among}
    for (expert,), own in part.group_by("expert", maintain_order=True):
        yield _measure(own, dimension, str(expert)) | {"answer_count": own.height}


def _measure(rated: pl.DataFrame, dimension: str, expert: str) -> dict[str, object]:
    level, tertile = (rated[name].to_numpy() for name in ("expert_level", "tertile"))
    agreed, count = int((level == tertile).sum()), rated.height
    lower, upper = (float(bound[0]) for bound in wilson(np.array([agreed]), np.array([count])))
    kappa = weighted_kappa(level, tertile, len(TERTILES))
    known = count > 0
    return {
        "dimension": dimension,
        "expert": expert,
        "image_count": count,
        "agreed_count": agreed,
        "agreed_share": round(agreed / count, 6) if known else None,
        "lower_bound": round(lower, 6),
        "upper_bound": round(upper, 6),
        "weighted_kappa": None if kappa is None else round(kappa, 6),
    }
