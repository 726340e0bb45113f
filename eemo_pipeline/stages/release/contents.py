"""The rows of a release: which items and records may leave, and with which licences.

Every row carries the licences of all sources that it depends on. What `redistribution.py` keeps in
is withheld and counted.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from eemo_pipeline.lake.parquet import scan_table
from eemo_pipeline.schema.columns import COLUMNS, STRINGS, Column
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.release.origins import fingerprint_images
from eemo_pipeline.stages.release.redistribution import (
    Offender,
    TermsForbid,
    count_offenders,
    item_sources,
    join_terms,
    kept_picture_terms,
    list_items,
)

# A configuration, as Hugging Face calls a table of a dataset -> what one row is, and its key.
CONFIGS = {
    "records": ("image: its EmoVerse record", ("image_id",)),
    "qa": ("instruction with its answer", ("item_id",)),
    "assess": ("ranking, V-A-D or dominant-emotion item", ("item_id",)),
    "regions": ("region of a record's image", ("image_id", "region_no")),
    "votes": ("judgement by one person about a released record", TABLES["review__votes"].key),
    "agreement": ("measure of agreement or care, over all judgements", ("measure", "judged_field")),
    "images": ("image that another row refers to", ("image_id",)),
    "edits": ("value that a person changed by hand", TABLES["gate__edits"].key),
    "origins": ("image and upstream table: what was known", ("image_id", "origin_table")),
}
# Configurations whose rows are about the making of the data: they have no licence of a source.
ABOUT = ("agreement", "edits", "origins")
UNSPLIT = "all"  # the split of a configuration that is no training data

_IMAGES_COLUMNS = (
    *("image_id", "cluster_id", "split", "source", "path", "sources", "width_px", "height_px"),
)
_OWN_COLUMNS = {
    column.name: column
    for column in (
        Column("images", STRINGS, "Paths of the images, relative to the data root"),
        Column("image", pl.Binary, "The image file, byte for byte as its source has it"),
        Column("origin_table", pl.String, "Table of the pipeline that the image has rows in"),
        Column("rows_hash", pl.String, "Hash of the image's rows in it, to trace differences"),
    )
}


class EmptyRelease(Exception):
    """No row may be released; `offenders` are the sources whose terms keep rows in."""

    def __init__(self, offenders: list[Offender]) -> None:
        """Store the sources; the one with the most items comes first."""
        super().__init__("no row may be released")
        self.offenders = offenders


class MissingLicence(Exception):
    """Rows depend on sources without a licence text."""

    def __init__(self, sources: list[str]) -> None:
        """Keep the sources."""
        super().__init__(", ".join(sources))
        self.sources = sources


@dataclass(frozen=True)
class Contents:
    """What a release holds.

    Attributes:
        frames: configuration -> rows in key order, with `split` and `licences`.
        terms: rows of `sources__datasets` of the sources that the rows depend on.
        withheld: config, source, licence, rows: items and records that terms keep in. A row that
            several sources keep in counts at each.
    """

    frames: dict[str, pl.DataFrame]
    terms: pl.DataFrame
    withheld: pl.DataFrame


def describe_column(name: str) -> Column:
    """Return the definition of a released column."""
    return _OWN_COLUMNS.get(name) or COLUMNS[name]


def select_contents(
    tables: Path, permitted: Collection[str] = (), *, leave_out: bool = False
) -> Contents:
    """Return the rows that may be released.

    Args:
        tables: the data root's tables.
        permitted: sources whose owner has given permission beyond the terms.
        leave_out: withhold what terms keep in, instead of refusing.

    Raises:
        TermsForbid: rows depend on sources that forbid redistribution.
        MissingLicence: rows depend on sources without a licence text.
        EmptyRelease: there is no row to release.
    """

    def read(name: str) -> pl.DataFrame:
        return scan_table(tables, name).collect()

    records = read("records__emoverse").filter(pl.col("state") == "preserved")
    items = {"records": records, "qa": read("qa__items"), "assess": read("assess__items")}
    images, datasets = read("dedup__images"), read("sources__datasets")
    listed = list_items(items["qa"], items["assess"], records)
    needed = join_terms(item_sources(listed, images), datasets, kept_picture_terms(tables))
    unnamed = needed.filter(pl.col("licence").fill_null("").str.strip_chars() == "")
    if unnamed.height:
        raise MissingLicence(unnamed["source"].unique().sort().to_list())
    forbidden = needed.filter(
        ~pl.col("is_redistributable") & ~pl.col("source").is_in(list(permitted))
    )
    if forbidden.height and not leave_out:
        raise TermsForbid(count_offenders(forbidden))
    frames = _keep_permitted(items, needed, forbidden)
    if not any(frame.height for frame in frames.values()):
        raise EmptyRelease(count_offenders(forbidden))
    kept = pl.concat([frame.select(_item_id(name)) for name, frame in frames.items()])
    used = needed.join(kept, on="item_id", how="semi")
    paths = images.with_columns(
        pl.concat_str(pl.lit("sources"), "source", "path", separator="/").alias("path")
    )
    frames |= _read_details(tables, frames["records"])
    frames["images"] = _list_images(frames, paths, used)
    known = frames["images"]["image_id"]
    frames["origins"] = _unsplit(fingerprint_images(tables, known))
    frames["edits"] = _unsplit(_find_edits(tables, pl.concat([known, *_item_ids(frames)])))
    frames = {name: _with_paths(name, frames[name], paths) for name in CONFIGS}
    ordered = {name: frame.sort(CONFIGS[name][1]) for name, frame in frames.items() if frame.height}
    terms = datasets.join(used, on="source", how="semi").sort("source")
    return Contents(ordered, terms, _count_withheld(items, forbidden))


def _item_id(config: str) -> pl.Expr:
    return pl.col("image_id" if config == "records" else "item_id").alias("item_id")


def _keep_permitted(
    items: dict[str, pl.DataFrame], needed: pl.DataFrame, forbidden: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    licences = _gather_licences(needed)
    return {
        name: frame.with_columns(_item_id(name).alias("_item"))
        .join(forbidden, left_on="_item", right_on="item_id", how="anti")
        .join(licences, left_on="_item", right_on="item_id", how="left")
        .drop("_item")
        .drop("state", "reason", strict=False)
        for name, frame in items.items()
    }


def _gather_licences(needed: pl.DataFrame, by: str = "item_id") -> pl.DataFrame:
    return needed.group_by(by).agg(pl.col("licence").unique().sort().alias("licences"))


def _read_details(tables: Path, records: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return regions and votes of the released records, and the measures of agreement."""
    about = records.select("image_id", "split", "licences")
    details = {
        name: scan_table(tables, table).collect().join(about, on="image_id", how="inner")
        for name, table in (("regions", "records__regions"), ("votes", "review__votes"))
    }
    measures = scan_table(tables, "review__agreement").collect()
    measures = measures.filter((pl.col("counted") > 0) & (details["votes"].height > 0))
    return details | {"agreement": _unsplit(measures)}


