"""Hands the published items out of the data root, within the terms of their sources.

Belongs here: which sources an item depends on, what their terms allow, refusing or filtering.
Does not belong here: the formats (`exports/`). Items inside the data root are for its owner's own
use; what leaves it must be allowed by every source of its pictures and of its labels.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from eemo_pipeline.exports import Tables, publish
from eemo_pipeline.storage import scan_table, write_bytes

_Judge = Callable[[pl.DataFrame], list[str]]  # forbidden items -> those to leave out


@dataclass(frozen=True)
class Offender:
    """A source whose terms do not allow its data to be passed on, and how many items need it."""

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
    """item_id and source, one row for every source that an item depends on.

    An item depends on the sources of its labels and on all that hold the bytes of its pictures.

    Args:
        items: item_id, image_ids, label_sources.
        images: rows of `dedup__images`.
    """
    of_labels = items.select("item_id", source="label_sources").explode("source")
    of_pictures = (
        items.select("item_id", image_id="image_ids")
        .explode("image_id")
        .join(images.select("image_id", source="sources").explode("source"), on="image_id")
        .select("item_id", "source")
    )
    return pl.concat([of_labels, of_pictures]).drop_nulls().unique().sort("item_id", "source")


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
    needed = item_sources(items, images)
    terms = datasets.select("source", "licence", "is_redistributable")
    forbidden = needed.join(terms, on="source", how="left").filter(
        ~pl.col("is_redistributable").fill_null(value=False)
        & ~pl.col("source").is_in(list(permitted))
    )
    withheld = judge(forbidden)
    kept = [frame.filter(~pl.col("item_id").is_in(withheld)) for frame in (qa, assess)]
    is_closed = ~pl.col("is_redistributable") & ~pl.col("source").is_in(list(permitted))
    closed = terms.filter(is_closed)["source"].to_list()
    is_open = ~pl.col("sources").list.eval(pl.element().is_in(closed)).list.any()
    passed_on = images.filter(is_open)
    published = publish(
        Tables(
            kept[0],
            kept[1],
            images,
            read("labels__emotions").filter(is_open),
            read("labels__vad").filter(~pl.col("source").is_in(closed)),
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
            .agg(pl.len().alias("items"))
            .sort(["items", "source"], descending=[True, False])
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
