"""The layout in which EEmoDB itself is published: label files and conversation files.

Holds its file names and keys.

- `image_mapping.json`: the images, with their content hash and source.
- `QA_data(SFT).json`: the refined labels of each image; `QA_data(pair-SFT).json`: of each pair
  that an item shows.
- `EEmoDB-QA/QA_data(conversation_<split>).json`: LLaVA conversations.
- `EEmoDB-Assess/RL(conversation_<split>).json`: question and answer; the answer of a
  dominant-emotion item holds the candidates in parentheses.

The file names and the keys of the conversations are those of the release. The keys of its label
files are not documented; ours follow EEmo-Bench's.
"""

from pathlib import Path

import polars as pl

from eemo_pipeline.lake.parquet import write_chunks
from eemo_pipeline.stages.exports.consumer_rules import as_seen
from eemo_pipeline.stages.exports.formats import (
    LLAVA_SCHEMA,
    Exporter,
    PublishedFile,
    Tables,
    json_array,
    json_object,
    llava_object,
    publish_splits,
    read_json,
    see_llava,
)

_MAPPING, _SINGLE, _PAIR = "image_mapping.json", "QA_data(SFT).json", "QA_data(pair-SFT).json"
_SCHEMAS = {
    _MAPPING: pl.Schema({"image_name": pl.String}),
    _SINGLE: pl.Schema({"image_name": pl.String}),
    _PAIR: pl.Schema({"image1_url": pl.String, "image2_url": pl.String}),
}
_RL_SCHEMA = pl.Schema(
    {"id": pl.String, "image": pl.String} | dict.fromkeys(("question", "answer"), pl.String)
)
_DIMENSIONS = ("valence", "arousal", "dominance")


def _write(tables: Tables, folder: Path) -> list[PublishedFile]:
    labels = _labels(tables)
    candidates = pl.format("{}({})", "answer", pl.col("candidates").list.join(", "))
    is_dominant = pl.col("task") == "dominant_emotion"
    assess = json_object(
        pl.col("item_id").alias("id"),
        pl.col("images").list.first().alias("image"),
        "question",
        pl.when(is_dominant).then(candidates).otherwise("answer").alias("answer"),
    )
    return [
        *_write_whole(labels.select("image_name", "image_id", "source"), folder / _MAPPING),
        *_write_whole(labels.drop("image_id"), folder / _SINGLE),
        *_write_whole(_pairs(tables, labels), folder / _PAIR),
        *publish_splits(
            "qa",
            tables.qa,
            json_array(llava_object()),
            folder / "EEmoDB-QA",
            "QA_data(conversation_{}).json",
        ),
        *publish_splits(
            "assess",
            tables.assess,
            json_array(assess),
            folder / "EEmoDB-Assess",
            "RL(conversation_{}).json",
        ),
    ]


def _write_whole(rows: pl.DataFrame, path: Path) -> list[PublishedFile]:
    if rows.is_empty():
        path.unlink(missing_ok=True)
        return []
    encode = json_array(json_object(*rows.columns))
    return [PublishedFile(write_chunks(encode(rows), path), rows.height)]


def _labels(tables: Tables) -> pl.DataFrame:
    """Return one row per image of an item: its ranking with masses, ratings and texts."""
    used = pl.concat(
        [
            tables.qa.select(pl.col("image_ids").alias("image_id")).explode("image_id"),
            tables.assess.select("image_id"),
        ]
    ).unique()
    masses = (
        tables.emotions.filter(pl.col("taxonomy") == "ekman7")
        .sort(["image_id", "mass", "emotion"], descending=[False, True, False])
        .group_by("image_id", maintain_order=True)
        .agg(pl.struct("emotion", "mass").head(3).alias("emotion_list"))
    )
    texts = [
        frame.filter(pl.col("status") == "ok").select("image_id", pl.col("text").alias(name))
        for name, frame in (
            ("description", tables.descriptions),
            ("reasoning", tables.reasonings),
        )
    ]
    return (
        tables.images.select(pl.col("image").alias("image_name"), "image_id", "source")
        .join(used, on="image_id", how="semi")
        .join(masses, on="image_id", how="left")
        .join(_ratings(tables.vad), on="image_id", how="left")
        .join(texts[0], on="image_id", how="left")
        .join(texts[1], on="image_id", how="left")
        .sort("image_name")
    )


def _ratings(vad: pl.DataFrame) -> pl.DataFrame:
    """Return Valence, Arousal and Dominance of each image, 0 to 1, with deviation and origin."""
    return vad.filter("is_best").select(
        "image_id",
        *(
            pl.when(pl.col(name).is_not_null())
            .then(pl.struct(pl.col(name).alias("mean"), pl.col(f"{name}_sd").alias("sd"), "origin"))
            .alias(name.title())
            for name in _DIMENSIONS
        ),
    )


def _pairs(tables: Tables, labels: pl.DataFrame) -> pl.DataFrame:
    """Return one row per pair of images that an item shows, with the labels of both."""
    pairs = (
        tables.qa.filter(pl.col("images").list.len() == 2)
        .select(
            pl.col("images").list.get(0).alias("image1_url"),
            pl.col("images").list.get(1).alias("image2_url"),
        )
        .unique()
        .sort("image1_url", "image2_url")
    )
    told = labels.select("image_name", "emotion_list", *(name.title() for name in _DIMENSIONS))
    for number in (1, 2):
        described = told.select(
            pl.col("image_name").alias(f"image{number}_url"),
            pl.struct(pl.exclude("image_name")).alias(f"image{number}_label"),
        )
        pairs = pairs.join(described, on=f"image{number}_url", how="left", maintain_order="left")
    return pairs.select("image1_url", "image1_label", "image2_url", "image2_label")


def _read(path: Path) -> pl.DataFrame:
    if path.parent.name == "EEmoDB-QA":
        return see_llava(read_json(path, LLAVA_SCHEMA))
    if path.parent.name == "EEmoDB-Assess":
        rows = read_json(path, _RL_SCHEMA)
        return as_seen(
            rows.select(
                pl.col("id").alias("item_id"), pl.concat_list("image").alias("images"), "answer"
            )
        )
    names = list(_SCHEMAS[path.name])
    rows = read_json(path, _SCHEMAS[path.name])
    return as_seen(
        rows.select(
            pl.concat_str(names, separator="\n").alias("item_id"),
            pl.concat_list(names).alias("images"),
        )
    )


EXPORTER = Exporter("eemodb", _write, _read)
