"""All questions of EEmoDB-QA from the facts: `qa__items` and `_qa__coverage`.

Belongs here: running every template, identity of items, coverage of pictures. Does not belong
here: any one question (`templates/`) or how facts are joined (`facts.py`).
"""

import hashlib

import polars as pl

import eemo_pipeline.qa.templates as templates
from eemo_pipeline.discovery import discover
from eemo_pipeline.qa.facts import Facts
from eemo_pipeline.qa.templates import ITEM_SCHEMA, QaTemplate
from eemo_pipeline.schema.tables import TABLES

_COLUMNS = TABLES["qa__items"].columns


def build_items(facts: Facts, seed: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Run every template of the folder `templates/`.

    Returns:
        A frame of `qa__items`, and one of `_qa__coverage` with, for a picture without any item,
        the reason: no_facts (neither label nor rating nor text) or no_template_applies.
    """
    found = discover(templates, "TEMPLATE", QaTemplate)
    items = pl.concat(
        [_identified(template, template.build(facts, seed)) for template in found.values()]
        or [TABLES["qa__items"].empty()]
    ).sort("item_id")
    return items, _coverage(facts, items)


def _identified(template: QaTemplate, rows: pl.DataFrame) -> pl.DataFrame:
    if rows.schema != ITEM_SCHEMA:
        raise TypeError(
            f"eemo_pipeline/qa/templates/{template.name}.py returned {rows.schema}, "
            f"expected {ITEM_SCHEMA}: build items with eemo_pipeline.qa.items"
        )
    identity = rows.select(
        pl.concat_str(
            pl.lit(template.name),
            pl.col("image_ids").list.join("\x1f"),
            "question",
            separator="\x1f",
        )
    ).to_series()
    # polars has no SHA-256; this is the one call per row, and hashing is most of its cost
    item_ids = [hashlib.sha256(text.encode()).hexdigest()[:16] for text in identity]
    return rows.with_columns(
        pl.Series("item_id", item_ids, dtype=pl.String),
        pl.lit(template.name).alias("template"),
        pl.lit(template.category).alias("category"),
        pl.lit(template.question_type).alias("question_type"),
    ).select(_COLUMNS)


def _coverage(facts: Facts, items: pl.DataFrame) -> pl.DataFrame:
    counts = (
        items.select(pl.col("image_ids").explode().alias("image_id"))
        .group_by("image_id")
        .agg(pl.len().cast(pl.Int64).alias("item_count"))
    )
    known = (
        "dominant_emotion",
        "ranking",
        "valence",
        "arousal",
        "dominance",
        "description",
        "reasoning",
    )
    has_facts = pl.any_horizontal(pl.col(name).is_not_null() for name in known)
    reason = (
        pl.when(pl.col("item_count") > 0)
        .then(None)
        .when(has_facts)
        .then(pl.lit("no_template_applies"))
        .otherwise(pl.lit("no_facts"))
    )
    return (
        facts.pictures.select("image_id", *known)
        .join(counts, on="image_id", how="left")
        .with_columns(pl.col("item_count").fill_null(0))
        .with_columns(reason.alias("reason"))
        .select(TABLES["_qa__coverage"].columns)
        .sort("image_id")
    )
