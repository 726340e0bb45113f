"""FindingEmo: some 25,000 images of people together, rated as a whole (Mertens et al. 2024).

Reads `annotations_single.ann` (comma-separated despite its extension), one row per image and
participant, and images at `Run_<n>/<folder>/<name>.jpg`. Paths begin with a slash, or are those of
another machine: of these only `Run_<n>/...`, else the last two parts, count.

One participant rates valence on -3..3 and arousal on 0..6, and an annotation has one scale, so a
row becomes two annotations: emotion and valence, then arousal, whose rater_count is null because
the person is counted already. The scales are those reported by users of the data; no document of
the authors confirms them. A row whose `reject` marks the image as rejected by the participant has
no ratings and is refused. `tag`, `age`, `dec_factors` and similar columns hold several values with
undocumented separators, and are unchanged.
"""

from dataclasses import replace

import polars as pl

from eemo_pipeline.readers.contract import WORKER, Listing, SourceTables
from eemo_pipeline.readers.delimited import empty_placeholders, is_given
from eemo_pipeline.readers.finding import find_documents, find_tables
from eemo_pipeline.readers.picture_index import PictureIndex
from eemo_pipeline.readers.records import conclude
from eemo_pipeline.readers.row_checks import (
    Check,
    cell_detail,
    judge,
    known_label,
    number,
    number_checks,
    picture_checks,
    presence_checks,
    shape_checks,
)
from eemo_pipeline.readers.tables import read_annotation_file, stack_rows
from eemo_pipeline.sources import SourceDataset

_TABLE = "annotations_single.ann"
_DOCUMENTS = (
    "dataset_urls_exploded.json",
    "dataset_urls.txt",
    "croissant-findingemo.json",
    "datasheet.md",
)
_SCALES = {"valence": (-3.0, 3.0), "arousal": (0.0, 6.0)}
_REJECTED = ("reject", "rejected", "true", "yes", "1", "1.0")
_RATED = ("emotion", *_SCALES)
_AS_FOUND = ("reject", "tag", "age", "dec_factors", "ambiguity", "fmri_candidate", "datetime")
_NEEDED = {"name": ("image_path",), **{name: (name,) for name in _RATED}}
_OPTIONAL = {name: (name,) for name in ("user", *_AS_FOUND)}


def read(listing: Listing) -> SourceTables:
    """Return one record per image; per row emotion and valence, then arousal."""
    tables = find_tables(listing, _TABLE)
    known = frozenset((*tables, *find_tables(listing, *_DOCUMENTS), *find_documents(listing)))
    rows = stack_rows([read_annotation_file(listing, path) for path in tables], _NEEDED, _OPTIONAL)
    index = PictureIndex(path for path in listing.paths if path not in known)
    named = rows.with_columns(_shorten(pl.col("name")), *empty_placeholders(*_RATED))
    resolved = index.resolve(named, ("", "images/"))
    judged = judge(resolved, _checks())
    concluded = conclude(
        judged.with_columns(
            pl.col("name").alias("record_id"),
            pl.when(is_given("user"))
            .then(pl.concat_str(pl.lit(WORKER), "user"))
            .otherwise(pl.lit("participant"))
            .alias("annotator_id"),
            pl.lit(1).alias("rater_count"),
            pl.when(is_given("emotion")).then(pl.concat_list("emotion")).alias("native_labels"),
            pl.when(is_given("emotion")).then(pl.lit([1.0])).alias("native_weights"),
            *(number(name).alias(f"native_{name}") for name in _SCALES),
            pl.struct(_AS_FOUND).struct.json_encode().alias("attributes"),
        ),
        known,
        "plutchik24",
        "evoked",
    )
    return replace(concluded, annotations=_separate_scales(concluded.annotations))


def _shorten(path: pl.Expr) -> pl.Expr:
    """Return `Run_<n>/...`, else the last two parts; a path with `..` is kept, to be refused."""
    forward = path.str.replace_all("\\", "/", literal=True).str.strip_chars()
    climbs = forward.str.contains(r"(?:^|/)\s*\.\.\s*(?:/|$)")
    return (
        pl.when(climbs)
        .then(path)
        .otherwise(
            pl.coalesce(
                forward.str.extract(r"(?:^|/)(Run_\d+/.+)$"),
                forward.str.extract(r"([^/]+/[^/]+)$"),
                forward.str.strip_chars_start("/"),
            )
        )
        .alias("name")
    )


def _checks() -> list[Check]:
    is_again = pl.struct("path", "user").is_first_distinct().not_()
    return [
        *shape_checks(),
        *presence_checks("name"),
        Check(
            "rejected_by_annotator",
            pl.col("reject").str.strip_chars().str.to_lowercase().is_in(_REJECTED),
            cell_detail("reject"),
        ),
        *picture_checks(),
        Check(
            "empty_row", ~pl.any_horizontal(is_given(name) for name in _RATED), cell_detail("name")
        ),
        Check(
            "unknown_label",
            is_given("emotion") & ~known_label(pl.col("emotion"), "plutchik24"),
            cell_detail("emotion"),
        ),
        *(check for name, scale in _SCALES.items() for check in number_checks(name, *scale)),
        Check(
            "duplicate_row",
            pl.col("path").is_not_null() & is_given("user") & is_again,
            cell_detail("name"),
        ),
    ]


def _separate_scales(annotations: pl.DataFrame) -> pl.DataFrame:
    """Return emotion and valence of each annotation, then its arousal, each on its own scale."""
    empty = {name: pl.lit(None, dtype=dtype) for name, dtype in annotations.schema.items()}
    felt = annotations.filter(
        pl.col("native_labels").is_not_null() | pl.col("native_valence").is_not_null()
    ).with_columns(
        empty["native_arousal"].alias("native_arousal"),
        *_scale("valence"),
    )
    aroused = annotations.filter(pl.col("native_arousal").is_not_null()).with_columns(
        *(
            empty[name].alias(name)
            for name in ("native_labels", "native_weights", "native_valence", "rater_count")
        ),
        *_scale("arousal"),
    )
    return (
        pl.concat([felt, aroused])
        .sort("record_id", "annotation_no", maintain_order=True)
        .with_columns(pl.int_range(pl.len()).over("record_id").alias("annotation_no"))
    )


def _scale(dimension: str) -> list[pl.Expr]:
    is_rated = pl.col(f"native_{dimension}").is_not_null()
    ends = zip(("scale_min", "scale_max"), _SCALES[dimension], strict=True)
    return [pl.when(is_rated).then(value).alias(name) for name, value in ends]


SOURCE = SourceDataset(
    name="findingemo",
    title="FindingEmo: an image dataset for emotion recognition in the wild",
    licence="CC BY-NC-SA 4.0 for annotations and links; the images belong to third parties",
    is_redistributable=False,
    homepage="https://gitlab.com/EAVISE/lme/findingemo-light",
    citation="Mertens, Yargholi, Op de Beeck, Van den Stock and Vennekens 2024, NeurIPS",
    label_space="plutchik24",
    semantics="evoked",
    expected_files=None,
    obtain=(
        "pip install findingemo-light; its download_data fetches the images that are still "
        "online, a fifth or more are gone; copy data/annotations_single.ann beside Run_1, Run_2"
    ),
    needs=(_TABLE,),
    read=read,
    image_type="Social",
)
