"""Sections about labels: balance of the emotions, and the valence-arousal plane."""

import math
from collections.abc import Mapping

import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.rendering.charts import Point, draw_bars, draw_heat, draw_lines, draw_plane
from eemo_pipeline.stages.reports.section import (
    Drawn,
    Section,
    name_anchor,
    say_count,
    say_list,
    say_percent,
    total,
)

_CELLS = 20
_BY = {
    "people_labels": "people's labels",
    "people_blind": "people, blind",
    "models": "models",
    "records": "records",
}


def _draw_balance(emotions: pl.DataFrame, by_source: pl.DataFrame) -> Drawn:
    shown = {name: column for column, name in _BY.items() if emotions[column].sum()}
    sentences: list[str] = []
    for name, column in shown.items():
        counts = dict(emotions.sort("emotion").select("emotion", column).iter_rows())
        sentences.append(
            f"By {name}, {say_count(total(emotions, column), 'image')} have an emotion: "
            f"{_say_extremes(counts)}."
        )
    labels = emotions["emotion"].to_list()
    series: dict[str, list[float | None]] = {
        name: emotions[column].to_list() for name, column in shown.items()
    }
    if "records" in shown:
        series["records if even"] = emotions["even_share"].to_list()
    charts = [draw_bars("Images per emotion", labels, series)]
    if by_source["people_labels"].sum():
        charts.append(_draw_splits(by_source))
    chosen = "people_labels" if _BY["people_labels"] in shown else "records"
    return Drawn(
        " ".join(sentences) or "No image has an emotion yet.",
        tuple(charts),
        dict(emotions.select("emotion", chosen).iter_rows()),
        {
            str(source): [_draw_source(str(source), part)]
            for (source,), part in by_source.group_by("source", maintain_order=True)
        },
    )


def _say_extremes(counts: Mapping[str, int]) -> str:
    """Return the emotions with the most and with the fewest images, all of them where some tie."""
    most, fewest = max(counts.values()), min(counts.values())
    if most == fewest:
        return f"each has {most:,}"
    first, last = (
        [emotion for emotion, count in counts.items() if count == number]
        for number in (most, fewest)
    )
    return (
        f"{say_list(first)} {'lead' if len(first) > 1 else 'leads'} with {most:,}, "
        f"{say_list(last)} {'have' if len(last) > 1 else 'has'} the fewest with {fewest:,}"
    )


def _draw_source(source: str, counts: pl.DataFrame) -> str:
    columns = [column for column in ("people_labels", "models", "records") if counts[column].sum()]
    sums = counts.group_by("emotion").agg(pl.col(columns).sum())
    found = {row[0]: row[1:] for row in sums.iter_rows()}
    return draw_bars(
        f"Images of {source} per emotion",
        MIKELS_8,
        {
            _BY[column]: [found[e][no] if e in found else 0 for e in MIKELS_8]
            for no, column in enumerate(columns)
        },
    )


def _draw_splits(by_source: pl.DataFrame) -> str:
    labelled = by_source.filter(pl.col("people_labels") > 0)
    rows = labelled.select("source", "split").unique().sort("source", "split").rows()
    counts = {(row[0], row[1], row[2]): row[3] for row in by_source.iter_rows()}
    most = max(1, *by_source["people_labels"])
    return draw_heat(
        "Images per source, split and emotion by people's labels",
        [f"{source}, {split}" for source, split in rows],
        MIKELS_8,
        [[counts.get((*row, emotion), 0) / most for emotion in MIKELS_8] for row in rows],
        [[str(counts.get((*row, emotion)) or "") for emotion in MIKELS_8] for row in rows],
    )


def _draw_density(by_source: pl.DataFrame, sample: pl.DataFrame) -> Drawn:
    cells = by_source.group_by("valence_cell", "arousal_cell").agg(pl.col("images").sum())
    cells = cells.sort("valence_cell", "arousal_cell")
    images = total(cells, "images")
    is_pleasant, is_excited = pl.col("valence_cell") >= 10, pl.col("arousal_cell") >= 10
    quarters = {
        "pleasant, excited": total(cells.filter(is_pleasant & is_excited), "images"),
        "pleasant, calm": total(cells.filter(is_pleasant & ~is_excited), "images"),
        "unpleasant, excited": total(cells.filter(~is_pleasant & is_excited), "images"),
        "unpleasant, calm": total(cells.filter(~is_pleasant & ~is_excited), "images"),
    }
    parts = "; ".join(f"{name} {say_percent(n / images)}" for name, n in quarters.items())
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
            _draw_cells("Images on the valence-arousal plane", cells, _CELLS),
            *([_draw_sample(sample)] if sample.height else []),
            *margins,
        ),
        quarters,
        {
            str(source): [
                _draw_cells(f"Images of {source} on the plane", _coarsen(part), _CELLS // 2)
            ]
            for (source,), part in by_source.group_by("source", maintain_order=True)
        },
    )


def _draw_cells(title: str, cells: pl.DataFrame, count: int) -> str:
    """Draw a mark per cell of a plane with `count` cells along each axis."""
    most = max(cells["images"])
    points = [
        Point(
            (valence + 0.5) / count,
            (arousal + 0.5) / count,
            f"valence {valence / count:.2f} to {(valence + 1) / count:.2f}, arousal "
            f"{arousal / count:.2f} to {(arousal + 1) / count:.2f}: {say_count(images, 'image')}",
            radius=2 + 6 * math.sqrt(images / most),
            opacity=0.75,
            link="gallery",
        )
        for valence, arousal, images in cells.select(
            "valence_cell", "arousal_cell", "images"
        ).iter_rows()
    ]
    return draw_plane(title, {"": points}, _AXES)


def _draw_sample(sample: pl.DataFrame) -> str:
    """Draw a mark per image of the sample; it leads to the image in the gallery."""
    points = [
        Point(
            row["valence"],
            row["arousal"],
            f"{row['emotion']}, {row['image_id'][:12]} of {row['source']}: valence "
            f"{row['valence']:.2f}, arousal {row['arousal']:.2f}",
            opacity=0.75,
            link=name_anchor(row["image_id"]),
        )
        for row in sample.iter_rows(named=True)
    ]
    return draw_plane(
        "Images of the gallery on the plane: a mark leads to its image", {"": points}, _AXES
    )


def _coarsen(cells: pl.DataFrame) -> pl.DataFrame:
    """Return the images per cell of twice the width."""
    halves = [pl.col(name) // 2 for name in ("valence_cell", "arousal_cell")]
    wide = cells.group_by(halves).agg(pl.col("images").sum())
    return wide.sort("valence_cell", "arousal_cell")


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
            reach=(row["valence_reach"], row["arousal_reach"]),
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
        "Ellipses are one standard deviation of the images, and crosses the 95 % interval of the "
        f"mean.{arrows}",
        (draw_plane("Mean valence and arousal of the emotions", {"people": means}, _AXES),),
        {f"{row[0]} valence": row[1] for row in ends.select("emotion", "valence").iter_rows()},
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
        {f"{name} sd, mean": sum(sd for _, sd in line) / len(line) for name, line in lines.items()},
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
        ("valence_arousal", "va_sample"),
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
