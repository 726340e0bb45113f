"""Placeholder images, such as "this photo is not available", among the images of a source.

A host serves a placeholder in place of a missing image. Copies of one image under different labels
are no sign of it: raters disagree, and a file may stand in the folder of each of its labels. A
placeholder shows itself by a known content, by many unrelated names, or by having no structure.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

# SHA-256 of placeholders of public hosts.
KNOWN_PLACEHOLDERS = {
    "9b5936f4006146e4e1e9025b474c02863c0b5614132ad40db4b925a10e8bfbb9": "Imgur, removed image",
}
# More names than one image has that stands under another name in the folder of each of 8 emotions.
MANY_NAMES = 10
_SEVERAL_NAMES = 3


def find_placeholders(
    records: pl.DataFrame, measured: Mapping[str, Mapping[str, Any]]
) -> dict[str, str]:
    """Return path -> why the image is a placeholder.

    Names are compared without their folder, so that one file per rater or per class is one name.
    Names count only if they stand under at least two labels: under one label, copies are copies.

    Args:
        records: `path` and `native_label`, as a source read them.
        measured: path -> the answer of `measure_file`.
    """
    known = {
        path: f"known content: {KNOWN_PLACEHOLDERS[image_id]}"
        for path, answer in measured.items()
        if (image_id := answer.get("image_id")) in KNOWN_PLACEHOLDERS
    }
    contents = pl.DataFrame(
        [
            (path, answer["image_id"], bool(answer.get("is_blank")), path.rpartition("/")[2])
            for path, answer in measured.items()
            if answer.get("image_id")
        ],
        schema={
            "path": pl.String,
            "image_id": pl.String,
            "is_blank": pl.Boolean,
            "name": pl.String,
        },
        orient="row",
    )
    repeated = (
        records.drop_nulls("native_label")
        .join(contents, on="path")
        .with_columns(
            pl.col("name").n_unique().over("image_id").alias("names"),
            pl.col("native_label").n_unique().over("image_id").alias("labels"),
        )
        .filter(pl.col("labels") >= 2)
        .filter(
            (pl.col("names") >= MANY_NAMES)
            | (pl.col("is_blank") & (pl.col("names") >= _SEVERAL_NAMES))
        )
    )
    found = {
        path: f"the same bytes stand under {names} names and {labels} labels of this source"
        for path, names, labels in repeated.select("path", "names", "labels").iter_rows()
    }
    return found | known
