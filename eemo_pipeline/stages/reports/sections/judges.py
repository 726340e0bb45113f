"""Sections about who judges what: people, annotators, verifiers, and how far they agree."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.rendering.charts import (
    Point,
    draw_bars,
    draw_heat,
    draw_intervals,
    draw_lines,
    draw_plane,
)
from eemo_pipeline.stages.reports.section import Drawn, Section, say_count, say_percent, total
from eemo_pipeline.stats.intervals import wilson

_REVIEW = "people's answers in the review tool: eemo review serve, then eemo run"
_LABELS = "a source with people's emotion labels: eemo sources lists them"


def _draw_confusion(cells: pl.DataFrame) -> Drawn:
    images = total(cells, "images")
    alike = total(cells.filter(pl.col("people") == pl.col("machine")), "images")
    found = {(row[0], row[1]): row[3] for row in cells.iter_rows()}
    counts = dict(cells.group_by("people").agg(pl.col("images").sum()).iter_rows())
    named = dict(cells.group_by("machine").agg(pl.col("images").sum()).iter_rows())
    rows = [emotion for emotion in MIKELS_8 if emotion in counts]
    right = {e: round(found.get((e, e), 0.0), 2) for e in rows}
    leaks = cells.filter(pl.col("people") != pl.col("machine")).sort(
        "images", "people", "machine", descending=[True, False, False]
    )
    leak = (
        f" The most frequent confusion is {leaks['people'][0]} taken for {leaks['machine'][0]} "
        f"({say_count(leaks['images'][0], 'image')})."
        if leaks.height
        else ""
    )
    chart = draw_heat(
        "Emotion by people's labels (rows) and by models (columns), per cent of the row",
        [f"{emotion} ({counts[emotion]:,})" for emotion in rows],
        [f"{emotion} ({named.get(emotion, 0):,})" for emotion in MIKELS_8],
        [[found.get((row, column), 0.0) for column in MIKELS_8] for row in rows],
        [
            [
                f"{100 * found[row, column]:.0f}" if (row, column) in found else ""
                for column in MIKELS_8
            ]
            for row in rows
        ],
    )
    return Drawn(
        f"Models and people's labels name the same emotion on {alike:,} of "
        f"{say_count(images, 'image')} ({say_percent(alike / images)}).{leak}",
        (chart,),
        {f"{emotion} right": share for emotion, share in right.items()},
    )


def _draw_agreement(pairs: pl.DataFrame, measures: pl.DataFrame) -> Drawn:
    found = {(a, b): (share, n) for a, b, n, _, share in pairs.iter_rows()}
    both = found | {(b, a): value for (a, b), value in found.items()}
    names = _sort_by_agreement(both)
    best = pairs.sort("share_alike", "first_judge", descending=[True, False]).row(0, named=True)
    charts = [
        draw_heat(
            "Images to which two judges give the same emotion, per cent",
            names,
            names,
            [[both.get((a, b), (None, 0))[0] for b in names] for a in names],
            [
                [f"{100 * both[a, b][0]:.0f}" if (a, b) in both else "" for b in names]
                for a in names
            ],
        )
    ]
    people = "People have not judged enough images in the review tool to compare them."
    alphas = measures.filter(pl.col("measure") == "alpha")
    classes = measures.filter(pl.col("measure") == "alpha_class")
    if classes.height:
        charts.append(
            _draw_alphas("Krippendorff's alpha of each emotion against all others", classes)
        )
    if alphas.height:
        charts.append(_draw_alphas("Krippendorff's alpha of people's blind judgements", alphas))
        people = "Among people, Krippendorff's alpha is " + (
            ", ".join(f"{row[2]:.2f} for {row[1]}" for row in alphas.iter_rows()) + "."
        )
    return Drawn(
        f"{best['first_judge']} and {best['second_judge']} agree most: on "
        f"{say_percent(best['share_alike'])} of {say_count(best['images'], 'image')}. Two that "
        f"guess evenly reach 13 %. {people}",
        tuple(charts),
        {f"{a[:7]}, {b[:7]}": share for (a, b), (share, _) in found.items()},
    )


def _sort_by_agreement(both: Mapping[tuple[str, str], tuple[float, int]]) -> list[str]:
    """Return the judges, those first whom the others agree with most."""
    shares: dict[str, list[float]] = {}
    for (judge, _), (share, _) in both.items():
        shares.setdefault(judge, []).append(share)
    return sorted(shares, key=lambda judge: (-sum(shares[judge]) / len(shares[judge]), judge))


def _draw_alphas(title: str, alphas: pl.DataFrame) -> str:
    return draw_intervals(
        f"{title}, 95 % intervals",
        alphas["judged_field"].to_list(),
        alphas["estimate"].to_list(),
        list(alphas.select("estimate_lower", "estimate_upper").iter_rows()),
        reference=0.667,
    )


def _draw_plurality(shares: pl.DataFrame, entropies: pl.DataFrame) -> Drawn:
    counts = dict(shares.iter_rows())
    images = total(shares, "images")
    clear = sum(count for tenth, count in counts.items() if tenth >= 5)
    order = entropies.sort("mean_entropy", "emotion", descending=[True, False])
    most = (
        f" People differ most about {order['emotion'][0]} and least about {order['emotion'][-1]}."
        if order.height > 1
        else ""
    )
    return Drawn(
        f"On {say_percent(clear / images)} of {say_count(images, 'image')} with three people or "
        f"more, half of them or more choose the same emotion.{most}",
        (
            draw_bars(
                "Images by the share of people who choose the strongest emotion",
                [f"{10 * tenth} to {10 * tenth + 10} %" for tenth in range(10)],
                {"images": [counts.get(tenth, 0) for tenth in range(10)]},
            ),
            draw_bars(
                "Mean entropy of people's labels (0 all alike, 1 all emotions equally often)",
                entropies["emotion"].to_list(),
                {"entropy": entropies["mean_entropy"].to_list()},
            ),
        ),
        {f"{10 * tenth} to {10 * tenth + 10} %": counts.get(tenth, 0) for tenth in range(10)},
    )


def _draw_reliability(curve: pl.DataFrame) -> Drawn:
    lines = {
        str(field): [(float(k), r) for k, r in part.select("people", "reliability").iter_rows()]
        for (field,), part in curve.group_by("judged_field", maintain_order=True)
    }
    needed: list[str] = []
    for field, line in lines.items():
        enough = [people for people, reliability in line if reliability >= 0.8]
        number = f"{enough[0]:.0f}" if enough else f"more than {line[-1][0]:.0f}"
        needed.append(f"{number} for {field}")
    return Drawn(
        "People needed per image for a mean with a reliability of 0.8, by Spearman and Brown: "
        f"{', '.join(needed)}.",
        (draw_lines("Reliability of the mean by people per image", lines, ("people", "")),),
        {f"{field} of 3": line[2][1] for field, line in lines.items()},
    )


def _draw_care(people: pl.DataFrame) -> Drawn:
    wrong, confirmed = total(people, "wrong_drafts"), total(people, "wrong_confirmed")
    tested = people.filter(pl.col("wrong_drafts") > 0)
    charts: list[str] = []
    if tested.height:
        lower, upper = wilson(
            np.asarray(tested["wrong_confirmed"]), np.asarray(tested["wrong_drafts"])
        )
        charts.append(
            draw_intervals(
                "Share of drafts, wrong on purpose, that a person confirmed; 95 % intervals",
                [f"{name} ({n})" for name, n in tested.select("rater_id", "wrong_drafts").rows()],
                (tested["wrong_confirmed"] / tested["wrong_drafts"]).to_list(),
                list(zip(lower.tolist(), upper.tolist(), strict=True)),
            )
        )
    checked = people.filter(pl.col("checked_drafts") > 0)
    if checked.height:
        good = (checked["confirmed_share"] * checked["checked_drafts"]).round().to_numpy()
        lower, upper = wilson(good, checked["checked_drafts"].to_numpy())
        charts.append(
            draw_intervals(
                "Share of the ordinary drafts that a person confirmed; 95 % intervals",
                [
                    f"{name} ({n})"
                    for name, n in checked.select("rater_id", "checked_drafts").rows()
                ],
                checked["confirmed_share"].to_list(),
                list(zip(lower.tolist(), upper.tolist(), strict=True)),
            )
        )
    charts.append(
        draw_bars(
            "Drafts that each person checked",
            people["rater_id"].to_list(),
            {"drafts": people["checked_drafts"].to_list()},
        )
    )
    found = (
        f"Of {say_count(wrong, 'draft')} that were wrong on purpose, {confirmed:,} were confirmed "
        f"({say_percent(confirmed / wrong)})."
        if wrong
        else "No draft that was wrong on purpose has been shown yet."
    )
    number = "One person has" if people.height == 1 else f"{people.height:,} people have"
    good_drafts = total(people, "checked_drafts")
    return Drawn(
        f"{number} judged images. {found}",
        tuple(charts),
        {"drafts checked": good_drafts, "wrong ones": wrong, "wrong, confirmed": confirmed},
    )


def _draw_drift(drift: pl.DataFrame, measures: pl.DataFrame, hours: pl.DataFrame) -> Drawn:
    charts = [
        draw_lines(
            f"Mean rating by {words}",
            {
                str(field): [
                    (float(x), mean) for x, mean in part.select(column, "mean_rating").iter_rows()
                ]
                for (field,), part in rows.group_by("reviewed_field", maintain_order=True)
            },
            (axis, "mean rating"),
        )
        for rows, column, words, axis in (
            (
                *(drift, "images_before"),
                *("images judged before", "images before"),
            ),
            (hours, "hour", "the hour of the day, UTC", "hour"),
        )
        if rows.height
    ]
    carried = measures.filter(pl.col("measure") == "carry_over")
    said = (
        "How far a rating follows the one before it: "
        + ", ".join(f"{row[2]:.2f} for {row[1]}" for row in carried.iter_rows())
        + "."
        if carried.height
        else "There are too few ratings in a row to say whether one follows the one before it."
    )
    return Drawn(
        f"{say_count(total(drift, 'ratings'), 'blind rating')}. {said}",
        tuple(charts),
        {f"{field} carried": share for _, field, share, *_ in carried.iter_rows()},
    )


def _draw_calibration(bins: pl.DataFrame, patterns: pl.DataFrame) -> Drawn:
    images = total(bins, "images")
    gap = sum(
        abs(stated - right) * n
        for n, stated, right in bins.select("images", "mean_stated", "share_right").iter_rows()
    )
    points = {
        str(verifier): [
            Point(
                row["mean_stated"],
                row["share_right"],
                f"stated {row['mean_stated']:.2f}, right {row['share_right']:.2f}, "
                f"{say_count(row['images'], 'image')}",
                label=str(row["images"]),
            )
            for row in part.iter_rows(named=True)
        ]
        for (verifier,), part in bins.group_by("verifier", maintain_order=True)
    }
    settled = patterns.filter(pl.col("folds_that_accept") > 0).height
    return Drawn(
        f"Stated probabilities differ from the share that is right by {gap / images:.2f} on "
        f"average, over {say_count(images, 'image')} with people's labels. "
        f"{say_count(settled, 'pattern')} of agreement settle an emotion without people.",
        (
            draw_plane(
                "Share that is right by stated probability, with the number of images",
                points,
                ("stated probability", "share that is right"),
            ),
        ),
        {
            f"stated {row[0]:.2f}": row[1]
            for row in bins.select("stated_near", "share_right")
            .unique("stated_near")
            .sort("stated_near")
            .iter_rows()
        },
    )


def _draw_leaderboard(models: pl.DataFrame) -> Drawn:
    keys = ["benchmark", "section", "number", "item_set"]
    groups = [
        part for _, part in models.group_by(keys, maintain_order=True) if part.height > 1
    ]  # a place is among models that were scored on the same items
    sentences: list[str] = []
    charts: list[str] = []
    for part in groups[:6]:
        row = part.row(0, named=True)
        items = say_count(row["items"], "item")
        sentences.append(
            f"On the same {items}, {row['evaluated_model']} leads {part.height} models in "
            f"{row['section']} {row['number']} of {row['benchmark']} ({row['value']:.4g})."
        )
        charts.append(
            draw_bars(
                f"{row['benchmark']}: {row['section']}, {row['number']}, {items}",
                part["evaluated_model"].to_list(),
                {"value": part["value"].to_list()},
            )
        )
    leading = [part.row(0, named=True) for part in groups]
    return Drawn(
        " ".join(sentences),
        tuple(charts),
        {row["benchmark"][:16]: row["value"] for row in reversed(leading)},
    )


SECTIONS = (
    Section(
        "confusion",
        "Which emotions do models take for others?",
        ("confusion",),
        _LABELS,
        _draw_confusion,
    ),
    Section(
        "agreement",
        "Who agrees with whom?",
        ("judges", "people_agreement"),
        "annotators and verifier: eemo run",
        _draw_agreement,
    ),
    Section(
        "plurality",
        "How plural are the emotions?",
        ("vote_shares", "entropy"),
        "a source with labels by three people or more: eemo sources lists them",
        _draw_plurality,
    ),
    Section(
        "reliability",
        "How many people does an image need?",
        ("reliability",),
        _REVIEW,
        _draw_reliability,
    ),
    Section("care", "Do people confirm what is wrong?", ("care",), _REVIEW, _draw_care),
    Section(
        "order",
        "Do ratings follow the order of the images?",
        ("drift", "people_agreement", "drift_hours"),
        _REVIEW,
        _draw_drift,
    ),
    Section(
        "calibration",
        "Is a stated probability the share that is right?",
        ("calibration", "patterns"),
        _LABELS,
        _draw_calibration,
    ),
    Section(
        "leaderboard",
        "How do models do on the benchmarks?",
        ("leaderboard",),
        "scores of models: eemo evaluate --benchmark NAME",
        _draw_leaderboard,
    ),
)
