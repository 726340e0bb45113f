"""One HTML page per benchmark: leaderboard with intervals, groups, differences of two models.

A page needs no network and no script. Texts come from models and datasets: all are escaped.
"""

from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path

import polars as pl

from eemo_pipeline.lake.parquet import write_bytes
from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Number
from eemo_pipeline.stages.evaluation.model_runs import FOLDER

_STYLE = (
    ":root{color-scheme:light dark;--line:light-dark(#d3d6da,#42464c);"
    "--mark:light-dark(#2166ac,#6ea8dc)}"
    "body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;"
    "color:light-dark(#1c1e21,#e8e8e8);background:light-dark(#ffffff,#1b1d20)}"
    "table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}"
    "td,th{padding:.2rem .7rem;text-align:right;border-bottom:1px solid var(--line)}"
    "td:first-child,th:first-child{text-align:left;min-width:14rem}"
    "svg{display:block}path{stroke:var(--mark);stroke-width:2}circle{fill:var(--mark)}"
    "caption{text-align:left;font-weight:600}"
)
_BAR_PX, _HEIGHT_PX = 200, 14
_DIGITS = 2
# Upper and lower end of the axis of each unit.
_AXES = {
    "percent": (0.0, 100.0),
    "share": (0.0, 1.0),
    "correlation": (-1.0, 1.0),
    "difference": (0.0, 1.0),
    "points": (0.0, 10.0),
    "words": (0.0, 100.0),
    "bits": (0.0, 10.0),
}
_UNRANKED = ("words", "bits")  # neither long nor short texts are better
_SCORES = ("model", "place", "score", "95 %", "", "read", "protocol", "published")
_COMPARABLE = (
    "A place is among the models that were scored on the same items. Models in different tables "
    "are not comparable by their scores; the last table compares two models on the items that both "
    "answered."
)
_GROUPS = ("model", "group", "score", "95 %", "items")
_PAIRS = ("models", "task", "items", "difference", "95 %", "better", "worse", "p (Holm)")


def write_pages(
    root: Path,
    benchmarks: Mapping[str, Benchmark],
    scores: pl.DataFrame,
    comparisons: pl.DataFrame,
) -> list[Path]:
    """Write a page for each benchmark that has scores; return the files.

    Args:
        root: the data root; pages lie in its folder `evaluation`.
        benchmarks: the benchmarks by name.
        scores: rows of `evaluation__scores`.
        comparisons: rows of `evaluation__comparisons`.
    """
    written: list[Path] = []
    for name in scores["benchmark"].unique().sort():
        path = root / FOLDER / f"{name}.html"
        page = render_page(
            benchmarks[name],
            scores.filter(pl.col("benchmark") == name),
            comparisons.filter(pl.col("benchmark") == name),
        )
        write_bytes(page.encode(), path)
        written.append(path)
    return written


def render_page(benchmark: Benchmark, scores: pl.DataFrame, comparisons: pl.DataFrame) -> str:
    """Return the page of a benchmark as HTML."""
    title = escape(benchmark.title)
    marked = _best_marked(scores)
    parts = [
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>',
        f"<style>{_STYLE}</style><h1>{title}</h1>",
        f"<p>{escape(benchmark.citation)}. {escape(benchmark.notes)}</p>",
        f"<p>{_COMPARABLE}</p>",
    ]
    unmeasured = marked.filter(pl.col("score_value").is_null()).unique(
        ["section", "number"], maintain_order=True
    )
    parts += [
        f"<p>Missing: {escape(_words(row['section']))}, {escape(row['number'])}. "
        f"{escape(row['score_signature'] or '')}.</p>"
        for row in unmeasured.iter_rows(named=True)
    ]
    marked = marked.filter(pl.col("score_value").is_not_null())
    whole = marked.filter(pl.col("item_group") == "all")
    for number in benchmark.numbers:
        rows = whole.filter(
            (pl.col("section") == number.section) & (pl.col("number") == number.name)
        )
        for _, same in _by_item_set(rows):
            parts.append(_scores_table(number, same))
    groups = marked.filter(pl.col("item_group") != "all")
    if groups.height:
        parts.append(f"<details><summary>By group</summary>{_groups_table(groups)}</details>")
    if comparisons.height:
        parts.append(f"<h2>What moved between two models</h2>{_pairs_table(comparisons)}")
    return "\n".join((*parts, "</html>\n"))


