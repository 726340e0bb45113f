"""EEmo-Bench: 1,960 images with ranked emotions and V-A-D, and questions on them (evaluation).

Reads the authors' JSON files, distinguished by the fields of their elements, not by name: single
images (`image_name`, `emotion_list`, `Valence` as [mean, SD, a third number]), questions on pairs
(`image1_url`, `image2_url`), whose labels are packed in a text and whose options may be a Python
dict, and questions on one image (`image_url`).

The file of single images is the reference. If the file of open-ended questions, or a pair, gives an
image other labels, the row is refused as conflicts_with_single, with both values; if it agrees, the
row is an annotation without labels, so that no vote counts twice. Questions, options and gold
answers are kept in the annotation's attributes, those of a pair with its first image; answers of
models and their scores are not part of the dataset and are left out. Votes are ranking scores of
the top three emotions, not shares of all raters. The third number of each rating has no documented
meaning and stays in the attributes, and so does the SD of dominance.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7, canonical
from eemo_pipeline.readers.contract import RECORD_SCHEMA, Listing, SourceTables
from eemo_pipeline.readers.finding import find_documents, is_junk
from eemo_pipeline.readers.json_rows import JsonRow, as_cell, encode_given, read_json_list
from eemo_pipeline.readers.picture_index import Found, PictureIndex
from eemo_pipeline.readers.python_literals import parse_literal
from eemo_pipeline.readers.records import conclude, fill_schema
from eemo_pipeline.schema.columns import FLOATS, STRINGS
from eemo_pipeline.sources import SourceDataset

_SCALE = (1.0, 9.0)
_RATINGS = ("valence", "arousal", "dominance")
_FOLDERS = ("images/", "")
_LONGEST_TEXT = 1000
_LARGEST_NUMBER = 1e9
# The text of a pair rounds means to two decimals.
_TOLERANCE = 0.006
_PACKED = re.compile(
    r"\[Image\d\]\s*Ranking:\s*(\{[^{}]*\})\s+category:.*?\s"
    r"Valence:\s*(\S+)\s+Arousal:\s*(\S+)\s+Dominance:\s*(\S+)",
    re.DOTALL,
)
_OF_MODELS = ("response(", "eval_result(", "if_invalid(")
_LABELS = ("emotion_list", "Valence", "Arousal", "Dominance", "category")
_QUESTIONS = ("question", "judge_question", "open_ended_question")
_TEXTS = (
    *("table_path", "path", "resolved_by", "second_path", "second_resolved_by", "reason"),
    *("detail", "record_id", "annotator_id", "attributes", "record_attributes"),
)
_NUMBERS = (
    *(f"native_{name}" for name in _RATINGS),
    *("native_valence_sd", "native_arousal_sd", "scale_min", "scale_max"),
)
_ROW_SCHEMA: dict[str, Any] = {
    **dict.fromkeys(_TEXTS, pl.String),
    **dict.fromkeys(_NUMBERS, pl.Float64),
    "row": pl.Int64,
    "native_labels": STRINGS,
    "native_weights": FLOATS,
}


class Refusal(Exception):
    """The reason to refuse a row: the code, and the offending value in words."""

    def __init__(self, reason: str, detail: str) -> None:
        """Store both."""
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Labels:
    """The labels of an image in one file: votes by emotion as spelled, means by dimension."""

    votes: Mapping[str, float]
    means: Mapping[str, float]

    def difference(self, other: "Labels") -> str | None:
        """Return the first difference between the two, in words; None where they agree."""
        ours = {canonical(label): votes for label, votes in self.votes.items()}
        theirs = {canonical(label): votes for label, votes in other.votes.items()}
        if ours != theirs:
            return f"{_as_words(ours)}; {_as_words(theirs)} in the single file"
        for name, mean in self.means.items():
            if abs(mean - other.means[name]) > _TOLERANCE:
                return f"{name} {mean:g}; {other.means[name]:g} in the single file"
        return None


def read(listing: Listing) -> SourceTables:
    """Return one record per image on disk named in a row, and one annotation per row."""
    tables = [p for p in listing.paths if p.lower().endswith(".json") and not is_junk(p)]
    known = frozenset((*tables, *find_documents(listing)))
    rows = [row for path in tables for row in read_json_list(listing, path)]
    # Single images first; open-ended questions, which repeat some of them, after them.
    rows.sort(key=lambda row: (_is_question(row), "open_ended" in row.table_path.lower()))
    index = PictureIndex(path for path in listing.paths if path not in known)
    named = (as_cell(name) for row in rows for name in _names(row).values())
    found = index.resolve_names((name for name in named if name), _FOLDERS)
    judged = pl.DataFrame(list(_judge_rows(rows, found)), schema=_ROW_SCHEMA)
    concluded = conclude(judged, known, "ekman7", "evoked")
    return replace(concluded, records=_add_second_pictures(concluded.records, judged))


def _judge_rows(rows: list[JsonRow], found: Mapping[str, Found]) -> Iterator[dict[str, Any]]:
    truth: dict[str, tuple[Labels, str]] = {}
    asked: set[tuple[Any, ...]] = set()
    for row in rows:
        judged: dict[str, Any] = {"table_path": row.table_path, "row": row.row}
        try:
            if row.refusal:
                raise Refusal(row.refusal, "the text is not JSON, or the element no object")
            if _is_question(row):
                _judge_question(row, found, truth, asked, judged)
            else:
                _judge_single(row, found, truth, judged)
        except Refusal as refusal:
            judged.update(reason=refusal.reason, detail=refusal.detail[:160])
        yield judged


def _is_question(row: JsonRow) -> bool:
    return "image1_url" in row.fields or "image1" in row.fields or "image_url" in row.fields


def _judge_single(
    row: JsonRow,
    found: Mapping[str, Found],
    truth: dict[str, tuple[Labels, str]],
    judged: dict[str, Any],
) -> None:
    fields = row.fields
    (path, judged["resolved_by"]), *_ = _find(row, found)
    judged["path"] = judged["record_id"] = path
    judged["record_attributes"] = encode_given({"category": fields.get("category")})
    labels = _read_labels(fields)
    others = {name: fields[name] for name in fields if name not in (*_LABELS, "image_name")}
    if path in truth:
        first, table_path = truth[path]
        if table_path == row.table_path:
            raise Refusal("duplicate_row", f"image_name = {path}")
        if difference := labels.difference(first):
            raise Refusal("conflicts_with_single", f"{path}: {difference}")
        judged.update(annotator_id="benchmark", attributes=encode_given(others))
        return
    truth[path] = labels, row.table_path
    sds = {name: _place(fields, name, 1) for name in _RATINGS}
    thirds = {f"{name}_third": _place(fields, name, 2) for name in _RATINGS}
    judged.update(
        annotator_id="aggregate",
        native_labels=list(labels.votes),
        native_weights=list(labels.votes.values()),
        **{f"native_{name}": mean for name, mean in labels.means.items()},
        native_valence_sd=sds["valence"],
        native_arousal_sd=sds["arousal"],
        scale_min=_SCALE[0],
        scale_max=_SCALE[1],
        attributes=encode_given({"dominance_sd": sds["dominance"], **thirds, **others}),
    )


def _judge_question(
    row: JsonRow,
    found: Mapping[str, Found],
    truth: Mapping[str, tuple[Labels, str]],
    asked: set[tuple[Any, ...]],
    judged: dict[str, Any],
) -> None:
    fields = dict(row.fields)
    pictures = _find(row, found)
    path, judged["resolved_by"] = pictures[0]
    second, judged["second_resolved_by"] = pictures[1] if len(pictures) > 1 else (None, None)
    judged.update(path=path, record_id=path, second_path=second, annotator_id="benchmark")
    for (picture, _), name in zip(pictures, _names(row), strict=True):
        packed = fields.get(f"{name}_label")
        if packed is None:
            continue
        labels = _unpack_labels(packed)
        if picture in truth and (difference := labels.difference(truth[picture][0])):
            raise Refusal("conflicts_with_single", f"{picture}: {difference}")
    if isinstance(fields.get("options"), str) and fields["options"].strip():
        fields["options"] = _read_options(fields["options"])
    question = (path, second, *(as_cell(fields.get(name)) for name in _QUESTIONS))
    if question in asked:
        raise Refusal("duplicate_row", f"the question on {path} stands before")
    asked.add(question)
    others = {name: fields[name] for name in fields if not name.startswith(_OF_MODELS)}
    judged["attributes"] = encode_given(others)


def _names(row: JsonRow) -> dict[str, Any]:
    """Return field -> the image that it names, of a row about one image or two."""
    fields = row.fields
    if not _is_question(row):
        return {"image_name": fields.get("image_name")}
    names = ("image",) if "image_url" in fields else ("image1", "image2")
    return {name: fields.get(f"{name}_url") or fields.get(name) for name in names}


def _find(row: JsonRow, found: Mapping[str, Found]) -> list[tuple[str, str]]:
    """Return path and way of each image that a row names."""
    pictures: list[tuple[str, str]] = []
    for name, value in _names(row).items():
        text = as_cell(value)
        if text is None or not text.strip():
            raise Refusal("missing_value", f"{name} is empty")
        path, resolved_by, reason = found[text]
        if path is None or resolved_by is None:
            raise Refusal(reason or "picture_missing", f"{name} = {text}")
        pictures.append((path, resolved_by))
    return pictures


# --- labels ------------------------------------------------------------------------------------


def _read_labels(fields: Mapping[str, Any]) -> Labels:
    ranked = fields.get("emotion_list")
    if not isinstance(ranked, list) or not ranked:
        raise Refusal("bad_list", f"emotion_list = {as_cell(ranked)}")
    if not all(isinstance(entry, list) and len(entry) == 2 for entry in ranked):
        raise Refusal("bad_list", f"emotion_list = {as_cell(ranked)}")
    votes = _check_votes([(label, count) for label, count in ranked])
    means = {name: _check_mean(name, _place(fields, name, 0)) for name in _RATINGS}
    for name in _RATINGS:
        spread = _place(fields, name, 1)
        if spread is not None and not 0 <= spread <= _SCALE[1] - _SCALE[0]:
            raise Refusal("out_of_range", f"SD of {name} = {spread:g}")
    return Labels(votes, means)


def _unpack_labels(packed: Any) -> Labels:
    """Return the labels that a pair packs in a text: a Python dict of votes, and means."""
    text = as_cell(packed) or ""
    match = _PACKED.fullmatch(text.strip()) if len(text) <= _LONGEST_TEXT else None
    votes = parse_literal(match[1], _LONGEST_TEXT) if match else None
    if match is None or not isinstance(votes, dict):
        raise Refusal("bad_label_text", f"label = {text}")
    numbers = [_parse_number(number) for number in match.groups()[1:]]
    means = {name: _check_mean(name, mean) for name, mean in zip(_RATINGS, numbers, strict=True)}
    return Labels(_check_votes(list(votes.items())), means)


def _check_votes(ranked: list[tuple[Any, Any]]) -> dict[str, float]:
    votes: dict[str, float] = {}
    for label, count in ranked:
        number = _as_number(count)
        if not isinstance(label, str) or canonical(label) not in EKMAN_7:
            raise Refusal("unknown_label", f"label = {as_cell(label)}")
        if number is None or number < 0 or label in votes:
            raise Refusal("bad_list", f"{label} = {as_cell(count)}")
        votes[label] = number
    if not votes:
        raise Refusal("bad_list", "no emotion is ranked")
    return votes


def _check_mean(name: str, mean: float | None) -> float:
    if mean is None:
        raise Refusal("bad_number", f"{name} has no mean")
    if not _SCALE[0] <= mean <= _SCALE[1]:
        raise Refusal("out_of_range", f"{name} = {mean:g}")
    return float(mean)


def _place(fields: Mapping[str, Any], name: str, place: int) -> float | None:
    """Return one of the three numbers of a rating; None where it is absent or not a number."""
    numbers = fields.get(name.capitalize())
    if not isinstance(numbers, list) or len(numbers) <= place:
        return None
    return _as_number(numbers[place])


def _as_number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -_LARGEST_NUMBER < value < _LARGEST_NUMBER else None


def _parse_number(text: str) -> float | None:
    try:
        return _as_number(float(text))
    except ValueError:
        return None


def _read_options(text: str) -> dict[str, str]:
    options = parse_literal(text, _LONGEST_TEXT)
    if not isinstance(options, dict) or not all(
        isinstance(part, str) for entry in options.items() for part in entry
    ):
        raise Refusal("bad_options", f"options = {as_cell(text)}")
    return options


def _as_words(votes: Mapping[str, float]) -> str:
    return " ".join(f"{label} {count:g}" for label, count in sorted(votes.items()))


def _add_second_pictures(records: pl.DataFrame, judged: pl.DataFrame) -> pl.DataFrame:
    """Return records of images named only as the second of a pair, added to the others."""
    added = (
        judged.select(
            pl.col("second_path").alias("path"), pl.col("second_resolved_by").alias("resolved_by")
        )
        .drop_nulls("path")
        .filter(~pl.col("path").is_in(records["path"].implode()))
        .unique("path", keep="first", maintain_order=True)
        .with_columns(
            pl.col("path").alias("record_id"),
            pl.lit("ekman7").alias("label_space"),
            pl.lit("evoked").alias("semantics"),
        )
    )
    return pl.concat([records, fill_schema(added, RECORD_SCHEMA)])


SOURCE = SourceDataset(
    name="eemo_bench",
    title="EEmo-Bench: a benchmark of evoked emotion for multimodal models",
    licence="none stated; images collected from the web",
    is_redistributable=False,
    homepage="https://github.com/workerred/EEmo-Bench",
    citation="EEmo-Bench, https://github.com/workerred/EEmo-Bench",
    label_space="ekman7",
    semantics="evoked",
    expected_files=1960,
    obtain=(
        "Take the images, images/1.jpg to images/1960.jpg, from Hugging Face "
        "(Workerred/EEmo-Bench_single) and the JSON files from test_data/ of "
        "github.com/workerred/EEmo-Logic; pair files are in leaderboards/ of EEmo-Bench"
    ),
    read=read,
    role="evaluation",
    expected_records=1960,
    needs=("Ebench_1_data(jac_en_check).json",),
)
