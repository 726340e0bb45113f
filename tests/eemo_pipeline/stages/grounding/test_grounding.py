"""Masks, boxes, and regions of pictures in which it is known what stands out."""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from eemo_pipeline.execution.process_pool import Workers
from eemo_pipeline.imaging import masks
from eemo_pipeline.imaging.boxes import Box, clip, intersection_over_union, pad, scale
from eemo_pipeline.imaging.opening import open_picture
from eemo_pipeline.ledger.store import Ask, Ledger
from eemo_pipeline.roles.grounder import Grounder, GrounderDescription, GroundingRequest
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import (
    conform,
    key_violations,
    null_violations,
    range_violations,
    vocabulary_violations,
)
from eemo_pipeline.stages.grounding import ground, phrases_of
from eemo_pipeline.stages.grounding.saliency_grabcut import SaliencyGrabCut, find_regions
from resources.roles.grounders import BadGrounder, build_grounder

edge = st.floats(-50, 150)
boxes = st.builds(Box, edge, edge, edge, edge)


@given(arrays.arrays(np.bool_, arrays.array_shapes(min_dims=2, max_dims=2, max_side=12)))
def test_run_lengths_round_trip(mask: np.ndarray) -> None:
    counts = masks.encode(mask)
    assert sum(counts) == mask.size
    assert all(count > 0 for count in counts[1:])
    assert sum(counts[1::2]) == mask.sum()
    assert (masks.decode(counts, mask.shape) == mask).all()


def test_run_lengths_go_down_the_columns() -> None:
    mask = np.array([[False, True], [False, True], [True, False]])
    assert masks.encode(mask) == [2, 3, 1]
    assert masks.encode(np.ones((2, 2), dtype=np.bool_)) == [0, 4]
    assert masks.encode(np.zeros((2, 2), dtype=np.bool_)) == [4]
    assert masks.bounds(mask) == Box(0, 0, 2, 3)
    assert masks.bounds(np.zeros((2, 2), dtype=np.bool_)) is None


@pytest.mark.parametrize(("counts", "size"), [([3], (2, 2)), ([5, -1], (2, 2)), ([], (1, 1))])
def test_wrong_run_lengths_are_refused(counts: list[int], size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="run lengths"):
        masks.decode(counts, size)


@given(boxes, boxes)
def test_overlap_is_symmetric_and_within_one(one: Box, other: Box) -> None:
    overlap = intersection_over_union(one, other)
    assert overlap == intersection_over_union(other, one)
    assert 0 <= overlap <= 1
    if one.area > 0:
        assert intersection_over_union(one, one) == 1


def test_boxes_by_hand() -> None:
    assert intersection_over_union(Box(0, 0, 2, 2), Box(1, 1, 3, 3)) == pytest.approx(1 / 7)
    assert clip(pad(Box(1, 1, 3, 3), 2), 4, 4) == Box(0, 0, 4, 4)
    assert scale(Box(1, 1, 3, 3), 2, 10) == Box(2, 10, 6, 30)


@given(boxes)
def test_clipped_box_lies_inside(box: Box) -> None:
    inside = clip(box, 100, 80)
    assert 0 <= inside.x1 <= 100
    assert 0 <= inside.y2 <= 80


def disc(
    path: Path, size: tuple[int, int], centre: tuple[int, int], radius: int
) -> GroundingRequest:
    """An orange disc on soft blue ground, as a PNG file."""
    random = np.random.default_rng(1)
    rgb = np.full((size[1], size[0], 3), (60, 90, 150), dtype=np.uint8)
    cv2.circle(rgb, centre, radius, (240, 150, 30), -1)
    noisy = (rgb + random.normal(0, 3, rgb.shape)).clip(0, 255).astype(np.uint8)
    Image.fromarray(noisy).save(path)
    return GroundingRequest(open_picture(path, 16).image_id, path)


@pytest.mark.parametrize(
    ("size", "centre", "radius"),
    [((160, 120), (50, 60), 18), ((640, 480), (450, 200), 70), ((900, 1600), (450, 1200), 150)],
)
def test_disc_is_found_where_it_is(
    tmp_path: Path, size: tuple[int, int], centre: tuple[int, int], radius: int
) -> None:
    answer = find_regions(disc(tmp_path / "disc.png", size, centre, radius))
    assert answer["status"] == "ok"
    region = answer["regions"][0]
    found = Box(region["x1_px"], region["y1_px"], region["x2_px"], region["y2_px"])
    truth = Box(*(centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius))
    assert intersection_over_union(found, truth) > 0.85
    mask = masks.decode(region["mask_counts"], region["mask_size_px"])
    drawn = np.zeros((size[1], size[0]), dtype=np.uint8)
    cv2.circle(drawn, centre, radius, 1, -1)
    small = cv2.resize(drawn, mask.shape[::-1], interpolation=cv2.INTER_NEAREST).astype(np.bool_)
    assert (mask & small).sum() / (mask | small).sum() > 0.85
    assert region["mask_share"] == pytest.approx(float(small.mean()), rel=0.15)


