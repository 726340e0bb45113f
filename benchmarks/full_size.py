"""A synthetic lake of EEmoDB's size: 125,000 images of seven sources and 527,000 comments.

Generates the tables of the stages `ingest` and `dedup`, and texts, for benchmarks of later stages.
The image files do not exist: `path` names nothing.

Each image has a hidden point in valence-arousal-dominance space. Its labels, its ratings and the
words of its comments are drawn from that point, so that they agree about as well as people do.
EMOTIC's ratings are drawn from `full_size_people.EMOTIC_POINTS`, which a regression should recover.
The windows of the sources overlap: some images have comments and ratings, or evoked and apparent
labels. Words are real English forms (simplemma's dictionary) with invented ratings; their
frequencies follow Zipf's law. Some comments are empty, in other scripts, or of ten thousand words.

    from benchmarks.full_size import make_labels, make_lake, write_lake
    python benchmarks/full_size.py --data /tmp/full_size
"""

import argparse
import hashlib
import time
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.full_size_people import annotate, make_words
from eemo_pipeline.lake.parquet import table_path, write_table
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.labels.emotions import build_emotions
from eemo_pipeline.stages.labels.lexicon import LexiconRules
from eemo_pipeline.stages.labels.rankings import build_rankings
from eemo_pipeline.stages.labels.vad import build_vad

PICTURES = 125_000
COMMENTS = 527_000
# Source -> number of its first image, and of the first image after its last, at full size.
_WINDOWS = {
    "affection": (0, 85_007),
    "emotion6": (84_500, 86_480),
    "oasis": (86_300, 87_200),
    "gaped": (87_100, 87_830),
    "abstract8": (87_800, 88_080),
    "findingemo": (88_080, 101_929),
    "emotic": (101_429, 125_000),
}
_CATEGORIES = ("a person", "an animal", "a street", "a landscape", "a table", "a drawing")


