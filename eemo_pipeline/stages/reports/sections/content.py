"""Sections about what the images and texts hold."""

import polars as pl

from eemo_pipeline.rendering.charts import draw_bars, draw_heat, draw_intervals
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


def _draw_looks(looks: pl.DataFrame, styles: pl.DataFrame) -> Drawn:
    charts: list[str] = []
    sentences: list[str] = []
    for (quantity,), part in looks.group_by("quantity", maintain_order=True):
        bounds = list(part.select("lower_bound", "upper_bound").iter_rows())
        ends = [end for pair in (*bounds, part["mean"]) for end in pair if end is not None]
        charts.append(
            draw_intervals(
                f"Mean {quantity} by people's emotion, 95 % intervals",
                [f"{e} ({n})" for e, n in part.select("emotion", "images").iter_rows()],
                part["mean"].to_list(),
                bounds,
                (min(0.0, *ends), max(1.0, *ends)),
            )
        )
        order = part.sort("mean", "emotion")
        sentences.append(
            f"{str(quantity).capitalize()} is lowest for {order['emotion'][0]} and highest for "
            f"{order['emotion'][-1]}."
        )
    if styles.height:
        names = styles["style"].unique().sort().to_list()
        emotions = styles["emotion"].unique().sort().to_list()
        counts = {(style, emotion): n for style, emotion, n in styles.iter_rows()}
        most = max(styles["images"])
        charts.append(
            draw_heat(
                "Images by style and emotion of the record",
                names,
                emotions,
                [[counts.get((row, e), 0) / most for e in emotions] for row in names],
                [[str(counts.get((row, e), "")) for e in emotions] for row in names],
            )
        )
    return Drawn(" ".join(sentences), tuple(charts))


def _draw_triplets(attributes: pl.DataFrame, checks: pl.DataFrame) -> Drawn:
    records, boxes = total(checks, "records"), total(checks, "with_box")
    whole, conflicts = total(checks, "whole_triplets"), total(checks, "tone_conflicts")
    emotions = attributes["emotion"].unique().sort().to_list()
    tops = [
        f"{emotion}: {attributes.filter(emotion=emotion)['attribute'][0]}" for emotion in emotions
    ]
    return Drawn(
        f"{say_percent(whole / max(1, records))} of {say_count(records, 'record')} have a whole "
        f"triplet, and {say_percent(boxes / max(1, records))} a box. The tone of "
        f"{say_count(conflicts, 'attribute')} speaks against the emotion. The most frequent "
        f"attributes are {'; '.join(tops)}.",
        (
            draw_bars(
                "Records: all, with a whole triplet, with a box, with a conflict of tone",
                checks["emotion"].to_list(),
                {
                    name.replace("_", " "): checks[name].to_list()
                    for name in ("records", "whole_triplets", "with_box", "tone_conflicts")
                },
            ),
        ),
    )


def _draw_texts(texts: pl.DataFrame, words: pl.DataFrame) -> Drawn:
    sentences = [
        f"{row['kind'].capitalize()}: {row['texts']:,}, of {row['mean_words']:.0f} words on "
        f"average; {row['distinct_texts']:,} are different."
        for row in texts.iter_rows(named=True)
    ]
    return Drawn(
        " ".join(sentences),
        (
            draw_bars(
                "Texts and different texts",
                texts["kind"].to_list(),
                {
                    "texts": texts["texts"].to_list(),
                    "different": texts["distinct_texts"].to_list(),
                },
            ),
            draw_bars(
                "Entropy of the words in bits: higher is more varied",
                words["kind"].to_list(),
                {"bits": words["entropy_bits"].to_list()},
            ),
        ),
    )


def _draw_sources(sources: pl.DataFrame, clusters: pl.DataFrame, shared: pl.DataFrame) -> Drawn:
    closed = sources.filter(~pl.col("is_redistributable"))
    alike = total(clusters.filter(pl.col("images_in_cluster") > 1), "clusters")
    leaks = total(shared, "evaluation_clusters")
    return Drawn(
        f"{say_count(sources.height, 'source')} with files. The terms of {closed.height:,} forbid "
        f"passing images on. {say_count(alike, 'cluster')} hold near-duplicates; {leaks:,} of the "
        "clusters that two sources share hold an image of an evaluation dataset.",
        (
            draw_bars(
                "Images found, kept, and with a preserved record, per source",
                sources["source"].to_list(),
                {
                    "files found": sources["found_files"].to_list(),
                    "kept": sources["kept_images"].to_list(),
                    "preserved": sources["preserved_records"].to_list(),
                },
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
    Section(
        "looks",
        "Do the emotions differ in how images look?",
        ("looks", "styles"),
        "a source with people's emotion labels: eemo sources lists them",
        _draw_looks,
    ),
    Section(
        "triplets",
        "Which backgrounds, attributes and subjects explain the emotions?",
        ("triplets", "triplet_checks"),
        "a run with annotators: eemo run",
        _draw_triplets,
    ),
    Section(
        "texts",
        "How varied are the texts?",
        ("texts", "words"),
        "a run with a writer of texts: eemo run",
        _draw_texts,
    ),
    Section(
        "sources",
        "Where are the images from, under which terms, and which are alike?",
        ("sources", "duplicate_clusters", "shared_sources"),
        "images: eemo run --images FOLDER",
        _draw_sources,
    ),
)
