"""Sections about who judges what: people, annotators, verifiers, and how far they agree."""

import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.rendering.charts import draw_heat
from eemo_pipeline.stages.reports.section import Drawn, Section, say_count, say_percent, total


def _draw_confusion(cells: pl.DataFrame) -> Drawn:
    images = total(cells, "images")
    alike = total(cells.filter(pl.col("people") == pl.col("machine")), "images")
    found = {(row[0], row[1]): (row[2], row[3]) for row in cells.iter_rows()}
    counts = dict(cells.group_by("people").agg(pl.col("images").sum()).iter_rows())
    rows = [emotion for emotion in MIKELS_8 if emotion in counts]
    leaks = cells.filter(pl.col("people") != pl.col("machine")).sort(
        "images", "people", "machine", descending=[True, False, False]
    )
    leak = (
        f" The most frequent confusion is {leaks['people'][0]} taken for {leaks['machine'][0]} "
        f"({say_count(leaks['images'][0], 'image')})."
        if leaks.height
        else ""
    )
    return Drawn(
        f"Models and people's labels name the same emotion on {alike:,} of "
        f"{say_count(images, 'image')} ({say_percent(alike / images)}).{leak}",
        (
            draw_heat(
                "Emotion by people's labels (rows) and by models (columns), per cent of the row",
                [f"{emotion} ({counts[emotion]:,})" for emotion in rows],
                MIKELS_8,
                [[found.get((row, column), (0, 0.0))[1] for column in MIKELS_8] for row in rows],
                [
                    [
                        f"{100 * found[row, column][1]:.0f}" if (row, column) in found else ""
                        for column in MIKELS_8
                    ]
                    for row in rows
                ],
            ),
        ),
    )


SECTIONS = (
    Section(
        "confusion",
        "Which emotions do models take for others?",
        ("confusion",),
        "a source with people's emotion labels: eemo sources lists them",
        _draw_confusion,
    ),
)
