"""A plot of scores with their intervals, one line per model, for the metadata of a table."""

from html import escape

import polars as pl

from eemo_pipeline.rendering.plots import INLINE_CHARACTERS, encode_svg

_LINE_PX, _LABEL_PX, _WIDTH_PX = 14, 110, 300
_LABEL_CHARACTERS = 18
_BOUNDS = ("score_lower", "score_upper")


def draw_scores(scores: pl.DataFrame, benchmark: str, number: str) -> str:
    """Draw one number of each model as a dot on its interval, best first, as SVG in Markdown.

    As many models as fit into INLINE_CHARACTERS.

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
        .unique("evaluated_model", keep="first", maintain_order=True)
        .sort("score_value", "evaluated_model", descending=[True, False])
    )
    for shown in range(min(rows.height, 10), 0, -1):
        markdown = f"![{escape(number)} of {escape(benchmark)}]({encode_svg(_lines(rows[:shown]))})"
        if len(markdown) < INLINE_CHARACTERS:
            return markdown
    return "no scores"


def _lines(rows: pl.DataFrame) -> str:
    scale = (_WIDTH_PX - _LABEL_PX) / 100
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH_PX}" '
        f'height="{rows.height * _LINE_PX}" font-size="10">'
    ]
    for place, row in enumerate(rows.iter_rows(named=True)):
        y = place * _LINE_PX + 9
        value = row["score_value"]
        lower, upper = (row[name] if row[name] is not None else value for name in _BOUNDS)
        x1, x, x2 = (round(_LABEL_PX + scale * one) for one in (lower, value, upper))
        label = escape(row["evaluated_model"][:_LABEL_CHARACTERS])
        parts.append(
            f'<text y="{y}">{label}</text><path d="M{x1} {y - 3}H{x2}" stroke="#4a90d9"/>'
            f'<circle cx="{x}" cy="{y - 3}" r="3"/>'
        )
    return "".join((*parts, "</svg>"))