def _best_marked(scores: pl.DataFrame) -> pl.DataFrame:
    """Return one row per number and model: by given marks, or as read tolerantly."""
    order = pl.col("marking").replace_strict({"given": 0, "tolerant": 1, "strict": 2})
    keys = ["evaluated_model", "section", "number", "item_group", "item_set"]
    return scores.sort(order).unique(keys, keep="first", maintain_order=True).sort(keys)


def _by_item_set(rows: pl.DataFrame) -> Iterator[tuple[object, pl.DataFrame]]:
    """Yield the rows that are of the same items, those of most items first."""
    ordered = rows.sort("counted_items", "item_set", descending=[True, False])
    yield from ordered.group_by("item_set", maintain_order=True)


def _scores_table(number: Number, rows: pl.DataFrame) -> str:
    is_error = rows["score_unit"][0] == "difference" or rows["number"][0] == "ECE"
    place = pl.col("score_value").rank("min", descending=not is_error).alias("place")
    ordered = rows.with_columns(place).sort("place", "evaluated_model")
    lines = [
        (
            escape(row["evaluated_model"]),
            "" if row["score_unit"] in _UNRANKED else str(row["place"]),
            _say(row["printed_value"], number.digits),
            _interval(row["score_lower"], row["score_upper"], number.digits),
            _bar(row),
            f"{100 * row['covered_share']:.1f} %",
            row["protocol"],
            _say(row["published_value"], number.digits),
        )
        for row in ordered.iter_rows(named=True)
    ]
    items = int(rows["counted_items"][0])
    said = "item" if items == 1 else "items"
    caption = f"{_words(number.section)}: {number.name}, on the same {items:,} {said}"
    return _table(caption, _SCORES, lines)


def _groups_table(rows: pl.DataFrame) -> str:
    lines = [
        (
            escape(row["evaluated_model"]),
            escape(f"{_words(row['section'])}: {row['number']}, {_words(row['item_group'])}"),
            _say(row["printed_value"]),
            _interval(row["score_lower"], row["score_upper"]),
            f"{row['counted_items']:,}",
        )
        for row in rows.iter_rows(named=True)
    ]
    return _table("Groups of items", _GROUPS, lines)


def _pairs_table(rows: pl.DataFrame) -> str:
    lines = [
        (
            escape(f"{row['first_model']} to {row['second_model']}"),
            escape(_words(row["section"])),
            f"{row['shared_items']:,}",
            f"{row['mark_difference']:+.3f}",
            _interval(row["mark_difference_lower"], row["mark_difference_upper"], 3),
            f"{row['gained_count']:,}",
            f"{row['lost_count']:,}",
            f"{row['test_p_adjusted']:.3g}",
        )
        for row in rows.sort("test_p_adjusted", "section").iter_rows(named=True)
    ]
    return _table("Mean mark of the second model minus that of the first", _PAIRS, lines)


def _table(caption: str, head: tuple[str, ...], lines: list[tuple[str, ...]]) -> str:
    """Return a table; the cells are HTML already."""
    top = "".join(f"<th>{name}</th>" for name in head)
    body = "\n".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in line)}</tr>" for line in lines)
    return f"<table><caption>{escape(caption)}</caption><tr>{top}</tr>{body}</table>"


def _interval(lower: float | None, upper: float | None, digits: int = _DIGITS) -> str:
    return (
        "" if lower is None or upper is None else f"{_say(lower, digits)} to {_say(upper, digits)}"
    )


def _say(value: float | None, digits: int = _DIGITS) -> str:
    """Return a number with its decimals, "" for none; a negative zero is zero."""
    return "" if value is None else f"{round(value, digits) + 0.0:.{digits}f}"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _bar(row: dict[str, float]) -> str:
    low, high = _AXES[str(row["score_unit"])]
    ends = [row["score_lower"], row["score_value"], row["score_upper"]]
    places = [
        round(_BAR_PX * min(max((value - low) / (high - low), 0.0), 1.0))
        for value in (row["score_value"] if end is None else end for end in ends)
    ]
    middle = _HEIGHT_PX // 2
    return (
        f'<svg width="{_BAR_PX}" height="{_HEIGHT_PX}" aria-hidden="true">'
        f'<path d="M{places[0]} {middle}H{places[2]}"/>'
        f'<circle cx="{places[1]}" cy="{middle}" r="4"/></svg>'
    )
