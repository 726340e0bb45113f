"""Sections about what the images and texts hold."""

import polars as pl

from eemo_pipeline.rendering.charts import draw_bars, draw_heat, draw_intervals
from eemo_pipeline.stages.reports.section import Drawn, Section, say_count, say_percent, total


def _draw_boxes(
    centres: pl.DataFrame, sizes: pl.DataFrame, overlaps: pl.DataFrame, measures: pl.DataFrame
) -> Drawn:
    boxes = total(centres, "boxes")
    counts = {(row, column): count for column, row, count in centres.iter_rows()}
    most = max(counts.values())
    tenths = range(10)
    names = [name[3:] for name in sizes["area_of_image"]]
    commonest = sizes.sort("boxes", "area_of_image", descending=[True, False]).row(0, named=True)
    charts = [
        draw_heat(
            "Boxes by the place of their centre, in tenths of the image",
            [f"{10 * tenth} % from the top" for tenth in tenths],
            [f"{10 * tenth} %" for tenth in tenths],
            [[counts.get((row, column), 0) / most for column in tenths] for row in tenths],
            [[str(counts.get((row, column), "")) for column in tenths] for row in tenths],
        ),
        draw_bars(
            "Boxes by the share of the image that they cover",
            names,
            {"boxes": sizes["boxes"].to_list()},
        ),
    ]
    if overlaps.height:
        charts.append(_draw_overlaps(overlaps))
    return Drawn(
        f"{say_count(boxes, 'box').replace('boxs', 'boxes')} were found. Most often a box covers "
        f"{commonest['area_of_image'][3:]} of its image "
        f"({say_percent(commonest['boxes'] / boxes)} of the boxes). "
        f"{_say_overlap(overlaps, measures)}",
        tuple(charts),
        dict(zip(names, sizes["boxes"], strict=True)),
    )


def _draw_overlaps(overlaps: pl.DataFrame) -> str:
    found = {(vote, tenth): count for vote, tenth, count, _ in overlaps.iter_rows()}
    return draw_bars(
        "People's boxes by their overlap with the draft (intersection over union)",
        [f"{tenth / 10:.1f} to {(tenth + 1) / 10:.1f}" for tenth in range(10)],
        {
            name: [found.get((vote, tenth), 0) for tenth in range(10)]
            for vote, name in (("confirmed", "draft confirmed"), ("corrected", "draft corrected"))
        },
    )


def _say_overlap(overlaps: pl.DataFrame, measures: pl.DataFrame) -> str:
    """Return how far people's boxes and the drafts overlap, in words."""
    if overlaps.is_empty():
        return "People have checked no box yet, so nothing is known of its overlap with theirs."
    mean = float((overlaps["boxes"] * overlaps["mean_iou"]).sum()) / total(overlaps, "boxes")
    said = (
        f"People's boxes and the drafts overlap by {mean:.2f} on average (intersection over "
        "union; a confirmed draft counts 1)"
    )
    corrected = overlaps.filter(vote="corrected")
    if corrected.height:
        part = float((corrected["boxes"] * corrected["mean_iou"]).sum()) / total(corrected, "boxes")
        said += f", and by {part:.2f} where the draft was corrected"
    bounds = measures.filter(measure="matched_iou_with_models").drop_nulls("estimate_lower")
    if bounds.height:
        lower, upper = bounds.select("estimate_lower", "estimate_upper").row(0)
        said += f". Per image, box matched to box, the interval of the mean is {lower:.2f} to "
        said += f"{upper:.2f}"
    return f"{said}."


def _draw_looks(looks: pl.DataFrame, styles: pl.DataFrame, lifts: pl.DataFrame) -> Drawn:
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
    for (kind,), part in lifts.group_by("kind", maintain_order=True):
        best = part.sort("lift", "emotion", "thing", descending=[True, False, False]).head(12)
        charts.append(
            draw_bars(
                f"Times as frequent with the emotion as in all: {kind}s",
                [
                    f"{emotion}: {thing}"
                    for emotion, thing in best.select("emotion", "thing").rows()
                ],
                {"lift": best["lift"].to_list()},
            )
        )
        first = best.row(0, named=True)
        sentences.append(
            f"The {kind} that goes most with one emotion is {first['thing']}, "
            f"{first['lift']:.1f} times as frequent with {first['emotion']} as in all."
        )
    if lifts.is_empty():
        sentences.append("No annotator names scenes or objects of three images or more.")
    brightness = looks.filter(quantity="brightness")
    return Drawn(
        " ".join(sentences),
        tuple(charts),
        {f"{e} bright": mean for e, mean in brightness.select("emotion", "mean").iter_rows()},
    )


