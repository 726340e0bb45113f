"""LLaVA-style conversations: one JSON object per line.

Belongs here: turning an item into one human and one gpt turn. Does not belong here: the wording
of questions and answers (`qa/templates/`).

The human turn starts with as many `<image>` marks as the item has pictures. `image` is a path
relative to the data root, or a list of them where the item has several.
"""

from pathlib import Path

import polars as pl

from eemo_pipeline.exports import (
    Exporter,
    PublishedFile,
    Tables,
    image_paths,
    publish_splits,
)

_MARK = "<image>\n"
_LETTERS = ("A", "B", "C", "D")


def _write(tables: Tables, folder: Path) -> list[PublishedFile]:
    paths = image_paths(tables.images)
    return publish_splits(tables.qa, lambda rows: _encode(rows, paths), folder, "qa_{}.jsonl")


def _encode(rows: pl.DataFrame, paths: pl.DataFrame) -> bytes:
    images = (
        rows.select("item_id", "image_ids")
        .explode("image_ids")
        .join(paths, left_on="image_ids", right_on="image_id", how="left", maintain_order="left")
        .group_by("item_id", maintain_order=True)
        .agg("image")
    )
    conversation = rows.join(images, on="item_id", how="left", maintain_order="left").select(
        "item_id",
        "image",
        pl.concat_list(
            _turn("human", pl.concat_str(_marks(), "question", _shown_options())),
            _turn("gpt", _shown_answer()),
        ).alias("conversations"),
    )
    single = pl.struct(
        pl.col("item_id").alias("id"), pl.col("image").list.first(), "conversations"
    ).struct.json_encode()
    several = pl.struct(
        pl.col("item_id").alias("id"), "image", "conversations"
    ).struct.json_encode()
    lines = conversation.select(
        pl.when(pl.col("image").list.len() == 1).then(single).otherwise(several)
    ).to_series()
    return ("\n".join(lines.to_list()) + "\n").encode()


def _turn(speaker: str, value: pl.Expr) -> pl.Expr:
    return pl.struct(pl.lit(speaker).alias("from"), value.alias("value"))


def _marks() -> pl.Expr:
    return pl.lit(_MARK).repeat_by(pl.col("image_ids").list.len()).list.join("")


def _shown_options() -> pl.Expr:
    """Each option on a line of its own after its letter; nothing for an open question."""
    shown = [
        pl.concat_str(
            pl.lit(f"\n{letter}. "), pl.col("options").list.get(place, null_on_oob=True)
        ).fill_null("")
        for place, letter in enumerate(_LETTERS)
    ]
    return pl.concat_str(shown)


def _shown_answer() -> pl.Expr:
    lettered = pl.concat_str("answer_letter", pl.lit(". "), "answer")
    return pl.coalesce(lettered, "answer")


EXPORTER = Exporter("llava", _write)
