"""Sections about what is left of the images at each step, and what it costs."""

import polars as pl

from eemo_pipeline.rendering.charts import draw_bars
from eemo_pipeline.stages.reports.section import Drawn, Section, say_count, say_percent, total


def _draw_funnel(steps: pl.DataFrame, refusals: pl.DataFrame) -> Drawn:
    counts = dict(steps.select("step", "images").iter_rows())
    found = counts.get("found") or 0
    shares = (
        f"{say_percent(counts.get('kept', 0) / found)} are kept after duplicates, and "
        f"{say_percent(counts.get('preserved', 0) / found)} became a preserved record. "
        if found
        else ""
    )
    refused = (
        f"{say_count(total(refusals, 'refused'), 'file or row')} refused; the most frequent reason "
        f"is {refusals['reason'][0]}."
        if refusals.height
        else "Nothing was refused."
    ).replace("file or rows", "files or rows")
    return Drawn(
        f"Of {say_count(found, 'image file')} found, {shares}{refused}",
        (draw_bars("Images left at each step", steps["meaning"].to_list(), _one(steps, "images")),),
    )


def _draw_costs(models: pl.DataFrame, yields: pl.DataFrame) -> Drawn:
    row = yields.row(0, named=True)
    paid = models.filter(pl.col("usd") > 0)
    if paid.is_empty():
        money = "No model that was asked costs money: embedded models answered."
    else:
        money = (
            f"{say_count(total(models, 'calls'), 'call')} cost {row['usd']:.2f} USD: "
            f"{row['usd_per_image']:.4f} USD per kept image"
            + (
                f" and {row['usd_per_record']:.4f} USD per preserved record."
                if row["usd_per_record"] is not None
                else "; no record is preserved yet."
            )
        )
    stages = models.group_by("stage").agg(pl.col("usd").sum(), pl.col("calls").sum()).sort("stage")
    charts = [draw_bars("Calls per stage", stages["stage"].to_list(), _one(stages, "calls"))]
    if paid.height:
        charts.append(draw_bars("USD per stage", stages["stage"].to_list(), _one(stages, "usd")))
    left = f" {say_count(row['left_to_people'], 'image')} wait for people."
    return Drawn(money + left * (row["left_to_people"] > 0), tuple(charts))


def _one(frame: pl.DataFrame, column: str) -> dict[str, list[float | None]]:
    return {column: frame[column].to_list()}


SECTIONS = (
    Section(
        "funnel",
        "Where do the images go?",
        ("funnel", "refusals"),
        "images: eemo run --images FOLDER",
        _draw_funnel,
    ),
    Section(
        "costs",
        "What does the dataset cost?",
        ("costs", "cost_per_record"),
        "a run that asks models: eemo run",
        _draw_costs,
    ),
)