def test_boxes_follow_the_orientation(tmp_path: Path) -> None:
    request = disc(tmp_path / "disc.png", (640, 480), (120, 100), 60)
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn clockwise for display
    turned = tmp_path / "turned.png"
    buffer = io.BytesIO()
    Image.open(request.path).save(buffer, "PNG", exif=exif)
    turned.write_bytes(buffer.getvalue())
    region = find_regions(GroundingRequest(open_picture(turned, 16).image_id, turned))["regions"][0]
    # (x, y) goes to (480 - y, x).
    assert region["x1_px"] == pytest.approx(480 - 160, abs=8)
    assert region["y1_px"] == pytest.approx(60, abs=8)
    assert region["x2_px"] == pytest.approx(480 - 40, abs=8)


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    pool = Workers(1)
    yield pool
    pool.close()


def test_rows_through_workers_and_ledger(tmp_path: Path, workers: Workers) -> None:
    folder = tmp_path / "sources" / "here"
    folder.mkdir(parents=True)
    one = disc(folder / "disc.png", (320, 240), (100, 90), 40)
    Image.new("RGB", (50, 40), "grey").save(folder / "flat.png")
    flat = open_picture(folder / "flat.png", 16).image_id
    images = pl.DataFrame(
        [
            (one.image_id, "here", "disc.png"),
            (flat, "here", "flat.png"),
            ("0" * 64, "here", "disc.png"),
            ("1" * 64, "here", "gone.png"),
        ],
        schema=["image_id", "source", "path"],
        orient="row",
    )
    ledger = Ledger(tmp_path / "ledger.sqlite")
    grounder, undecided = SaliencyGrabCut(workers), TABLES["verification__decisions"].empty()
    first = ground(images, undecided, grounder, ledger, tmp_path / "sources")
    again = ground(images.reverse(), undecided, grounder, ledger, tmp_path / "sources")
    table = TABLES["grounding__regions"]
    frame = conform(first.frame, table)
    for check in (key_violations, null_violations, range_violations, vocabulary_violations):
        assert check(frame.lazy(), table) == []
    # What was answered is not asked again; the two failures are, for a rerun may cure them.
    assert (first.work.asked, again.work.asked, again.work.reused) == (4, 2, 2)
    assert again.frame.sort(table.key).equals(first.frame.sort(table.key))
    outcome = {
        row[0]: row[1:]
        for row in frame.sort("region_no", descending=True)
        .select("image_id", "region_no", "status", "reason")
        .rows()
    }
    assert outcome == {
        one.image_id: (1, "ok", None),
        flat: (0, "none", "no_salient_region"),
        "0" * 64: (0, "error", "changed_since_ingest"),
        "1" * 64: (0, "error", "unreadable_file"),
    }


def test_no_pictures_give_no_rows(tmp_path: Path, workers: Workers) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    images, decisions = (TABLES[n].empty() for n in ("dedup__images", "verification__decisions"))
    answered = ground(images, decisions, SaliencyGrabCut(workers), ledger, tmp_path)
    assert conform(answered.frame, TABLES["grounding__regions"]).height == 0


@dataclass(frozen=True)
class PhraseGrounder:
    """A grounder that finds one box per phrase, so that the phrases decide its answer."""

    seen: list[tuple[str, ...]]

    def describe(self) -> GrounderDescription:
        return GrounderDescription("phrases", "none", "phrases/1", "counts phrases")

    def parameters(self, request: GroundingRequest) -> Mapping[str, Any]:
        return {"phrases": list(request.phrases)}

    def perform(self, asks: Sequence[Ask]) -> Iterator[tuple[Ask, dict[str, Any]]]:
        for ask in asks:
            self.seen.append(ask.payload.phrases)
            boxes = [
                {"x1_px": 0.0, "y1_px": 0.0, "x2_px": 1.0, "y2_px": 1.0, "score": 0.5}
                for _ in ask.payload.phrases
            ]
            found = {"status": "ok", "regions": boxes} if boxes else {"status": "none"}
            yield ask, {**found, "reason": None if boxes else "no_words"}


