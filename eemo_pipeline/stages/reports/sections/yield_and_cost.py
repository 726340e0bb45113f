"""Sections about what is left of the images at each step, and what it costs."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from eemo_pipeline.rendering.charts import draw_bars, draw_heat, draw_intervals, draw_lines
from eemo_pipeline.stages.reports.section import Drawn, Section, say_count, say_percent, total


def _draw_funnel(steps: pl.DataFrame, refusals: pl.DataFrame, sources: pl.DataFrame) -> Drawn:
    counts = dict(steps.select("step", "images").iter_rows())
    found = counts.get("found") or 0
    shares = (
        f"{say_percent(counts.get('kept', 0) / found)} are kept after duplicates, and "
        f"{say_percent(counts.get('preserved', 0) / found)} became a preserved record. "
        if found
        else ""
    )
    refused = (
        f"{say_count(total(refusals, 'refused'), 'file or row')} refused; the most frequent reason "
        f"is {refusals['reason'][0]}."
        if refusals.height
        else "Nothing was refused."
    ).replace("file or rows", "files or rows")
    return Drawn(
        f"Of {say_count(found, 'image file')} found, {shares}{refused}",
        (draw_bars("Images left at each step", steps["meaning"].to_list(), _one(steps, "images")),),
        dict(steps.select("step", "images").iter_rows()),
        {
            row["source"]: [
                draw_bars(
                    f"Images of {row['source']} left at each step",
                    [name for name, _ in _STEPS],
                    {"images": [row[column] for _, column in _STEPS]},
                )
            ]
            for row in sources.iter_rows(named=True)
        },
    )


_FEWEST_DAYS = 2  # of a line over time
_STEPS = (
    ("image files on disk", "found_files"),
    ("distinct by content", "distinct_images"),
    ("kept after near-duplicates", "kept_images"),
    ("record preserved", "preserved_records"),
)


def _draw_costs(
    models: pl.DataFrame,
    yields: pl.DataFrame,
    hours: pl.DataFrame,
    forecast: pl.DataFrame,
    days: pl.DataFrame,
) -> Drawn:
    row = yields.row(0, named=True)
    paid = models.filter(pl.col("usd") > 0)
    stages = models.group_by("stage").agg(pl.col("usd").sum(), pl.col("calls").sum()).sort("stage")
    charts = [draw_bars("Calls per stage", stages["stage"].to_list(), _one(stages, "calls"))]
    if paid.height:
        charts.append(draw_bars("USD per stage", stages["stage"].to_list(), _one(stages, "usd")))
        charts += _draw_models(paid)
    charts += _draw_days(days)
    if forecast.height:
        charts.append(_draw_forecast(forecast))
    left = f"{say_count(row['left_to_people'], 'image')} wait for people."
    sentences = [
        _say_money(row, paid),
        left if row["left_to_people"] else "",
        _say_hours(hours),
        _say_days(days),
        _say_forecast(forecast),
    ]
    small = {"calls": total(models, "calls"), "USD": round(row["usd"] or 0.0, 4)}
    for name in ("usd_per_image", "usd_per_record"):
        small |= {name.replace("_", " "): row[name]} if row[name] is not None else {}
    return Drawn(" ".join(filter(None, sentences)), tuple(charts), small)


def _draw_models(paid: pl.DataFrame) -> list[str]:
    """Draw what each model cost in each stage: in all, and per preserved record if there is one."""
    names = [f"{stage}, {model}" for stage, model in paid.select("stage", "model").iter_rows()]
    per_record = paid["usd_per_record"].to_list()
    charts = [draw_bars("USD by stage and model", names, _one(paid, "usd"))]
    if None not in per_record:
        title = "USD per preserved record, by stage and model"
        charts.append(draw_bars(title, names, {"USD": per_record}))
    return charts


def _draw_days(days: pl.DataFrame) -> list[str]:
    """Draw what was spent until each day, where there are two days or more."""
    if days.height < _FEWEST_DAYS:
        return []
    axis = f"days since {days['day'][0]}"
    return [
        draw_lines(
            title,
            {unit: list(days.select("days_since_first", column).iter_rows())},
            (axis, unit),
        )
        for column, title, unit in (
            ("usd_so_far", "USD spent until each day", "USD"),
            ("people_hours_so_far", "People's hours until each day", "hours"),
        )
        if days[column].max()
    ]


def _say_days(days: pl.DataFrame) -> str:
    """Return from when until when money and hours were spent, in words."""
    if days.is_empty():
        return ""
    last = days.row(-1, named=True)
    when = (
        f"Between {days['day'][0]} and {last['day']}, on {days.height:,} days"
        if days.height > 1
        else f"On {last['day']}"
    )
    spent = (
        (last["usd_so_far"], f"providers were paid {last['usd_so_far']:,.2f} USD"),
        (last["people_hours_so_far"], f"people worked {last['people_hours_so_far']:.2g} hours"),
    )
    said = " and ".join(words for amount, words in spent if amount)
    return f"{when}, {said}." if said else ""


def _say_money(row: Mapping[str, Any], paid: pl.DataFrame) -> str:
    if paid.is_empty():
        return "No model that was asked costs money: embedded models answered."
    per_record = (
        f" and {row['usd_per_record']:.4f} USD per preserved record."
        if row["usd_per_record"] is not None
        else "; no record is preserved yet."
    )
    per_image = (
        f"{row['usd_per_image']:.4f} USD per kept image"
        if row["usd_per_image"] is not None
        else "no image is kept yet"
    )
    calls = say_count(total(paid, "calls"), "call")
    return f"{calls} cost {row['usd']:.2f} USD: {per_image}{per_record}"


def _say_hours(hours: pl.DataFrame) -> str:
    if hours.is_empty():
        return "Nobody has judged an image in the review tool, so people's time is not known."
    row = hours.row(0, named=True)
    return (
        f"{say_count(row['people'], 'person').replace('persons', 'people')} spent "
        f"{row['hours']:.2g} hours on {say_count(row['images'], 'image')}, with a median of "
        f"{row['median_seconds_per_visit']:.0f} s for one image and person."
    )


def _draw_forecast(forecast: pl.DataFrame) -> str:
    wanted = forecast["target"][0]
    return draw_bars(
        f"Images to collect until {wanted:,} records of each emotion are preserved",
        forecast["emotion"].to_list(),
        {
            "at least (95 %)": forecast["images_at_least"].to_list(),
            "at the present share": forecast["images_needed"].to_list(),
            "at most (95 %)": forecast["images_at_most"].to_list(),
        },
    )


def _say_forecast(forecast: pl.DataFrame) -> str:
    """Return what it takes until every emotion has its records, and what is not known of it."""
    if forecast.is_empty():
        return ""
    wanted = f"{forecast['target'][0]:,} preserved records of each emotion"
    unknown = forecast.filter(pl.col("images_needed").is_null())
    known = forecast.drop_nulls("images_needed").sort("images_needed", "emotion", descending=True)
    parts: list[str] = []
    if known.height:
        last = known.row(0, named=True)
        most = f"{last['images_at_most']:,}" if last["images_at_most"] else "any number"
        parts.append(
            f"At the share of images that became one so far, {wanted} take "
            f"{last['images_needed']:,} images ({last['images_at_least']:,} to {most}, by the 95 % "
            f"interval) for {last['emotion']}, which takes the most. " + _say_prices(last)
        )
    if unknown.height:
        least = max(unknown["images_at_least"])
        parts.append(
            f"Of {', '.join(unknown['emotion'])} no record is preserved, so how many images "
            f"{wanted} take is not known: probably more than {least:,}."
        )
    parts.append("How long machines take is not in the tables; a run says its rate in its log.")
    return " ".join(parts)


def _say_prices(row: Mapping[str, Any]) -> str:
    money = (
        f"They cost {row['usd_needed']:,.0f} USD at the present price"
        if row["usd_needed"]
        else "Asking embedded models about them costs nothing"
    )
    hours = (
        f"and {row['people_hours']:,.0f} hours of people"
        if row["people_hours"] is not None
        else "and people's hours are not known before somebody has judged images"
    )
    return f"{money}, {hours}."


def _draw_critic(codes: pl.DataFrame, verdicts: pl.DataFrame, repairs: pl.DataFrame) -> Drawn:
    rows = codes["code"].unique().sort().to_list()
    fields = verdicts["field"].unique().sort().to_list()
    found = {(code, field): count for code, field, count in codes.iter_rows()}
    most = max(codes["images"])
    order = codes.sort("images", "code", "field", descending=[True, False, False])
    rounds = verdicts.group_by("round", "verdict").agg(pl.col("images").sum()).sort("round")
    numbers = rounds["round"].unique().sort().to_list()
    verdict_names = ("valid", "revisable", "discarded", "unjudged")
    per_round = {(row[0], row[1]): row[2] for row in rounds.iter_rows()}
    charts = [
        draw_heat(
            "Images with a finding of the critic, by code and field",
            rows,
            fields,
            [[found.get((row, field), 0) / most for field in fields] for row in rows],
            [[str(found.get((row, field), "")) for field in fields] for row in rows],
        ),
        draw_bars(
            "Verdicts on fields, by round",
            [f"round {number}" for number in numbers],
            {
                name: [per_round.get((number, name), 0) for number in numbers]
                for name in verdict_names
                if any((number, name) in per_round for number in numbers)
            },
        ),
    ]
    # Arms with other weights of the critic differ little: they are in the data alone.
    lake = repairs.filter(
        (pl.col("experiment") == "lake") & ~pl.col("arm").str.starts_with("weight_")
    )
    if lake.height:
        charts.append(
            draw_intervals(
                "The experiment on wrong emotions: shares with 95 % intervals",
                [
                    f"{arm}: {metric}".replace("_", " ")
                    for arm, metric in lake.select("arm", "metric").iter_rows()
                ],
                lake["value"].to_list(),
                list(lake.select("lower_bound", "upper_bound").iter_rows()),
            )
        )
    return Drawn(
        f"The most frequent finding is {order['code'][0]} of the {order['field'][0]} "
        f"({say_count(order['images'][0], 'image')}). "
        f"{say_count(len(numbers), 'round')} of review.",
        tuple(charts),
        {
            f"{code}"[:16]: n
            for code, n in order.group_by("code", maintain_order=True)
            .agg(pl.col("images").sum())
            .iter_rows()
        },
    )


def _draw_work(
    queues: pl.DataFrame, durations: pl.DataFrame, hours: pl.DataFrame, ages: pl.DataFrame
) -> Drawn:
    images, judged = total(queues, "images"), total(queues, "judged")
    charts = [
        draw_bars(
            "Images per queue, and those that somebody has judged",
            queues["queue"].to_list(),
            {"waiting or judged": queues["images"].to_list(), "judged": queues["judged"].to_list()},
        )
    ]
    said = "Nobody has answered yet, so there are no durations."
    if durations.height:
        charts.append(
            draw_bars(
                "Median seconds of an answer",
                [f"{phase}, {field}" for phase, field in durations.select(pl.nth(0, 1)).rows()],
                _one(durations, "median_s"),
            )
        )
        slowest = durations.sort("median_s", descending=True).row(0, named=True)
        said = (
            f"The slowest field is {slowest['reviewed_field']} ({slowest['phase']}), with a median "
            f"of {slowest['median_s']:.1f} s."
        )
    if hours.height:
        said += f" A person judges {hours['visits_per_hour'][0]:.0f} images per hour."
    if ages.height:
        oldest = ages.sort("oldest_since", "queue").row(0, named=True)
        said += (
            f" {say_count(total(ages, 'waiting'), 'task')} in the review tool wait; the oldest, in "
            f"the queue {oldest['queue']}, since {oldest['oldest_since']}."
        )
        if ages["oldest_days"].max():
            charts.append(
                draw_bars(
                    "Days for which the tasks of a queue wait",
                    ages["queue"].to_list(),
                    {"oldest": ages["oldest_days"].to_list(), "mean": ages["mean_days"].to_list()},
                )
            )
    return Drawn(
        f"People are asked about {say_count(images, 'image')}; {judged:,} of them have been "
        f"judged. {said}",
        tuple(charts),
        {"waiting or judged": images, "judged": judged},
    )


def _draw_expansion(shares: pl.DataFrame, outcomes: pl.DataFrame, balance: pl.DataFrame) -> Drawn:
    emotions = shares["emotion"].unique().sort().to_list()
    counts = {(scope, emotion): count for scope, emotion, count, _ in shares.iter_rows()}
    scopes = [
        s for s in ("before", "with_web", "with_web_and_generated") if s in set(shares["scope"])
    ]
    ranges = dict(balance.select("scope", "share_range_points").iter_rows())
    added = total(
        outcomes.filter(
            pl.col("step").is_in(["collected row", "generated image"]) & (pl.col("outcome") == "ok")
        ),
        "rows",
    )
    before, after = (ranges.get(scope) for scope in (scopes[0], scopes[-1]))
    moved = (
        f" The gap between the most and the least frequent emotion went from {before:.0f} to "
        f"{after:.0f} percentage points."
        if added and before is not None and after is not None
        else ""
    )
    return Drawn(
        f"{say_count(added, 'image')} were added by collecting or generating.{moved}".replace(
            "1 image were", "1 image was"
        ),
        (
            draw_bars(
                "Preserved records per emotion, before and after",
                emotions,
                {
                    scope.replace("_", " "): [counts.get((scope, e), 0) for e in emotions]
                    for scope in scopes
                },
            ),
        ),
        {emotion: counts.get((scopes[-1], emotion), 0) for emotion in emotions},
    )


def _one(frame: pl.DataFrame, column: str) -> dict[str, list[float | None]]:
    return {column: frame[column].to_list()}


SECTIONS = (
    Section(
        "funnel",
        "Where do the images go?",
        ("funnel", "refusals", "sources"),
        "images: eemo run --images FOLDER",
        _draw_funnel,
    ),
    Section(
        "costs",
        "What does the dataset cost?",
        ("costs", "cost_per_record", "people_time", "forecast", "cost_over_time"),
        "a run that asks models: eemo run",
        _draw_costs,
    ),
    Section(
        "critic",
        "What does the critic find?",
        ("critic_codes", "critic_verdicts", "repairs"),
        "a run with a critic: eemo run",
        _draw_critic,
    ),
    Section(
        "work",
        "How much work waits for people, and how long does it take?",
        ("queues", "durations", "people_time", "queue_age"),
        "images that people are asked about: eemo run",
        _draw_work,
    ),
    Section(
        "expansion",
        "Did growing the dataset balance it?",
        ("expansion", "expansion_outcomes", "expansion_balance"),
        "preserved records, then eemo collect or a generator: eemo run",
        _draw_expansion,
    ),
)