def _draw_triplets(parts: pl.DataFrame, checks: pl.DataFrame) -> Drawn:
    records, boxes = total(checks, "records"), total(checks, "with_box")
    whole, conflicts = total(checks, "whole_triplets"), total(checks, "tone_conflicts")
    attributes = parts.filter(part="attribute")
    emotions = attributes["emotion"].unique().sort().to_list()
    tops = [f"{emotion}: {attributes.filter(emotion=emotion)['words'][0]}" for emotion in emotions]
    repeated = parts.filter(part="triplet").sort(
        "images", "emotion", "words", descending=[True, False, False]
    )
    charts = [
        draw_bars(
            "Records: all, with a whole triplet, with a box, with a conflict of tone",
            checks["emotion"].to_list(),
            {
                name.replace("_", " "): checks[name].to_list()
                for name in ("records", "whole_triplets", "with_box", "tone_conflicts")
            },
        )
    ]
    said = "No triplet occurs twice within an emotion."
    if repeated.height:
        top = repeated.head(12)
        charts.append(
            draw_bars(
                "The most frequent triplets",
                [f"{emotion}: {words}" for emotion, words in top.select("emotion", "words").rows()],
                {"images": top["images"].to_list()},
            )
        )
        said = f"The most frequent triplet, of {repeated['emotion'][0]}, stands in "
        said += f"{say_count(repeated['images'][0], 'record')}: {repeated['words'][0]}."
    return Drawn(
        f"{say_percent(whole / max(1, records))} of {say_count(records, 'record')} have a whole "
        f"triplet, and {say_percent(boxes / max(1, records))} a box. The tone of "
        f"{say_count(conflicts, 'attribute')} speaks against the emotion. The most frequent "
        f"attributes are {'; '.join(tops)}. {said}",
        tuple(charts),
        {
            "records": records,
            "whole triplets": whole,
            "with a box": boxes,
            "conflicts of tone": conflicts,
        },
    )


def _draw_texts(
    texts: pl.DataFrame, words: pl.DataFrame, variety: pl.DataFrame, edits: pl.DataFrame
) -> Drawn:
    mtld = dict(variety.select("kind", "mean_mtld").iter_rows())
    entropy = dict(variety.select("kind", "mean_entropy_bits").iter_rows())
    sentences = [
        f"{row['kind'].capitalize()}: {row['texts']:,}, of {row['mean_words']:.0f} words on "
        f"average; {row['distinct_texts']:,} are different, with an MTLD of "
        f"{mtld.get(row['kind'], 0):.0f}."
        for row in texts.iter_rows(named=True)
    ]
    charts = [
        draw_bars(
            "Texts and different texts",
            texts["kind"].to_list(),
            {"texts": texts["texts"].to_list(), "different": texts["distinct_texts"].to_list()},
        ),
        draw_bars(
            "Entropy of the words in bits: higher is more varied",
            words["kind"].to_list(),
            {
                "of all texts": words["entropy_bits"].to_list(),
                "within a text": [entropy.get(kind) for kind in words["kind"]],
            },
        ),
        draw_bars(
            "Mean MTLD within a text, in words per factor",
            variety["kind"].to_list(),
            {"MTLD": variety["mean_mtld"].to_list()},
        ),
    ]
    if edits.height:
        charts.append(
            draw_bars(
                "Median characters changed in a draft that people corrected",
                [f"{name} ({n})" for name, n in edits.select("field", "corrected").rows()],
                {"characters": edits["median_distance"].to_list()},
            )
        )
        changed = float((edits["corrected"] * edits["mean_share"]).sum()) / total(
            edits, "corrected"
        )
        sentences.append(
            f"People corrected {say_count(total(edits, 'corrected'), 'draft')} of texts and "
            f"changed {say_percent(changed)} of the characters of one on average."
        )
    else:
        sentences.append("People have corrected no text yet.")
    return Drawn(
        " ".join(sentences), tuple(charts), {f"{name} MTLD": value for name, value in mtld.items()}
    )


def _draw_sources(
    sources: pl.DataFrame, clusters: pl.DataFrame, shared: pl.DataFrame, sizes: pl.DataFrame
) -> Drawn:
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
            draw_bars(
                "Kept images by megapixels and shape",
                [name[3:] for name in sizes["megapixels"]],
                {name: sizes[name].to_list() for name in ("landscape", "portrait", "square")},
            ),
        ),
        dict(sources.select("source", "kept_images").iter_rows()),
    )


SECTIONS = (
    Section(
        "boxes",
        "How large are the boxes, and where do they lie?",
        ("boxes", "box_sizes", "box_overlap", "people_agreement"),
        "a run with a grounder: eemo run",
        _draw_boxes,
    ),
    Section(
        "looks",
        "Do the emotions differ in how images look?",
        ("looks", "styles", "lifts"),
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
        ("texts", "words", "text_variety", "text_edits"),
        "a run with a writer of texts: eemo run",
        _draw_texts,
    ),
    Section(
        "sources",
        "Where are the images from, under which terms, and which are alike?",
        ("sources", "duplicate_clusters", "shared_sources", "sizes"),
        "images: eemo run --images FOLDER",
        _draw_sources,
    ),
)
