"""Sections about what the images and texts hold."""

import polars as pl

from eemo_pipeline.rendering.charts import draw_bars, draw_heat
from eemo_pipeline.stages.reports.section import Drawn, Section, say_count, say_percent, total


def _draw_boxes(centres: pl.DataFrame, sizes: pl.DataFrame) -> Drawn:
    boxes = total(centres, "boxes")
    counts = {(row, column): count for column, row, count in centres.iter_rows()}
    most = max(counts.values())
    tenths = range(10)
    commonest = sizes.sort("boxes", "area_of_image", descending=[True, False]).row(0, named=True)
    return Drawn(
        f"{say_count(boxes, 'box').replace('boxs', 'boxes')} were found. Most often a box covers "
        f"{commonest['area_of_image'][3:]} of its image "
        f"({say_percent(commonest['boxes'] / boxes)} of the boxes).",
        (
            draw_heat(
                "Boxes by the place of their centre, in tenths of the image",
                [f"{10 * tenth} % from the top" for tenth in tenths],
                [f"{10 * tenth} %" for tenth in tenths],
                [[counts.get((row, column), 0) / most for column in tenths] for row in tenths],
                [[str(counts.get((row, column), "")) for column in tenths] for row in tenths],
            ),
            draw_bars(
                "Boxes by the share of the image that they cover",
                [name[3:] for name in sizes["area_of_image"]],
                {"boxes": sizes["boxes"].to_list()},
            ),
        ),
    )


SECTIONS = (
    Section(
        "boxes",
        "How large are the boxes, and where do they lie?",
        ("boxes", "box_sizes"),
        "a run with a grounder: eemo run",
        _draw_boxes,
    ),
)
