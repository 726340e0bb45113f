"""AIGIEmo: 160,000 generated images, balanced over eight emotions (She et al.).

Reads the fields that its web page lists. No file, schema, scale or licence has been published, so
the file names are ours: `annotations.jsonl`, `.json` or `.csv` for the fields, `prompts.csv` (or
the other two formats) for prompt, generator and seed, one row per image and, in the annotations,
per rater where raters are named. Valence and arousal are on -4..4, as in the authors' pilot, unless
columns `valence_scale` and the like declare another scale.

Emotion, valence and arousal are labels; all other fields are copied unchanged to the annotation's
attributes. There, a facial expression or an action that is null (no person) stays null, and one
that is not given is absent.
"""

from dataclasses import replace
from typing import Any

import polars as pl

from eemo_pipeline.readers.contract import WORKER, Listing, SourceTables
from eemo_pipeline.readers.delimited import is_given
from eemo_pipeline.readers.finding import find_documents, find_tables
from eemo_pipeline.readers.json_rows import (
    JsonRow,
    encode_json,
    is_placeholder,
    json_checks,
    lower_names,
    tabulate,
)
from eemo_pipeline.readers.manifests import read_rows
from eemo_pipeline.readers.picture_index import PictureIndex
from eemo_pipeline.readers.records import conclude
from eemo_pipeline.readers.row_checks import (
    Check,
    cell_detail,
    judge,
    known_label,
    picture_checks,
    presence_checks,
    repetition_check,
)
from eemo_pipeline.readers.scales import (
    one_row_per_scale,
    read_scales,
    scale_checks,
    scale_headers,
)
from eemo_pipeline.sources import SourceDataset

_LABEL_SPACE = "mikels8"
_SCALE = (-4.0, 4.0)
_RATINGS = ("valence", "arousal", "dominance")
_FORMATS = ("jsonl", "json", "csv")
_ANNOTATIONS = tuple(f"annotations.{ending}" for ending in _FORMATS)
_PROMPTS = tuple(f"prompts.{ending}" for ending in _FORMATS)
_HEADERS = {
    "name": ("path", "file", "image", "image_path"),
    "emotion": ("emotion",),
    **{rating: (rating,) for rating in _RATINGS},
    **scale_headers(_RATINGS),
    "rater": ("rater", "annotator", "user"),
}
# Our name of a field -> its alternative name.
_SPELLINGS = {
    "colourfulness": "colorfulness",
    "reason": "reason_for_emotion",
    "scene": "scene_type",
    "objects": "object_types",
    "action": "human_action",
    "prompt": "prompt_text",
    "colour": "color",
}


def read(listing: Listing) -> SourceTables:
    """Return one record per image named in a row, and one annotation per row."""
    prompts = find_tables(listing, *_PROMPTS)
    tables = [*find_tables(listing, *_ANNOTATIONS), *prompts]
    known = frozenset((*tables, *find_documents(listing)))
    rows = [row for path in tables for row in read_rows(listing, path)]
    frame = tabulate(rows, _HEADERS).with_columns(
        pl.Series("attributes", [_encode_others(row) for row in rows], dtype=pl.String),
        pl.when(pl.col("table_path").is_in(prompts))
        .then(pl.lit("prompts"))
        .when(is_given("rater"))
        .then(pl.concat_str(pl.lit(WORKER), "rater"))
        .otherwise(pl.lit("release"))
        .alias("annotator_id"),
    )
    index = PictureIndex(path for path in listing.paths if path not in known)
    scaled = read_scales(frame, _RATINGS, _SCALE)
    resolved = index.resolve(scaled, ("", "images/")).with_columns(
        pl.concat_str("path", "annotator_id", separator="\n").alias("path and annotator")
    )
    has_label = is_given("emotion") & pl.col("is_first")
    concluded = conclude(
        one_row_per_scale(judge(resolved, _checks()), _RATINGS).with_columns(
            pl.col("path").alias("record_id"),
            pl.when(has_label).then(pl.concat_list("emotion")).alias("native_labels"),
            pl.when(has_label).then(pl.lit([1.0])).alias("native_weights"),
            pl.when("is_first").then("attributes").alias("attributes"),
        ),
        known,
        _LABEL_SPACE,
        "evoked",
    )
    return replace(concluded, row_count=len(rows))


def _checks() -> list[Check]:
    fields = ("emotion", *_RATINGS, "attributes")
    return [
        *json_checks(),
        *presence_checks("name"),
        *picture_checks(),
        Check(
            "empty_row",
            ~pl.any_horizontal(is_given(name) for name in fields),
            cell_detail("name"),
        ),
        Check(
            "unknown_label",
            is_given("emotion") & ~known_label(pl.col("emotion"), _LABEL_SPACE),
            cell_detail("emotion"),
        ),
        *(check for name in _RATINGS for check in scale_checks(name)),
        repetition_check("path and annotator"),
    ]


def _encode_others(row: JsonRow) -> str | None:
    """Return every field that is not a label, under our own name for it, as a JSON object."""
    ours = {spelling: name for name, spelling in _SPELLINGS.items()}
    labels = {spelling for spellings in _HEADERS.values() for spelling in spellings}
    others: dict[str, Any] = {
        ours.get(name, name): None if is_placeholder(value) else value
        for name, value in lower_names(row.fields).items()
        if name not in labels
    }
    return encode_json(others) if others else None


SOURCE = SourceDataset(
    name="aigiemo",
    title="AIGIEmo: emotions evoked by generated images",
    licence="not stated by the authors",
    is_redistributable=False,
    homepage="https://aigiemo.github.io",
    citation="She, Gao, Yao, Liu, Chen, Xiao, Yu and Jin, AIGIEmo, https://aigiemo.github.io",
    label_space=_LABEL_SPACE,
    semantics="evoked",
    expected_files=160000,
    obtain=(
        "No download has been published; ask the authors. Put the images into the folder, with "
        "annotations.jsonl (path, emotion, valence, arousal and the other fields) and prompts.csv "
        "(path, prompt, generator, seed)"
    ),
    read=read,
    expected_records=160000,
    needs=("|".join(_ANNOTATIONS), "|".join(_PROMPTS)),
)