def _unsplit(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.lit(UNSPLIT).alias("split"), pl.lit([], STRINGS).alias("licences"))


def _item_ids(frames: dict[str, pl.DataFrame]) -> list[pl.Series]:
    return [frames[name]["item_id"].alias("image_id") for name in ("qa", "assess")]


def _find_edits(tables: Path, about: pl.Series) -> pl.DataFrame:
    """Return the edits that hold of rows about the released images and items."""
    edits = scan_table(tables, "gate__edits").collect().filter(pl.col("edit_state") == "holds")
    key = pl.col("edited_key")
    names = [key.str.json_path_match(f"$.{name}") for name in ("image_id", "item_id")]
    return edits.filter(pl.coalesce(names).is_in(about.implode()))


def _list_images(
    frames: dict[str, pl.DataFrame], images: pl.DataFrame, used: pl.DataFrame
) -> pl.DataFrame:
    named = pl.concat(
        [
            frames["qa"].select(pl.col("image_ids").alias("image_id")).explode("image_id"),
            frames["assess"].select("image_id"),
            frames["records"].select("image_id"),
        ]
    ).unique()
    licences = _gather_licences(used.drop_nulls("image_id"), "image_id")
    kept = images.select(_IMAGES_COLUMNS).join(named, on="image_id", how="semi")
    return kept.join(licences, on="image_id", how="left")


def _with_paths(name: str, frame: pl.DataFrame, images: pl.DataFrame) -> pl.DataFrame:
    """Add `images`, the paths of an item's images in its order."""
    if name not in ("qa", "assess"):
        return frame
    listed = frame if name == "qa" else frame.with_columns(image_ids=pl.concat_list("image_id"))
    paths = (
        listed.select("item_id", "image_ids")
        .explode("image_ids")
        .join(
            images.select("image_id", "path"),
            left_on="image_ids",
            right_on="image_id",
            how="left",
            maintain_order="left",
        )
        .group_by("item_id", maintain_order=True)
        .agg(pl.col("path").alias("images"))
    )
    return frame.join(paths, on="item_id", how="left", maintain_order="left")


def _count_withheld(items: dict[str, pl.DataFrame], forbidden: pl.DataFrame) -> pl.DataFrame:
    kinds = pl.concat(
        [
            frame.select(_item_id(name), pl.lit(name).alias("config"))
            for name, frame in items.items()
        ]
    )
    return (
        forbidden.join(kinds, on="item_id")
        .group_by("config", "source", "licence")
        .agg(pl.col("item_id").n_unique().cast(pl.Int64).alias("rows"))
        .sort("config", "source", "licence")
    )
