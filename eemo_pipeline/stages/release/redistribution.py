"""Hands the published items out of the data root, within the terms of their sources.

Belongs here: which sources an item depends on, what their terms allow, refusing or filtering.
Does not belong here: the formats (`exports/`). Items inside the data root are for its owner's own
use; what leaves it must be allowed by every source of its pictures and of its labels.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from eemo_pipeline.lake.parquet import scan_table, write_bytes
from eemo_pipeline.stages.exports.formats import Tables
from eemo_pipeline.stages.exports.publish import publish
from eemo_pipeline.stages.release.open_licences import why_kept_in
from eemo_pipeline.stages.sources import known_sources

_Judge = Callable[[pl.DataFrame], list[str]]  # forbidden items -> those to leave out


@dataclass(frozen=True)
class Offender:
    """A source whose terms do not allow its data to be passed on, and how many items need it.

    Where the source licenses each picture, `licence` is that of the picture, and why not.
    """

    source: str
    licence: str
    items: int


class TermsForbid(Exception):
    """The items depend on sources that must not be passed on; nothing was written."""

    def __init__(self, offenders: list[Offender]) -> None:
        """Keep the sources, the one with the most items first."""
        super().__init__(", ".join(offender.source for offender in offenders))
        self.offenders = offenders


@dataclass(frozen=True)
class HandedOut:
    """The files written below the folder, and the items that went and stayed."""

    files: pl.DataFrame
    items: int
    withheld: int


def hand_out(tables: Path, folder: Path, permitted: Collection[str] = ()) -> HandedOut:
    """Write every format below `folder/exports`, or refuse.

    Args:
        tables: the data root's tables.
        folder: outside the data root.
        permitted: sources whose owner has given permission beyond the terms.

    Raises:
        TermsForbid: an item depends on a source that may not be passed on.
    """
    return _write(tables, folder, permitted, _refuse)


def hand_out_redistributable(
    tables: Path, folder: Path, permitted: Collection[str] = ()
) -> HandedOut:
    """Write the items that may be passed on, and leave the others out."""
    return _write(tables, folder, permitted, _leave_out)


def item_sources(items: pl.DataFrame, images: pl.DataFrame) -> pl.DataFrame:
    """item_id, image_id and source, one row for everything that an item depends on.

    An item depends on the sources of its labels, where image_id is null, and on all that hold
    the bytes of its pictures.

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
    """image_id, source, licence and is_redistributable of pictures with a licence of their own.

    A picture that one source lists twice may go where each of its licences lets it.

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


def _join_terms(needed: pl.DataFrame, datasets: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """Licence and is_redistributable for each need: the picture's own, else its source's."""
    terms = datasets.select("source", "licence", "is_redistributable")
    # What a source says of a picture goes with that picture, and needs no permission of its own.
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
    items = pl.concat(
        [
            qa.select("item_id", "image_ids", label_sources="sources"),
            assess.select(
                "item_id",
                pl.concat_list("image_id").alias("image_ids"),
                pl.concat_list("source").alias("label_sources"),
            ),
        ]
    )
    own = picture_terms(read("ingest__records"))
    is_closed = ~pl.col("is_redistributable") & ~pl.col("source").is_in(list(permitted))
    needed = item_sources(items, images)
    forbidden = _join_terms(needed, datasets, own).filter(is_closed)
    withheld = judge(forbidden)
    kept = [frame.filter(~pl.col("item_id").is_in(withheld)) for frame in (qa, assess)]
    # Of a source that licenses each picture, pictures are closed and not the source.
    closed = datasets.filter(is_closed & ~pl.col("source").is_in(own["source"].unique().implode()))
    closed = closed["source"].to_list()
    shut = own.filter(is_closed)
    is_open = ~pl.col("sources").list.eval(pl.element().is_in(closed)).list.any()
    passed_on = images.filter(is_open).join(shut, on="image_id", how="anti")
    published = publish(
        Tables(
            kept[0],
            kept[1],
            images,
            read("labels__emotions").filter(is_open).join(shut, on="image_id", how="anti"),
            read("labels__vad")
            .filter(~pl.col("source").is_in(closed))
            .join(shut, on="image_id", how="anti"),
            *(
                read(name).join(passed_on, on="image_id", how="semi")
                for name in ("texts__descriptions", "texts__reasonings")
            ),
        ),
        folder / "exports",
        tables.parent,
    )
    used = needed.filter(~pl.col("item_id").is_in(withheld))["source"].unique()
    write_bytes(_render_terms(datasets, used.to_list()), folder / "TERMS.md")
    return HandedOut(published.files, items.height - len(withheld), len(withheld))


def _refuse(forbidden: pl.DataFrame) -> list[str]:
    if forbidden.height:
        counts = (
            forbidden.group_by("source", "licence")
            .agg(pl.col("item_id").n_unique().alias("items"))
            .sort(["items", "source", "licence"], descending=[True, False, False])
        )
        raise TermsForbid([Offender(*row) for row in counts.rows()])
    return []


def _leave_out(forbidden: pl.DataFrame) -> list[str]:
    return forbidden["item_id"].unique().sort().to_list()


def _render_terms(datasets: pl.DataFrame, used: list[str]) -> bytes:
    rows = datasets.filter(pl.col("source").is_in(used)).sort("source")
    lines = ["# Terms of the sources in these files", ""]
    for row in rows.iter_rows(named=True):
        lines += [f"- **{row['title']}** (`{row['source']}`): {row['licence']}. {row['citation']}"]
    return ("\n".join(lines) + "\n").encode()
