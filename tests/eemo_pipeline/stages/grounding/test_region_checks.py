"""What a detector and a segmenter may say of an image, and what is kept of it."""

import base64
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from eemo_pipeline.imaging import masks
from eemo_pipeline.imaging.boxes import Box
from eemo_pipeline.stages.grounding.limits import GROUNDING_LIMITS, GroundingLimits
from eemo_pipeline.stages.grounding.region_checks import read_regions

SENT, FULL = (100, 80), (200, 160)


def reply(**region: Any) -> dict[str, Any]:
    return {"phrase": "dog", "regions": [{"box": [10, 20, 50, 60], "score": 0.5, **region}]}


def png(mask: np.ndarray, kind: str = "PNG") -> str:
    stream = io.BytesIO()
    Image.fromarray(mask).save(stream, kind)
    return base64.b64encode(stream.getvalue()).decode()


def square(side: int = 20, size: tuple[int, int] = (80, 100)) -> np.ndarray:
    mask = np.zeros(size, dtype=bool)
    mask[30 : 30 + side, 20 : 20 + side] = True
    return mask


def test_boxes_and_masks_are_those_of_the_full_image() -> None:
    answer = read_regions(reply(mask=png(square()), mask_score=0.9), SENT, FULL)
    (region,) = answer["regions"]
    assert [region[f"{edge}_px"] for edge in ("x1", "y1", "x2", "y2")] == [20, 40, 100, 120]
    assert (region["score"], region["mask_score"], region["mask_share"]) == (0.5, 0.9, 0.05)
    decoded = masks.decode(region["mask_counts"], region["mask_size_px"])
    assert masks.bounds(decoded) == Box(20, 30, 40, 50)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    ("mask", "reason"),
    [
        (png(np.zeros((80, 100), bool)), "mask_empty"),
        (png(square(2, (800 // 2, 500))), "mask_small"),
        (png(np.ones((80, 100), bool)), "mask_outside_box"),
        (png(np.ones((30_000, 5_000), bool)), "mask_unreadable"),
        (png(square(), "GIF"), "mask_unreadable"),
        (png(square())[:40], "mask_unreadable"),
        ("é", "mask_unreadable"),
        (None, "mask_missing"),
        (7, "mask_unreadable"),
        ({"size": [8, 8], "counts": [60]}, "mask_unreadable"),
        ({"size": [8, 8], "counts": [-4, 68]}, "mask_unreadable"),
        ({"size": [8, 8], "counts": ["64"]}, "mask_unreadable"),
        ({"size": [8, 8], "counts": "é"}, "mask_unreadable"),
        ({"size": [10**9, 10**9], "counts": [10**18]}, "mask_unreadable"),
        ({"size": [0, 8], "counts": []}, "mask_unreadable"),
        ({"size": 64, "counts": [64]}, "mask_unreadable"),
        ({}, "mask_unreadable"),
    ],
)
def test_a_mask_that_breaks_a_rule_leaves_its_box(mask: Any, reason: str) -> None:
    (region,) = read_regions(reply(mask=mask, mask_score=0.9), SENT, FULL)["regions"]
    assert region["reason"] == reason
    assert "mask_counts" not in region


@pytest.mark.parametrize(
    "box",
    [
        [float("nan"), 0, 1, 1],
        [0, 0, float("inf"), float("nan")],
        [200, 200, 300, 300],
        [50, 50, 50, 60],
        [60, 60, 50, 50],
        [0, 0, 1],
        ["a", 0, 1, 1],
        None,
        [10**400, 0, 1, 1],
    ],
)
def test_a_box_that_is_none_is_left_out(box: Any) -> None:
    answer = read_regions(reply(box=box), SENT, FULL)
    assert answer == {"status": "none", "reason": "bad_boxes", "left_out": 1}


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"regions": []}, "nothing_found"),
        ({"regions": "many"}, "garbage"),
        ({}, "garbage"),
        ({"regions": [3]}, "bad_boxes"),
        (reply(score=2.0), "bad_boxes"),
        (reply(score=None), "bad_boxes"),
    ],
)
def test_what_is_no_region_is_named(told: dict[str, Any], reason: str) -> None:
    assert read_regions(told, SENT, FULL)["reason"] == reason


def test_a_thousand_boxes_are_eight_and_the_others_are_counted() -> None:
    answer = read_regions({"regions": reply()["regions"] * 1000, "left_out": 5}, SENT, FULL)
    assert (len(answer["regions"]), answer["left_out"]) == (8, 997)
    odd = [*reply()["regions"], {"box": [0, 0, float("nan"), 1], "score": 0.5}]
    assert read_regions({"regions": odd, "left_out": "many"}, SENT, FULL)["left_out"] == 1


@pytest.mark.parametrize("written", [list, masks.compress])
def test_run_lengths_are_a_mask_too(written: Callable[[list[int]], object]) -> None:
    told = {"size": [80, 100], "counts": written(masks.encode(square()))}
    (region,) = read_regions(reply(mask=told), SENT, FULL)["regions"]
    assert region == read_regions(reply(mask=png(square())), SENT, FULL)["regions"][0]


def test_a_large_mask_is_scaled_down() -> None:
    large = np.kron(square(), np.ones((20, 20), bool))
    (region,) = read_regions(reply(mask=png(large)), SENT, FULL)["regions"]
    assert region["mask_size_px"] == [410, 512]
    assert region["mask_share"] == pytest.approx(0.05, rel=0.02)


@pytest.mark.parametrize(
    ("told", "kept"), [(1.04, 1.0), (-0.1, 0.0), (1, 1.0), (9.5, None), (None, None), ("1", None)]
)
def test_a_predicted_iou_is_kept_within_its_range(told: Any, kept: float | None) -> None:
    (region,) = read_regions(reply(mask=png(square()), mask_score=told), SENT, FULL)["regions"]
    assert region["mask_score"] == kept


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (GROUNDING_LIMITS, None),
        (GroundingLimits(mask_share=0.06), "mask_small"),
        (GroundingLimits(mask_inside=0.4), None),
    ],
)
def test_thresholds_decide_about_masks(limits: GroundingLimits, reason: str | None) -> None:
    (region,) = read_regions(reply(mask=png(square())), SENT, FULL, limits)["regions"]
    assert region["reason"] == reason
    beside = reply(box=[30, 20, 60, 60], mask=png(square()))  # half of the mask lies inside
    (half,) = read_regions(beside, SENT, FULL, limits)["regions"]
    assert half["reason"] == (None if limits.mask_inside < 0.5 else reason or "mask_outside_box")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)
FIELDS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("box", "score", "mask", "mask_score"), JSON)
)


@given(st.fixed_dictionaries({}, optional={"regions": JSON | st.lists(FIELDS, max_size=3)}))
def test_any_reply_is_an_answer(told: dict[str, Any]) -> None:
    answer = read_regions(told, SENT, FULL)
    assert answer["status"] in {"ok", "none", "error"}
    for region in answer.get("regions", ()):
        assert 0 <= region["x1_px"] < region["x2_px"] <= FULL[0]