def make_lake(
    pictures: int = PICTURES, comments: int | None = None, seed: int = 0
) -> dict[str, pl.DataFrame]:
    """Return tables by name: ingest__records, _annotations, _words, _images, dedup__*, texts__*.

    The same arguments give the same tables. By default, `comments` is 527,000 per 125,000 images.
    """
    if comments is None:
        comments = COMMENTS * pictures // PICTURES
    random = np.random.default_rng(seed)
    image_ids = [
        hashlib.sha256(f"{seed}/{number}".encode()).hexdigest() for number in range(pictures)
    ]
    # Valence is bimodal, and arousal is higher at both ends, as in published data sets.
    valence = np.where(random.random(pictures) < 0.6, 0.68, 0.32) + random.normal(0, 0.1, pictures)
    arousal = 0.4 + 0.6 * np.abs(valence - 0.5) + random.normal(0, 0.08, pictures)
    dominance = 0.3 + 0.5 * valence + random.normal(0, 0.06, pictures)
    points = np.clip(np.column_stack([valence, arousal, dominance]), 0.02, 0.98)
    words = make_words(np.random.default_rng(seed + 1))
    ids = pl.Series("image_id", image_ids)
    windows = {
        source: (first * pictures // PICTURES, last * pictures // PICTURES)
        for source, (first, last) in _WINDOWS.items()
    }
    parts = annotate(random, points, words, windows, comments)
    annotations = pl.concat(_filled(part, ids) for part in parts)
    annotations = annotations.sort(TABLES["ingest__annotations"].key)
    records = _records(annotations)
    images = _images(random, ids, records)
    return {
        "ingest__annotations": annotations,
        "ingest__records": records,
        "ingest__words": words.select(TABLES["ingest__words"].columns).sort("source", "word"),
        "ingest__images": images,
        **_dedup(random, images),
        **_texts(random, ids),
    }


def make_labels(lake: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Build the tables of the stage labels from a lake: emotions, V-A-D and rankings, by name."""
    images, annotations = lake["dedup__images"], lake["ingest__annotations"]
    emotions = build_emotions(images, annotations)
    return {
        "labels__emotions": emotions,
        "labels__vad": build_vad(images, annotations, lake["ingest__words"], LexiconRules()),
        "labels__rankings": build_rankings(images, emotions, annotations),
    }


def write_lake(data_root: Path, lake: dict[str, pl.DataFrame]) -> None:
    """Write the tables to their places in a data root."""
    for name, frame in lake.items():
        table = TABLES[name]
        if table.is_partitioned:
            for (source,), part in frame.partition_by("source", as_dict=True).items():
                write_table(part, table, table_path(data_root / "tables", table, str(source)))
        else:
            write_table(frame, table, table_path(data_root / "tables", table))


def _filled(part: pl.DataFrame, image_ids: pl.Series) -> pl.DataFrame:
    """Return the annotations of one source with all columns of the table; missing ones are null."""
    number = pl.int_range(pl.len(), dtype=pl.Int64)
    given = part.with_columns(
        image_ids.gather(part["picture"]),
        pl.format("{}.jpg", "picture").alias("record_id"),
        number.over("picture").alias("annotation_no"),
        pl.format("worker {}", number % 5_000).alias("annotator_id"),
        pl.lit("annotations.csv").alias("table_path"),
        (number + 1).alias("row"),
    )
    schema = TABLES["ingest__annotations"].polars_schema
    return given.select(
        (pl.col(column) if column in given.columns else pl.lit(None)).cast(dtype).alias(column)
        for column, dtype in schema.items()
    )


def _records(annotations: pl.DataFrame) -> pl.DataFrame:
    first = pl.col("native_labels").list.first()
    records = (
        annotations.sort("source", "record_id", "annotation_no")
        .group_by("source", "record_id", maintain_order=True)
        .agg(
            pl.col("image_id", "label_space", "semantics").first(),
            first.first().alias("native_label"),
            pl.len().cast(pl.Int64).alias("annotation_count"),
        )
    )
    return records.with_columns(
        pl.col("record_id").alias("path"),
        pl.lit("exact").alias("resolved_by"),
        *(pl.lit(None, pl.String).alias(name) for name in ("source_split", "attributes")),
    ).select(TABLES["ingest__records"].columns)


def _images(random: np.random.Generator, ids: pl.Series, records: pl.DataFrame) -> pl.DataFrame:
    count = len(ids)
    holders = (
        records.sort("source", "record_id")
        .group_by("image_id", maintain_order=True)
        .agg(
            pl.col("source").first(),
            pl.col("path").first(),
            pl.col("source").unique().sort().alias("sources"),
            pl.len().cast(pl.Int64).alias("occurrence_count"),
        )
    )
    shares = ("brightness", "saturation", "contrast", "edge_density")
    return (
        pl.DataFrame({"image_id": ids})
        .with_columns(
            *(pl.Series(name, random.random(count).round(6)) for name in shares),
            pl.Series("colourfulness", (100 * random.random(count)).round(6)),
            pl.Series("size_bytes", random.integers(20_000, 400_000, count)),
            pl.Series("width_px", random.choice([480, 640, 800, 1024], count)),
            pl.Series("height_px", random.choice([360, 480, 600, 768], count)),
            *(pl.lit(1, pl.Int64).alias(name) for name in ("frame_count", "orientation")),
            *(pl.lit(value=False).alias(name) for name in ("has_alpha", "has_profile", "is_blank")),
            pl.lit("JPEG").alias("format"),
            pl.lit("RGB").alias("colour_mode"),
            pl.lit(["#808080", "#204060"]).alias("dominant_colours"),
            pl.lit([0.6, 0.4]).alias("dominant_shares"),
            pl.col("image_id").str.head(16).alias("phash"),
            pl.lit([], pl.List(pl.String)).alias("turned_phashes"),
            pl.lit("made up").alias("phash_method"),
        )
        .join(holders, on="image_id")
        .select(TABLES["ingest__images"].columns)
        .sort("image_id")
    )


def _dedup(random: np.random.Generator, images: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Keep every image in a cluster of its own; one in a hundred is an evaluation image."""
    is_evaluation = random.random(images.height) < 0.01
    place = random.random(images.height)
    splits = np.where(place < 0.8, "train", np.where(place < 0.9, "validation", "test"))
    kept = images.with_columns(
        pl.col("image_id").alias("cluster_id"),
        pl.col("image_id").alias("kept_image_id"),
        pl.lit(value=True).alias("is_kept"),
        pl.lit("kept").alias("reason"),
        pl.lit(0, pl.Int64).alias("distance_bits"),
        pl.Series("split", np.where(is_evaluation, "test", splits)),
        pl.Series("is_evaluation", is_evaluation),
        pl.lit(value=False).alias("is_redistributable"),
    )
    return {
        name: kept.select(TABLES[name].columns) for name in ("dedup__clusters", "dedup__images")
    }


def _texts(random: np.random.Generator, ids: pl.Series) -> dict[str, pl.DataFrame]:
    what = pl.Series("what", _CATEGORIES).gather(random.integers(0, len(_CATEGORIES), len(ids)))
    pictures = pl.DataFrame({"image_id": ids, "what": what}).sort("image_id")
    texts = {
        "texts__descriptions": "The picture shows {} in soft light before a plain background.",
        "texts__reasonings": "Since {} is seen from near, viewers feel close to what happens.",
    }
    return {
        name: _only_given(pictures.with_columns(pl.format(text, "what").alias("text")), name)
        for name, text in texts.items()
    }


def _only_given(written: pl.DataFrame, name: str) -> pl.DataFrame:
    given = written.with_columns(
        pl.lit("made_up").alias("writer"),
        pl.lit("made up").alias("method"),
        pl.lit("ok").alias("status"),
        pl.col("text").str.split(" ").list.len().cast(pl.Int64).alias("word_count"),
    )
    return given.select(
        (pl.col(column) if column in given.columns else pl.lit(None, dtype)).alias(column)
        for column, dtype in TABLES[name].polars_schema.items()
    )


def main() -> None:
    """Generate the lake, write it if `--data` is given, and print the size of its tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=PICTURES)
    parser.add_argument("--data", type=Path)
    arguments = parser.parse_args()
    start = time.perf_counter()
    lake = make_lake(arguments.pictures)
    print(f"made in {time.perf_counter() - start:.1f} s")
    for name, frame in lake.items():
        print(f"{name:24}{frame.height:>10,} rows{frame.estimated_size('mb'):>8.0f} MB")
    if arguments.data:
        start = time.perf_counter()
        write_lake(arguments.data, lake)
        print(f"written in {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
