"""EmoArt: paintings with emotions assigned by a vision model, in 56 styles (Zhang et al. 2025).

Reads `Annotation.json` (130k) and `annotation_5k.json`, lists of records in three sections, and
images as `Images/<style>/<file>` or, as the archives unpack, `<style>/<file>`.

Rules
- The labels come from a model and were spot-checked by people: `label_source` marks every row. Its
  texts are in the attributes and not in `comment`, which is for texts by people.
- The twelve emotions map to no other set. They are compared without blanks and case, and kept
  unchanged.
- High or Low arousal and Positive or Negative valence are words, kept as attributes; they are not
  converted to numbers.
- Any section may be missing. A record without any is refused; one without an emotion is kept.
- An image in both files is read from the larger one.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from eemo_pipeline.readers.contract import Listing, SourceTables
from eemo_pipeline.readers.delimited import is_given
from eemo_pipeline.readers.finding import find_documents, find_tables
from eemo_pipeline.readers.json_rows import (
    JsonRow,
    as_cell,
    encode_given,
    is_placeholder,
    json_checks,
    read_json_list,
    tabulate,
)
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
from eemo_pipeline.sources import SourceDataset

_TABLES = ("annotation.json", "annotation_5k.json")
_HEADERS = {"request_id": ("request_id",), "image_path": ("image_path",)}


def read(listing: Listing) -> SourceTables:
    """Return one record and one annotation, the model's, per image."""
    tables = [path for name in _TABLES for path in find_tables(listing, name)]
    known = frozenset((*tables, *find_documents(listing)))
    rows = [row for path in tables for row in read_json_list(listing, path)]
    index = PictureIndex(path for path in listing.paths if path not in known)
    described = tabulate(rows, _HEADERS).with_columns(
        pl.Series("label", [_label(row) for row in rows], dtype=pl.String),
        pl.Series("attributes", [_describe(row) for row in rows], dtype=pl.String),
        pl.when(is_given("image_path"))
        .then(
            pl.col("image_path")
            .str.strip_chars()
            .str.replace_all("\\", "/", literal=True)
            .str.replace(r"(?i)^(\./+)*images/+", "")
        )
        .alias("name"),
        # "Abstract Art_request-93": the style, then a number within it
        pl.col("request_id").str.extract(r"^\s*(\S.*?)_request-\d+\s*$").alias("style"),
    )
    judged = judge(
        index.resolve(described, ("Images/", "")),
        [
            *json_checks(),
            *presence_checks("image_path"),
            Check(
                "missing_value",
                pl.col("attributes").is_null() & pl.col("label").is_null(),
                pl.lit("the record has no section"),
            ),
            *picture_checks(),
            Check("unknown_label", ~known_label(pl.col("label"), "emoart12"), cell_detail("label")),
            repetition_check("path"),
        ],
    )
    return conclude(
        judged.with_columns(
            pl.when(is_given("request_id")).then("request_id").otherwise("name").alias("record_id"),
            pl.lit("model").alias("annotator_id"),
            pl.col("label").alias("native_label"),
            pl.when(pl.col("label").is_not_null())
            .then(pl.concat_list("label"))
            .alias("native_labels"),
            pl.when(pl.col("label").is_not_null()).then([1.0]).alias("native_weights"),
            pl.when(pl.col("style").is_not_null())
            .then(pl.struct("style").struct.json_encode())
            .alias("record_attributes"),
        ).with_columns(_mark_as_a_models()),
        known,
        "emoart12",
        "evoked",
    )


def _mark_as_a_models() -> pl.Expr:
    """Return the attributes with `label_source` in front; without attributes, only that."""
    marked = pl.concat_str(pl.lit('{"label_source":"model",'), pl.col("attributes").str.slice(1))
    alone = pl.lit('{"label_source":"model"}')
    return pl.when(pl.col("attributes").is_null()).then(alone).otherwise(marked).alias("attributes")


def _label(row: JsonRow) -> str | None:
    emotion = as_cell(_section(_sections(row), "third_section").get("dominant_emotion"))
    is_given_one = emotion and emotion.strip() and not is_placeholder(emotion)
    return emotion if is_given_one else None


def _describe(row: JsonRow) -> str | None:
    """Return everything in the sections but the emotion, unchanged; None if there is nothing."""
    sections = _sections(row)
    first, second, third = (
        _section(sections, f"{number}_section") for number in ("first", "second", "third")
    )
    return encode_given(
        {
            "description": first.get("description"),
            "visual_attributes": second.get("visual_attributes"),
            "emotional_impact": second.get("emotional_impact"),
            "emotional_arousal_level": third.get("emotional_arousal_level"),
            "emotional_valence": third.get("emotional_valence"),
            "healing_effects": third.get("healing_effects"),
        }
    )


def _sections(row: JsonRow) -> Mapping[str, Any]:
    return _section(row.fields, "description")


def _section(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the object under the name; an empty one where it is missing or something else."""
    section = fields.get(name)
    return section if isinstance(section, dict) else {}


SOURCE = SourceDataset(
    name="emoart",
    title="EmoArt: a multidimensional dataset for emotion-aware artistic generation",
    licence='"Creative Commons" without a variant on the card; taken as no redistribution',
    is_redistributable=False,
    homepage="https://huggingface.co/datasets/printblue/EmoArt-130k",
    citation="Zhang, Xie, Wen, Zuo, Zhang and Cheng 2025, arXiv:2506.03652",
    label_space="emoart12",
    semantics="evoked",
    expected_files=None,  # 132,664 by the README; the card lists more
    obtain=(
        "Download printblue/EmoArt-130k from Hugging Face: Annotation.json, and the archives of "
        "the styles, unpacked to Images/"
    ),
    read=read,
    image_type="Artistic",
    needs=("Annotation.json|annotation_5k.json",),
)
