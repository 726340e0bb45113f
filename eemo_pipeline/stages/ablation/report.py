"""The experiment as Markdown, to be read beside EmoVerse's Table 3.

Every number comes from the tables.
"""

from collections.abc import Sequence

import polars as pl

_NOTE = (
    "Accuracy among kept values, with how many of all were kept; 95 % intervals (Wilson), "
    "differences to the full pipeline with 95 % intervals (paired bootstrap). `lake`: recorded "
    "answers, rule critic, people's labels. `made_rho_*`: simulated annotators, whose errors of "
    "the emotion are alike in the share rho, and a simulated critic of EmoVerse's rates. "
    "The rates fed to that critic are inputs (`fed_rate`), never beside EmoVerse's. EmoVerse's "
    "numbers are accepted values on another set of pictures: beside, not comparable."
)
_SPOILT = (
    "Spoilt values that the rule critic flags, right ones that it leaves alone, and false alarms "
    "where only the form was changed."
)
_ARMS = ("experiment", "part", "arm", "accuracy", "kept", "difference", "EmoVerse")
_SUITE = ("experiment", "part", "severity", "metric", "share", "of", "EmoVerse")


def write_report(scores: pl.DataFrame) -> str:
    """Return two Markdown tables: the arms, and the corruption suite.

    Args:
        scores: rows of `ablation__scores`.
    """
    arms = scores.filter(pl.col("arm") != "corrupted")
    coverage = {
        (row["experiment"], row["part"], row["arm"]): row["value"]
        for row in arms.filter(pl.col("metric") == "coverage").iter_rows(named=True)
    }
    of_arms = [
        (
            row["experiment"],
            row["part"],
            row["arm"],
            _interval(row["value"], row["lower_bound"], row["upper_bound"]),
            _percent(coverage.get((row["experiment"], row["part"], row["arm"]))),
            _interval(row["difference"], row["difference_lower"], row["difference_upper"]),
            _percent(row["published"]),
        )
        for row in arms.filter(pl.col("metric") == "accuracy")
        .sort("experiment", "part", "arm")
        .iter_rows(named=True)
    ]
    of_suite = [
        (
            row["experiment"],
            row["part"],
            row["severity"],
            row["metric"],
            _interval(row["value"], row["lower_bound"], row["upper_bound"]),
            str(row["image_count"]),
            _percent(row["published"]),
        )
        for row in scores.filter(pl.col("arm") == "corrupted")
        .sort("experiment", "part", "metric", "severity")
        .iter_rows(named=True)
    ]
    return "\n\n".join([_NOTE, _table(_ARMS, of_arms), _SPOILT, _table(_SUITE, of_suite)])


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}"


def _interval(share: float | None, lower: float | None, upper: float | None) -> str:
    if share is None:
        return ""
    if lower is None or upper is None:
        return _percent(share)
    return f"{_percent(share)} [{_percent(lower)}, {_percent(upper)}]"
