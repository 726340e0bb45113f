"""What the sections say and draw, from the tables that fill them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from eemo_pipeline.execution.process_pool import Workers
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.rendering.plots import INLINE_CHARACTERS, draw_small_bars
from eemo_pipeline.stages.reports.build import Built, build_report
from eemo_pipeline.stages.reports.sections import SECTIONS
from tests.support.lakes import write_rows

IDS = [f"{number:032x}" * 2 for number in range(12)]
HOSTILE = "<b onload=x>ann</b>"


def answer(
    number: int, rater: str, field: str, rating: float | None, **more: Any
) -> dict[str, Any]:
    return {
        "image_id": IDS[number],
        "rater_id": rater,
        "phase": "blind",
        "reviewed_field": field,
        "queue": "audit",
        "vote": "felt",
        "said_json": '"awe"',
        "rating": rating,
        "is_counted": True,
        "voted_at": f"2026-11-29T{number:02}:30:00Z",
        "duration_s": 2.0 + number,
        "event_no": number + 1,
    } | more


def write_people(root: Path) -> None:
    """Write what two people said of twelve images, and how far they agree."""
    felt = [
        answer(n, HOSTILE, field, n / 12) for n in range(12) for field in ("valence", "emotion")
    ]
    drafts = [
        answer(n, HOSTILE, "subject", None, phase="drafts", vote="confirmed") for n in range(4)
    ]
    box = {"x1_px": 0, "y1_px": 0, "x2_px": 10, "y2_px": 10}
    checked = [
        # A box that is moved by half its width shares 50 of 150 px with the draft.
        answer(4, HOSTILE, "box", None, phase="drafts", vote="corrected")
        | {"draft_json": json.dumps([box])}
        | {"said_json": json.dumps([box | {"x1_px": 5, "x2_px": 15}])},
        answer(5, HOSTILE, "box", None, phase="drafts", vote="confirmed")
        | {"draft_json": json.dumps([box]), "said_json": json.dumps([box])},
        answer(4, HOSTILE, "subject", None, phase="drafts", vote="corrected")
        | {"draft_json": '"a black cat"', "said_json": '"a black rat"'},
    ]
    write_rows(root, "review__votes", felt + drafts + checked)
    write_rows(
        root,
        "_review__probes",
        [
            answer(n, HOSTILE, "subject", None, phase="drafts", vote=vote)
            for n, vote in enumerate(("confirmed", "corrected", "corrected", "corrected"))
        ],
    )
    queue = {"queue": "audit", "fields": [], "priority": 0.0}
    write_rows(root, "review__queue", [queue | {"image_id": i, "task_id": i} for i in IDS])
    write_rows(
        root,
        "review__waiting",
        [
            {"queue": "audit", "day": f"2026-11-{day}", "open_task_count": n}
            for day, n in ((26, 1), (28, 3))
        ],
    )
    measures = (
        ("icc_single", "valence", 0.5),
        ("alpha", "emotion", 0.7),
        ("carry_over", "valence", 0.1),
    )
    write_rows(
        root,
        "review__agreement",
        [
            {
                "measure": measure,
                "judged_field": field,
                "estimate": value,
                "estimate_lower": value - 0.1,
                "estimate_upper": value + 0.1,
                "counted": 12,
                "is_too_few": False,
            }
            for measure, field, value in measures
        ],
    )


def write_models(root: Path) -> None:
    """Write what models cost and how they did on a benchmark."""
    score = {
        "benchmark": "eemo_bench_pair",
        "section": "perception",
        "number": "accuracy",
        "item_group": "all",
        "marking": "tolerant",
        "score_unit": "share",
        "score_lower": 0.5,
        "score_upper": 0.9,
        "counted_items": 100,
        "item_set": "a",
        "covered_share": 1.0,
    }
    write_rows(
        root,
        "evaluation__scores",
        [
            score | {"evaluated_model": HOSTILE, "score_value": 0.8},
            score | {"evaluated_model": "other", "score_value": 0.7},
        ],
    )
    trial = {"study": "visual_baselines", "tested_on": "all", "study_seed": "all", "status": "ok"}
    trial |= {"number": "Accuracy", "score_unit": "percent", "score_lower": 10.0}
    trial |= {"score_upper": 60.0, "counted_items": 50}
    write_rows(
        root,
        "evaluation__studies",
        [
            trial | {"study_arm": HOSTILE, "score_value": 40.0, "test_p_adjusted": 0.01},
            trial | {"study_arm": "pixel_features", "score_value": 30.0},
            trial | {"study_arm": "resnet50", "status": "missing", "reason": "weights_missing"},
        ],
    )
    call = {"stage": "annotation", "model_role": "annotator", "provider": "openai"}
    numbers = dict.fromkeys(
        (
            *("declined_count", "malformed_count", "limited_count", "failed_count", "retry_count"),
            *("found_count", "input_tokens", "output_tokens", "cached_tokens"),
            *("estimated_count", "unpriced_count"),
        ),
        0,
    )
    write_rows(
        root,
        "costs__calls",
        [
            call | numbers | {"model": HOSTILE, "call_count": 8, "answered_count": 8, "usd": 0.5},
            # An embedded model costs nothing: its answers are no calls that were paid for.
            call | numbers | {"provider": "embedded", "model": "ours", "call_count": 3, "usd": 0.0},
        ],
    )
    write_rows(
        root,
        "costs__days",
        [
            call | {"model": HOSTILE, "day": f"2026-11-{day}", "call_count": n, "usd": n / 16}
            for day, n in ((27, 3), (30, 5))
        ],
    )
    image = {"source": "mine", "path": "gone.png", "sources": ["mine"]}
    image |= {"width_px": 8, "height_px": 8, "split": "train"}
    write_rows(root, "dedup__images", [image | {"image_id": i} for i in IDS[:5]])
    region = {
        "region_no": 1,
        "status": "ok",
        "x1_px": 1.0,
        "y1_px": 1.0,
        "x2_px": 4.0,
        "y2_px": 4.0,
    }
    write_rows(root, "grounding__regions", [region | {"image_id": i} for i in IDS[:5]])
    record = {"decided_by_people": [], "description": "a calm sea under a calm sky"}
    write_rows(
        root,
        "records__emoverse",
        [
            record | {"image_id": i, "emotion": "awe", "state": "preserved" if no < 2 else "human"}
            for no, i in enumerate(IDS[:5])
        ],
    )
    stop = {"decided_count": 0, "target_count": 10, "undecided_count": 0, "selected_count": 0}
    write_rows(
        root,
        "records__class_stops",
        [stop | {"emotion": emotion, "is_stopped": False} for emotion in ("awe", "fear")],
    )
    rated = {"source": "mine", "origin": "rated:mine", "valence": 0.8, "arousal": 0.2}
    write_rows(root, "labels__vad", [rated | {"image_id": IDS[0], "is_best": True}])
    write_rows(
        root,
        "labels__rankings",
        [{"image_id": IDS[0], "status": "ok", "dominant_emotion": "joy"}],
    )
    reply = {"annotator": "a", "round": 1, "status": "ok", "scene": "beach", "objects": ["sea"]}
    write_rows(
        root,
        "annotation__replies",
        [reply | {"image_id": i, "valence": 0.25, "arousal": 0.75} for i in IDS[:5]],
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    root = tmp_path_factory.mktemp("sections")
    write_people(root)
    write_models(root)
    workers = Workers(1)  # nothing is decoded: the files are not there
    try:
        return build_report(DataRoot(root), workers)
    finally:
        workers.close()


def test_there_are_twenty_plots_and_what_later_stages_fill():
    names = [section.name for section in SECTIONS]
    assert len(set(names)) == len(names)
    assert len([name for name in names if name not in LATER]) + 1 == 20  # and the gallery
    assert set(names[-len(LATER) :]) == LATER


LATER = {"calibration", "leaderboard", "studies", "expansion"}


def test_what_people_said_fills_their_sections(built: Built):
    assert {"reliability", "care", "order", "work"} <= set(built.filled)
    assert (
        "Of 4 drafts that were wrong on purpose, 1 were confirmed (25 %)"
        in (built.summaries["care"])
    )
    # Spearman and Brown: k * 0.5 / (1 + (k - 1) * 0.5) reaches 0.8 at k = 4.
    assert "4 for valence" in built.summaries["reliability"]
    assert "0.10 for valence" in built.summaries["order"]
    assert "12 of them have been judged" in built.summaries["work"]
    # To 2026-11-30, the newest day in the tables: one task waits for four days, three for two.
    age = read_row(built, "queue_age", queue="audit")
    assert (age["waiting"], age["oldest_days"], age["mean_days"]) == (4, 4, 2.5)
    assert "4 tasks in the review tool wait; the oldest" in built.summaries["work"]
    assert "in the queue audit, since 2026-11-26." in built.summaries["work"]


def test_models_fill_the_leaderboard_and_the_costs(built: Built):
    summary = built.summaries["leaderboard"]
    assert "leads 2 models in perception accuracy of eemo_bench_pair (0.8)" in summary
    assert "On the same 100 items" in summary
    studies = built.summaries["studies"]
    assert "(40.0 %, 10.0 to 60.0); 1 of 1 comparison with a reference differ" in studies
    assert studies.endswith("1 row could not be tried.")
    assert "&lt;b onload" in built.charts["studies"]
    assert "8 calls cost 0.50 USD: 0.1000 USD per kept image" in built.summaries["costs"]


def test_what_was_spent_adds_up_over_days_and_over_models(built: Built):
    days = [read_row(built, "cost_over_time", day=f"2026-11-{day}") for day in (27, 29, 30)]
    assert [row["days_since_first"] for row in days] == [0, 2, 3]
    assert [row["usd_so_far"] for row in days] == [0.1875, 0.1875, 0.5]
    assert days[0]["people_hours_so_far"] == 0
    hours = read_row(built, "people_time")["hours"]
    assert [row["people_hours_so_far"] for row in days[1:]] == [hours, hours]
    said = "Between 2026-11-27 and 2026-11-30, on 3 days, providers were paid 0.50 USD and people "
    assert said in built.summaries["costs"]
    assert (
        read_row(built, "costs", provider="openai")["usd_per_record"] == 0.25
    )  # two records are preserved
    page = built.path.read_text("utf-8")
    assert "USD per preserved record, by stage and model" in page
    assert "USD spent until each day" in page


def read_row(built: Built, name: str, **wanted: object) -> dict[str, Any]:
    content = json.loads((built.path.parent / "data" / f"{name}.json").read_text("utf-8"))
    rows = [dict(zip(content["columns"], row, strict=True)) for row in content["rows"]]
    [found] = [row for row in rows if all(row[key] == value for key, value in wanted.items())]
    return found


def test_the_forecast_follows_from_the_measured_rates_and_says_what_is_not_known(built: Built):
    awe = read_row(built, "forecast", emotion="awe")
    # Two of five images became a record: eight more take twenty images, of 0.1 USD each.
    assert (awe["images_needed"], awe["usd_needed"]) == (20, 2.0)
    # Wilson's interval of 2 of 5 is 0.1176 to 0.7693.
    assert (awe["images_at_least"], awe["images_at_most"]) == (11, 69)
    # Three of five are left to people, who take 15 s (median) each: 20 * 0.6 * 15 s.
    seconds = read_row(built, "people_time")["median_seconds_per_visit"]
    assert awe["people_hours"] == round(20 * 0.6 * seconds / 3600, 1)
    fear = read_row(built, "forecast", emotion="fear")
    assert fear["images_needed"] is fear["images_at_most"] is fear["people_hours"] is None
    assert fear["images_at_least"] == 24  # the upper bound of 0 of 5 is 0.4345
    assert "Of fear no record is preserved" in built.summaries["costs"]
    assert "is not known: probably more than 24." in built.summaries["costs"]


def test_boxes_and_texts_of_people_are_compared_with_the_drafts(built: Built):
    moved = read_row(built, "box_overlap", vote="corrected")
    assert (moved["boxes"], moved["iou_tenth"], moved["mean_iou"]) == (1, 3, 0.3333)
    assert read_row(built, "box_overlap", vote="confirmed")["mean_iou"] == 1
    assert "overlap by 0.67 on average" in built.summaries["boxes"]
    assert read_row(built, "text_edits", field="subject")["median_distance"] == 1
    assert "corrected 1 draft of texts" in built.summaries["texts"]


def test_variety_of_texts_and_values_of_annotators_are_on_their_own_scale(built: Built):
    variety = read_row(built, "text_variety", kind="record descriptions")
    # Two of the six words occur twice.
    assert (variety["mean_words"], variety["mean_entropy_bits"]) == (7, 2.2359)
    assert variety["mean_mtld"] > 0
    joy = read_row(built, "circumplex", emotion="joy")
    assert (joy["machine_valence"], joy["machine_arousal"]) == (0.25, 0.75)
    assert read_row(built, "lifts", thing="beach")["lift"] == 1


def test_a_mark_on_the_plane_leads_to_its_image_in_the_gallery(built: Built):
    page = built.path.read_text("utf-8")
    places = re.findall(r' id="(image-[^"]+)"', page)
    assert sorted(places) == [f"image-{image_id[:32]}" for image_id in IDS[:5]]
    assert re.findall(r'<a href="#(image-[^"]+)"', page) == [f"image-{IDS[0][:32]}"]


def test_a_small_chart_of_each_filled_section_is_shown_without_a_click(built: Built):
    assert set(built.small) == set(built.filled)
    for numbers in built.small.values():
        assert len(draw_small_bars(numbers, "chart")) < INLINE_CHARACTERS


def test_names_of_people_and_models_are_escaped_in_charts_too(built: Built):
    page = built.path.read_text("utf-8")
    assert "<b onload" not in page
    assert "&lt;b onload" in built.charts["leaderboard"]
