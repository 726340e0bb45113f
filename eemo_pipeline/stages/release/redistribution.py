"""Exports the published items and records out of the data root, within their sources' terms.

Determines the sources that an item depends on and whether their terms allow redistribution, and
refuses or filters accordingly. The formats are in `exports/`. Items inside the data root are for
its owner's own use; an item that leaves it must be allowed by every source of its images and
labels.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from eemo_pipeline.aggregation.kept_images import move_to_kept
from eemo_pipeline.lake.parquet import scan_table, write_bytes
from eemo_pipeline.stages.exports.formats import Tables
from eemo_pipeline.stages.exports.publish import publish
from eemo_pipeline.stages.release.open_licences import why_kept_in
from eemo_pipeline.stages.sources import known_sources

_Judge = Callable[[pl.DataFrame], list[str]]  # forbidden items -> ids of the items to leave out


@dataclass(frozen=True)
class Offender:
    """A source whose terms do not allow redistribution, and the number of items that need it.

    If the source licenses each image, `licence` is the image's licence and the reason.
    """

    source: str
    licence: str
    items: int


class TermsForbid(Exception):
    """Raised if items depend on sources that forbid redistribution; nothing was written."""

    def __init__(self, offenders: list[Offender]) -> None:
        """Store the sources; the one with the most items comes first."""
        super().__init__(", ".join(offender.source for offender in offenders))
        self.offenders = offenders


@dataclass(frozen=True)
class HandedOut:
    """The files written below the folder, and the items and records written and withheld."""

    files: pl.DataFrame
    items: int
    withheld: int


def hand_out(tables: Path, folder: Path, permitted: Collection[str] = ()) -> HandedOut:
    """Write every format below `folder/exports`, or refuse.

    Args:
        tables: the data root's tables.
        folder: a folder outside the data root.
        permitted: sources whose owner has given permission beyond the terms.

    Raises:
        TermsForbid: an item depends on a source that forbids redistribution.
    """
    return _write(tables, folder, permitted, _refuse)


def hand_out_redistributable(
    tables: Path, folder: Path, permitted: Collection[str] = ()
) -> HandedOut:
    """Write the items that may be redistributed, and leave out the others."""
    return _write(tables, folder, permitted, _leave_out)


def item_sources(items: pl.DataFrame, images: pl.DataFrame) -> pl.DataFrame:
    """Return item_id, image_id and source: one row per dependency of an item.

    An item depends on the sources of its labels, with image_id null, and on all sources that hold
    the bytes of its images.

    Args:
        items: item_id, image_ids, label_sources.
        images: rows of `dedup__images`.
    """
    of_labels = items.select(
        "item_id", pl.lit(None, pl.String).alias("image_id"), source="label_sources"
    ).explode("source")
    of_pictures = (
        items.select("item_id", image_id="image_ids")
        .explode("image_id")
        .join(images.select("image_id", source="sources").explode("source"), on="image_id")
    )
    needed = pl.concat([of_labels, of_pictures]).drop_nulls("source")
    return needed.unique().sort("item_id", "source", "image_id")


def picture_terms(records: pl.DataFrame) -> pl.DataFrame:
    """Return image_id, source, licence and is_redistributable of individually licensed images.

    An image that a source lists twice is redistributable only if each of its licences allows it.

    Args:
        records: rows of `ingest__records`.
    """
    own = [name for name, source in known_sources().items() if source.is_licensed_per_picture]
    found = records.filter(pl.col("source").is_in(own)).select(
        "image_id",
        "source",
        pl.col("attributes").str.json_path_match("$.licence").fill_null("").alias("licence"),
    )
    licences = found["licence"].unique().sort().to_list()
    reasons = {licence: why_kept_in(licence) for licence in licences}
    judged = pl.DataFrame(
        [(name, f"{name}: {why}" if why else name, why is None) for name, why in reasons.items()],
        schema={"found": pl.String, "licence": pl.String, "is_redistributable": pl.Boolean},
        orient="row",
    )
    return (
        found.rename({"licence": "found"})
        .join(judged, on="found")
        .sort("image_id", "source", "is_redistributable", "found")
        .unique(["image_id", "source"], keep="first", maintain_order=True)
        .drop("found")
    )


def kept_picture_terms(tables: Path) -> pl.DataFrame:
    """Return the rows of `picture_terms` of a data root's kept images.

    Labels of a dropped near-duplicate are labels of the kept image, so its licence holds there.
    """
    return picture_terms(kept_ids(tables, scan_table(tables, "ingest__records").collect()))


def kept_ids(tables: Path, rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows with the image_id of the kept image in place of a dropped near-duplicate's."""
    return move_to_kept(rows, scan_table(tables, "dedup__clusters").collect())