def test_a_grounder_is_given_the_words_of_the_record(tmp_path: Path) -> None:
    images = pl.DataFrame({"image_id": ["a", "b"], "source": "here", "path": ["a.png", "b.png"]})
    words = {"image_id": ["a", "b"], "subject": ["old dog", None], "attribute": ["sad", "calm"]}
    decisions = pl.DataFrame(words)
    ledger, grounder = Ledger(tmp_path / "ledger.sqlite"), PhraseGrounder([])
    frame = ground(images, decisions, grounder, ledger, tmp_path).frame
    assert grounder.seen == [("old dog", "sad old dog", "dog"), ()]
    assert frame["image_id"].to_list() == ["a", "a", "a", "b"]
    assert frame["reason"].to_list() == [None, None, None, "no_words"]
    # The same words ask nothing again; other words do, about their image alone.
    again = ground(images, decisions, grounder, ledger, tmp_path)
    assert (again.work.asked, again.work.reused) == (0, 2)
    other = decisions.with_columns(attribute=pl.lit("happy"))
    changed = ground(images, other, grounder, ledger, tmp_path)
    assert (changed.work.asked, changed.work.reused) == (1, 1)
    assert grounder.seen[2:] == [("old dog", "happy old dog", "dog")]


def test_the_embedded_grounder_ignores_the_words(workers: Workers) -> None:
    grounder: Grounder = SaliencyGrabCut(workers)
    asked = [
        Ask("a", None, grounder.parameters(GroundingRequest("a", Path("a.png"), phrases)))
        for phrases in ((), ("old dog",))
    ]
    assert len({ask.key("grounder", grounder.describe().model) for ask in asked}) == 1


@pytest.mark.parametrize(
    ("subject", "attribute", "phrases"),
    [
        ("old dog", "sad", ("old dog", "sad old dog", "dog")),
        ("Sad dog", "sad", ("sad dog", "dog")),
        ("saddle", "sad", ("saddle", "sad saddle")),
        ("dog", None, ("dog",)),
        ("child on a boat", "joyful", ("child on a boat", "joyful child on a boat", "child")),
        ("sun-dappled path", None, ("sun-dappled path", "path")),
        ("<b>dog</b>. cat [SEP]", None, ("b dog b cat sep", "sep")),
        ("a " * 200, "so " * 200, ("a a a a a a a a", "so so so so so so so so", "a")),
        ("?!", "sad", ()),
        (None, "sad", ()),
        ("", "", ()),
    ],
)
def test_phrases(subject: str | None, attribute: str | None, phrases: tuple[str, ...]) -> None:
    assert phrases_of(subject, attribute) == phrases


def test_an_unknown_grounder_is_refused_with_the_known_ones(workers: Workers) -> None:
    assert isinstance(build_grounder("saliency_grabcut", workers), SaliencyGrabCut)
    with pytest.raises(BadGrounder, match=r"'sam'.*EEMO_GROUNDER.*saliency_grabcut"):
        build_grounder("sam", workers)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.integers(0, 10**6),
    cells=st.tuples(st.integers(1, 8), st.integers(1, 8)),
    size=st.tuples(st.integers(1, 260), st.integers(1, 260)),
)
def test_regions_lie_inside_any_picture(
    tmp_path: Path, seed: int, cells: tuple[int, int], size: tuple[int, int]
) -> None:
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (*cells, 3), dtype=np.uint8))
    path = tmp_path / "any.png"
    coarse.resize(size, Image.Resampling.NEAREST).save(path)
    request = GroundingRequest(open_picture(path, 16).image_id, path)
    answer = find_regions(request)
    assert answer == find_regions(request)
    regions = answer.get("regions", [])
    assert (answer["status"] == "ok") == (1 <= len(regions) <= 3)
    for region in regions:
        assert 0 <= region["x1_px"] < region["x2_px"] <= size[0]
        assert 0 <= region["y1_px"] < region["y2_px"] <= size[1]
        assert 0 < region["score"] <= 1
        if region["reason"] is None:
            mask = masks.decode(region["mask_counts"], region["mask_size_px"])
            assert region["mask_share"] == pytest.approx(mask.mean(), abs=1e-6)
            assert 0 < region["mask_score"] <= 1
        else:
            assert region["reason"] == "mask_empty"
            assert "mask_counts" not in region
