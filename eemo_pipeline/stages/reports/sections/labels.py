"""Sections about labels: balance of the emotions, and the valence-arousal plane."""

import math

import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.rendering.charts import Point, draw_bars, draw_heat, draw_lines, draw_plane
from eemo_pipeline.stages.reports.section import (
    Drawn,
    Section,
    say_count,
    say_percent,
    total,
)

_CELLS = 20
_BY = {"people_labels": "people's labels", "people_blind": "people, blind", "records": "records"}


def _draw_balance(emotions: pl.DataFrame, by_source: pl.DataFrame) -> Drawn:
    shown = {name: column for column, name in _BY.items() if emotions[column].sum()}
    sentences: list[str] = []
    for name, column in shown.items():
        counts = emotions.sort(column, "emotion", descending=[True, False])
        most, least = counts.row(0, named=True), counts.row(-1, named=True)
        sentences.append(
            f"By {name}, {say_count(total(emotions, column), 'image')} have an emotion: "
            f"{most['emotion']} leads with {most[column]:,}, "
            f"{least['emotion']} has the fewest with {least[column]:,}."
        )
    labels = emotions["emotion"].to_list()
    charts = [
        draw_bars(
            "Images per emotion", labels, {name: emotions[c].to_list() for name, c in shown.items()}
        )
    ]
    if by_source.height:
        charts.append(_draw_sources(by_source))
    return Drawn(" ".join(sentences) or "No image has an emotion yet.", tuple(charts))


def _draw_sources(by_source: pl.DataFrame) -> str:
    rows = by_source.select("source", "split").unique().sort("source", "split").rows()
    counts = {(row[0], row[1], row[2]): row[3] for row in by_source.iter_rows()}
    most = max(by_source["images"])
    return draw_heat(
        "Images per source, split and emotion by people's labels",
        [f"{source}, {split}" for source, split in rows],
        MIKELS_8,
        [[counts.get((*row, emotion), 0) / most for emotion in MIKELS_8] for row in rows],
        [[str(counts.get((*row, emotion), "")) for emotion in MIKELS_8] for row in rows],
    )


def _draw_density(cells: pl.DataFrame) -> Drawn:
    images = total(cells, "images")
    most = max(cells["images"])
    points = [
        Point(
            (valence + 0.5) / _CELLS,
            (arousal + 0.5) / _CELLS,
            f"valence {valence / _CELLS:.2f} to {(valence + 1) / _CELLS:.2f}, arousal "
            f"{arousal / _CELLS:.2f} to {(arousal + 1) / _CELLS:.2f}: {say_count(count, 'image')}",
            radius=2 + 6 * math.sqrt(count / most),
            opacity=0.75,
            link="gallery",
        )
        for valence, arousal, count in cells.iter_rows()
    ]
    quarter = {
        name: total(cells.filter(is_there), "images")
        for name, is_there in {
            "pleasant and excited": (pl.col("valence_cell") >= 10) & (pl.col("arousal_cell") >= 10),
            "pleasant and calm": (pl.col("valence_cell") >= 10) & (pl.col("arousal_cell") < 10),
            "unpleasant and excited": (pl.col("valence_cell") < 10)
            & (pl.col("arousal_cell") >= 10),
            "unpleasant and calm": (pl.col("valence_cell") < 10) & (pl.col("arousal_cell") < 10),
        }.items()
    }
    parts = ", ".join(f"{name} {say_percent(n / images)}" for name, n in quarter.items())
    filled = say_percent(cells.height / _CELLS**2)
    margins = [
        draw_bars(
            f"Images per tenth of {name}",
            [f"{tenth / 10:.1f} to {(tenth + 1) / 10:.1f}" for tenth in range(10)],
            {"images": _per_tenth(cells, f"{name}_cell")},
        )
        for name in ("valence", "arousal")
    ]
    return Drawn(
        f"{say_count(images, 'image')} have valence and arousal by people's ratings or texts: "
        f"{parts}. They lie in {filled} of the cells of the plane. The area of a mark grows with "
        "its number of images.",
        (
            draw_plane("Images on the valence-arousal plane", {"": points}, _AXES),
            *margins,
        ),
    )


_AXES = ("valence: 0 unpleasant, 1 pleasant", "arousal: 0 calm, 1 excited")


def _per_tenth(cells: pl.DataFrame, column: str) -> list[float | None]:
    counts = cells.group_by(pl.col(column) // 2).agg(pl.col("images").sum())
    found = dict(counts.iter_rows())
    return [found.get(tenth, 0) for tenth in range(10)]


def _draw_circumplex(emotions: pl.DataFrame) -> Drawn:
    means = [
        Point(
            row["valence"],
            row["arousal"],
            f"{row['emotion']}: valence {row['valence']:.2f} ± {row['valence_reach']:.2f}, "
            f"arousal {row['arousal']:.2f} ± {row['arousal_reach']:.2f}, "
            f"{say_count(row['images'], 'image')}",
            label=row["emotion"],
            spread=(row["valence_sd"], row["arousal_sd"]),
            come_from=(row["machine_valence"], row["machine_arousal"])
            if row["machine_valence"] is not None and row["machine_arousal"] is not None
            else None,
            link="gallery",
        )
        for row in emotions.iter_rows(named=True)
    ]
    ends = emotions.sort("valence", "emotion")
    has_machine = any(point.come_from for point in means)
    arrows = " Arrows lead from the annotators' mean to the people's." if has_machine else ""
    return Drawn(
        f"By mean valence, {ends['emotion'][0]} is the most unpleasant ({ends['valence'][0]:.2f}) "
        f"and {ends['emotion'][-1]} the most pleasant ({ends['valence'][-1]:.2f}). "
        f"Ellipses are one standard deviation of the images.{arrows}",
        (draw_plane("Mean valence and arousal of the emotions", {"people": means}, _AXES),),
    )


def _draw_spread(bins: pl.DataFrame) -> Drawn:
    lines = {
        str(dimension): list(part.select("mean_rating", "mean_sd").iter_rows())
        for (dimension,), part in bins.group_by("dimension", maintain_order=True)
    }
    sentences: list[str] = []
    for dimension, line in lines.items():
        mean, sd = max(line, key=lambda point: (point[1], point[0]))
        sentences.append(
            f"About {dimension}, people differ most where the mean is near {mean:.2f} "
            f"(standard deviation {sd:.2f})."
        )
    return Drawn(
        " ".join(sentences),
        (
            draw_lines(
                "Mean standard deviation of people's ratings, by the mean rating",
                lines,
                ("mean rating: 0 to 1", "standard deviation"),
            ),
        ),
    )


SECTIONS = (
    Section(
        "emotion_balance",
        "Are the emotions balanced by people's labels?",
        ("emotion_balance", "emotion_balance_by_source"),
        "images and labels: eemo run",
        _draw_balance,
    ),
    Section(
        "valence_arousal",
        "How much of the valence-arousal plane is covered?",
        ("valence_arousal",),
        "a source with ratings, or with texts and a lexicon: eemo sources lists them",
        _draw_density,
    ),
    Section(
        "circumplex",
        "Is each emotion where people put it?",
        ("circumplex",),
        "a source with ratings, or with texts and a lexicon: eemo sources lists them",
        _draw_circumplex,
    ),
    Section(
        "spread",
        "Where do people's ratings differ?",
        ("spread",),
        "a source with ratings and their spread: eemo sources lists them",
        _draw_spread,
    ),
)
