"""What the sections say and draw, from the tables that fill them."""

from pathlib import Path
from typing import Any

import pytest

from eemo_pipeline.execution.process_pool import Workers
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.stages.reports.build import Built, build_report
from eemo_pipeline.stages.reports.sections import SECTIONS
from tests.support.lakes import write_rows

IDS = [f"{number:064x}" for number in range(12)]
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
    write_rows(root, "review__votes", felt + drafts)
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
        [call | numbers | {"model": HOSTILE, "call_count": 8, "answered_count": 8, "usd": 0.5}],
    )
    image = {"source": "mine", "path": "gone.png", "sources": ["mine"]}
    image |= {"width_px": 8, "height_px": 8, "split": "train"}
    write_rows(root, "dedup__images", [image | {"image_id": i} for i in IDS[:5]])


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
    assert set(names[-3:]) == LATER


LATER = {"calibration", "leaderboard", "expansion"}


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


def test_models_fill_the_leaderboard_and_the_costs(built: Built):
    assert "leads in perception accuracy of eemo_bench_pair (0.8)" in built.summaries["leaderboard"]
    assert "8 calls cost 0.50 USD: 0.1000 USD per kept image" in built.summaries["costs"]


def test_names_of_people_and_models_are_escaped_in_charts_too(built: Built):
    page = built.path.read_text("utf-8")
    assert "<b onload" not in page
    assert "&lt;b onload" in built.charts["leaderboard"]
