"""The layout in which EEmoDB itself is published: label files and conversation files.

Holds its file names and keys.

- `image_mapping.json`: the images, with their content hash and source.
- `QA_data(SFT).json`: the refined labels of each image; `QA_data(pair-SFT).json`: of each pair
  that an item shows, the labels of both.
- `EEmoDB-QA/QA_data(conversation_<split>).json`: LLaVA conversations.
- `EEmoDB-Assess/RL(conversation_<split>).json`: question and answer; the answer of a
  dominant-emotion item holds the candidates in parentheses.

The file names and the keys of the conversations are those of the release. The keys of its label
files are not documented; ours are EEmo-Bench's, in its list form. `emotion_list` is [[emotion,
votes], ...], at most three, most votes first; `Valence`, `Arousal` and `Dominance` are [mean,
standard deviation], on 0-1 as in the answers, and EEmo-Bench's undocumented third number is left
out. Where the source does not say how many people chose, `emotion_unit` is share and not votes.
A value that nobody gave is null.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.lake.parquet import write_chunks
from eemo_pipeline.stages.exports.consumer_rules import SEEN, as_seen
from eemo_pipeline.stages.exports.formats import (
    LLAVA_SCHEMA,
    Exporter,
    PublishedFile,
    Tables,
    json_array,
    json_object,
    json_texts,
    llava_object,
    publish_splits,
    read_json,
    see_llava,
)

_MAPPING, _SINGLE, _PAIR = "image_mapping.json", "QA_data(SFT).json", "QA_data(pair-SFT).json"
_MOST_EMOTIONS = 3
_RL_SCHEMA = pl.Schema(
    {"id": pl.String, "image": pl.String} | dict.fromkeys(("question", "answer"), pl.String)
)
_DIMENSIONS = ("valence", "arousal", "dominance")
_SEEN_LABELS = {name: SEEN[name] for name in ("item_id", "images", "emotions", "votes", "means")}
_LABEL_KEYS = ("emotion_list", "emotion_unit", "semantics", "Valence", "Arousal", "Dominance")


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
        *_write_whole(
            labels.select("image_name", "image_id", "source").to_dicts(), folder / _MAPPING
        ),
        *_write_whole(_single_labels(labels), folder / _SINGLE),
        *_write_whole(_pair_labels(tables, labels), folder / _PAIR),
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


def _write_whole(objects: Sequence[Mapping[str, Any]], path: Path) -> list[PublishedFile]:
    if not objects:
        path.unlink(missing_ok=True)
        return []
    rows = json_texts(objects).to_frame()
    encode = json_array(pl.col("json"))
    return [PublishedFile(write_chunks(encode(rows), path), rows.height)]


def _labels(tables: Tables) -> pl.DataFrame:
    """Return one row per image of an item: its emotions with votes, ratings and texts."""
    used = pl.concat(
        [
            tables.qa.select(pl.col("image_ids").alias("image_id")).explode("image_id"),
            tables.assess.select("image_id"),
        ]
    ).unique()
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
        .join(_votes(tables), on="image_id", how="left")
        .join(_ratings(tables.vad), on="image_id", how="left")
        .join(texts[0], on="image_id", how="left")
        .join(texts[1], on="image_id", how="left")
        .sort("image_name")
    )


def _votes(tables: Tables) -> pl.DataFrame:
    """Return image_id, emotions, votes, emotion_unit and semantics, in the order of the ranking.

    Votes are the mass times the number of people; the mass alone where their number is unknown.
    """
    ranked = (
        tables.rankings.filter(pl.col("status") == "ok")
        .select("image_id", pl.col("ranking").alias("emotion"))
        .explode("emotion")
        .with_columns(pl.int_range(pl.len()).over("image_id").alias("rank"))
    )
    people = pl.col("rater_count")
    return (
        tables.emotions.filter(pl.col("taxonomy") == "ekman7")
        .join(ranked, on=["image_id", "emotion"], how="left")
        .sort(
            ["image_id", "mass", "rank", "emotion"],
            descending=[False, True, False, False],
            nulls_last=True,
        )
        .group_by("image_id", maintain_order=True)
        .agg(
            pl.col("emotion").head(_MOST_EMOTIONS).alias("emotions"),
            (pl.col("mass") * people.fill_null(1)).round(4).head(_MOST_EMOTIONS).alias("votes"),
            pl.when(people.first().is_null())
            .then(pl.lit("share"))
            .otherwise(pl.lit("votes"))
            .alias("emotion_unit"),
            pl.col("semantics").first(),
        )
    )


def _ratings(vad: pl.DataFrame) -> pl.DataFrame:
    """Return Valence, Arousal and Dominance of each image, [mean, deviation], and their origin."""
    return vad.filter("is_best").select(
        "image_id",
        *(
            pl.when(pl.col(name).is_not_null())
            .then(pl.concat_list(name, f"{name}_sd"))
            .alias(name.title())
            for name in _DIMENSIONS
        ),
        pl.col("origin").alias("vad_origin"),
    )


def _in_list_form(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the labels of an image as EEmo-Bench writes them; whole votes are integers."""
    ranked = None
    if row["emotions"] is not None:
        counts = [int(votes) if votes == int(votes) else votes for votes in row["votes"]]
        ranked = [list(entry) for entry in zip(row["emotions"], counts, strict=True)]
    return {name: ranked if name == "emotion_list" else row[name] for name in _LABEL_KEYS}


def _single_labels(labels: pl.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            **{name: row[name] for name in ("image_name", "source")},
            **_in_list_form(row),
            **{name: row[name] for name in ("vad_origin", "description", "reasoning")},
        }
        for row in labels.iter_rows(named=True)
    ]


def _pair_labels(tables: Tables, labels: pl.DataFrame) -> list[dict[str, Any]]:
    """Return one object per pair of images that an item shows, with the labels of both."""
    pairs = (
        tables.qa.filter(pl.col("images").list.len() == 2)
        .select(
            pl.col("images").list.get(0).alias("image1_url"),
            pl.col("images").list.get(1).alias("image2_url"),
        )
        .unique()
        .sort("image1_url", "image2_url")
    )
    told = {row["image_name"]: _in_list_form(row) for row in labels.iter_rows(named=True)}
    return [
        {
            "image1_url": first,
            "image1_label": told.get(first),
            "image2_url": second,
            "image2_label": told.get(second),
        }
        for first, second in pairs.iter_rows()
    ]


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
    objects = json.loads(path.read_text(encoding="utf-8"))
    return as_seen(pl.DataFrame([_see_labels(one) for one in objects], schema=_SEEN_LABELS))


def _see_labels(one: Mapping[str, Any]) -> dict[str, Any]:
    """Return the images of an entry and its labels as EEmo-Logic's scripts index them."""
    images = [one[name] for name in ("image_name", "image1_url", "image2_url") if name in one]
    labelled = [one, *(one[name] or {} for name in one if name.endswith("_label"))]
    ranked = [entry for label in labelled for entry in label.get("emotion_list") or []]
    means = [label.get(name.title()) for label in labelled for name in _DIMENSIONS]
    return {
        "item_id": "\n".join(images),
        "images": images,
        "emotions": [entry[0] for entry in ranked],
        "votes": [
            [float(entry[1]) for entry in label.get("emotion_list") or []] for label in labelled
        ],
        "means": [mean[0] for mean in means if mean],
    }


EXPORTER = Exporter("eemodb", _write, _read)