def join_terms(needed: pl.DataFrame, datasets: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """Return licence and is_redistributable per dependency: the image's own, else its source's.

    Args:
        needed: rows of `item_sources`.
        datasets: rows of `sources__datasets`.
        own: rows of `picture_terms`.
    """
    terms = datasets.select("source", "licence", "is_redistributable")
    # A source's labels of an image follow the image's licence and need no permission of their own.
    with_own = needed.join(own, on=["image_id", "source"], how="semi").select("item_id", "source")
    of_labels = needed.filter(pl.col("image_id").is_null())
    spoken_for = of_labels.join(with_own, on=["item_id", "source"], how="semi")
    return (
        needed.join(spoken_for, on=["item_id", "source", "image_id"], how="anti", nulls_equal=True)
        .join(terms, on="source", how="left")
        .join(own, on=["image_id", "source"], how="left", suffix="_own")
        .select(
            *needed.columns,
            pl.coalesce("licence_own", "licence").alias("licence"),
            pl.coalesce("is_redistributable_own", "is_redistributable", pl.lit(value=False)).alias(
                "is_redistributable"
            ),
        )
    )


def _write(tables: Path, folder: Path, permitted: Collection[str], judge: _Judge) -> HandedOut:
    def read(name: str) -> pl.DataFrame:
        return scan_table(tables, name).collect()

    qa, assess, images = read("qa__items"), read("assess__items"), read("dedup__images")
    datasets = read("sources__datasets")
    records = read("records__emoverse").filter(pl.col("state") == "preserved")
    items = list_items(qa, assess, records)
    own = kept_picture_terms(tables)
    is_closed = ~pl.col("is_redistributable") & ~pl.col("source").is_in(list(permitted))
    needed = item_sources(items, images)
    forbidden = join_terms(needed, datasets, own).filter(is_closed)
    withheld = judge(forbidden)
    kept = [frame.filter(~pl.col("item_id").is_in(withheld)) for frame in (qa, assess)]
    # If a source licenses each image, terms exclude single images and not the whole source.
    closed = datasets.filter(is_closed & ~pl.col("source").is_in(own["source"].unique().implode()))
    closed = closed["source"].to_list()
    shut = own.filter(is_closed)
    is_open = ~pl.col("sources").list.eval(pl.element().is_in(closed)).list.any()
    passed_on = images.filter(is_open).join(shut, on="image_id", how="anti")

    def passed(name: str) -> pl.DataFrame:
        return read(name).join(passed_on, on="image_id", how="semi")

    published = publish(
        Tables(
            qa=kept[0],
            assess=kept[1],
            images=images,
            emotions=read("labels__emotions").filter(is_open).join(shut, on="image_id", how="anti"),
            vad=read("labels__vad")
            .filter(~pl.col("source").is_in(closed))
            .join(shut, on="image_id", how="anti"),
            descriptions=passed("texts__descriptions"),
            reasonings=passed("texts__reasonings"),
            rankings=passed("labels__rankings"),
            records=records.filter(~pl.col("image_id").is_in(withheld)),
            regions=read("records__regions"),
        ),
        folder / "exports",
        tables.parent,
    )
    used = needed.filter(~pl.col("item_id").is_in(withheld))["source"].unique()
    write_bytes(_render_terms(datasets, used.to_list()), folder / "TERMS.md")
    return HandedOut(published.files, items.height - len(withheld), len(withheld))


def list_items(qa: pl.DataFrame, assess: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Return item_id, image_ids and label_sources; a record is an item on its image.

    Args:
        qa: rows of `qa__items`.
        assess: rows of `assess__items`.
        records: rows of `records__emoverse`.
    """
    about_one = [
        frame.select(
            pl.col(name).alias("item_id"),
            pl.concat_list("image_id").alias("image_ids"),
            pl.concat_list("source").alias("label_sources"),
        )
        for frame, name in ((assess, "item_id"), (records, "image_id"))
    ]
    return pl.concat([qa.select("item_id", "image_ids", label_sources="sources"), *about_one])


def count_offenders(forbidden: pl.DataFrame) -> list[Offender]:
    """Return the sources of forbidden dependencies, the one with the most items first.

    Args:
        forbidden: rows of `join_terms`.
    """
    counts = (
        forbidden.group_by("source", "licence")
        .agg(pl.col("item_id").n_unique().alias("items"))
        .sort(["items", "source", "licence"], descending=[True, False, False])
    )
    return [Offender(*row) for row in counts.rows()]


def _refuse(forbidden: pl.DataFrame) -> list[str]:
    if forbidden.height:
        raise TermsForbid(count_offenders(forbidden))
    return []


def _leave_out(forbidden: pl.DataFrame) -> list[str]:
    return forbidden["item_id"].unique().sort().to_list()


def _render_terms(datasets: pl.DataFrame, used: list[str]) -> bytes:
    rows = datasets.filter(pl.col("source").is_in(used)).sort("source")
    lines = ["# Terms of the sources in these files", ""]
    for row in rows.iter_rows(named=True):
        lines += [f"- **{row['title']}** (`{row['source']}`): {row['licence']}. {row['citation']}"]
    return ("\n".join(lines) + "\n").encode()
