"""A plot of scores with their intervals, one line per model or arm, for the metadata of a table."""

from html import escape

import polars as pl

from eemo_pipeline.rendering.plots import INLINE_CHARACTERS, encode_svg

_LINE_PX, _AXIS_PX = 14, 190
_LABEL_PX, _ARM_PX = 110, 210
_PX_PER_CHARACTER = 6
_BOUNDS = ("score_lower", "score_upper")


def draw_scores(scores: pl.DataFrame, benchmark: str, number: str) -> str:
    """Draw one number of each model as a dot on its interval, best first, as SVG in Markdown.

    Models are drawn below those that were scored on the same items; the number of items stands at
    the name. As many models as fit into INLINE_CHARACTERS.

    Args:
        scores: rows of `evaluation__scores`, in per cent.
        benchmark: whose scores.
        number: which number; of several sections the first counts.
    """
    rows = (
        scores.filter(
            (pl.col("benchmark") == benchmark)
            & (pl.col("number") == number)
            & (pl.col("item_group") == "all")
            & (pl.col("marking") == "tolerant")
        )
        .sort("section")
        .unique(["evaluated_model", "item_set"], keep="first", maintain_order=True)
        .sort(
            *("counted_items", "item_set", "score_value", "evaluated_model"),
            descending=[True, False, True, False],
        )
    )
    label = pl.format("{} {}", "counted_items", "evaluated_model").alias("label")
    return _fit(f"{number} of {benchmark}", rows.with_columns(label), _LABEL_PX)


def draw_study(studies: pl.DataFrame, study: str) -> str:
    """Draw the first number of each arm over all seeds, as SVG in Markdown.

    Of several tested sources the first is drawn, in the order of the table; as many arms as fit.

    Args:
        studies: rows of `evaluation__studies`.
        study: which study.
    """
    rows = studies.filter(
        (pl.col("study") == study)
        & (pl.col("study_seed") == "all")
        & (pl.col("score_unit") == "percent")
    )
    drawn = rows.select("tested_on", "number").head(1)
    first = rows.join(drawn, on=("tested_on", "number"), maintain_order="left")
    return _fit(f"{study}, by arm", first.rename({"study_arm": "label"}), _ARM_PX)


def _fit(title: str, rows: pl.DataFrame, label_px: int) -> str:
    for shown in range(min(rows.height, 12), 0, -1):
        markdown = f"![{escape(title)}]({encode_svg(_lines(rows[:shown], label_px))})"
        if len(markdown) < INLINE_CHARACTERS:
            return markdown
    return "no scores"


def _lines(rows: pl.DataFrame, label_px: int) -> str:
    width_px = label_px + _AXIS_PX
    scale = _AXIS_PX / 100
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width_px}" '
        f'height="{rows.height * _LINE_PX}" font-size="10">'
    ]
    for place, row in enumerate(rows.iter_rows(named=True)):
        y = place * _LINE_PX + 9
        value = row["score_value"]
        lower, upper = (row[name] if row[name] is not None else value for name in _BOUNDS)
        x1, x, x2 = (round(label_px + scale * one) for one in (lower, value, upper))
        label = escape(row["label"][: label_px // _PX_PER_CHARACTER])
        parts.append(
            f'<text y="{y}">{label}</text><path d="M{x1} {y - 3}H{x2}" stroke="#4a90d9"/>'
            f'<circle cx="{x}" cy="{y - 3}" r="3"/>'
        )
    return "".join((*parts, "</svg>"))
