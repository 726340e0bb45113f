"""The choice of a grounder: recorded regions, thresholds, and what is wrong before a run."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import polars as pl
import pytest
from PIL import Image

from eemo_pipeline.execution.process_pool import Workers
from eemo_pipeline.imaging import masks
from eemo_pipeline.lake.parquet import file_sha256
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import conform, key_violations, null_violations
from eemo_pipeline.stages.grounding import ground
from eemo_pipeline.stages.grounding.limits import GROUNDING_LIMITS, GroundingLimits
from resources.roles.grounders import VARIABLE, GrounderResource
from resources.roles.grounding_limits import VARIABLE as THRESHOLDS
from resources.roles.grounding_limits import read_grounding_limits
from resources.roles.replay_grounder import ANSWERS, ReplayGrounder, build_replay
from resources.roles.replay_verifier import NoAnswers
from resources.thresholds import BadThreshold


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    pool = Workers(1)
    yield pool
    pool.close()


def square(height: int, width: int) -> masks.Mask:
    mask = np.zeros((height, width), dtype=bool)
    mask[height // 4 : height // 2, width // 4 : width // 2] = True
    return mask


def test_recorded_regions_are_checked_as_those_of_a_model(tmp_path: Path, workers: Workers) -> None:
    folder = tmp_path / "sources" / "here"
    folder.mkdir(parents=True)
    names = ("run_lengths", "compressed", "box_alone", "nonsense", "absent")
    ids: dict[str, str] = {}
    for number, name in enumerate(names):
        Image.new("RGB", (200, 100), (40 * number, 0, 0)).save(folder / f"{name}.png")
        ids[name] = file_sha256(folder / f"{name}.png")
    box, counts = [40, 20, 110, 60], masks.encode(square(100, 200))
    small = masks.compress(masks.encode(square(50, 100)))
    lines: list[Any] = [
        {"image_id": ids["run_lengths"], "phrase": "red dog", "regions": [
            {"box": box, "score": 0.2, "mask": {"size": [100, 200], "counts": counts}},
            {"box": [190, 90, 500, 500], "score": 0.9},
            {"box": [300, 20, 400, 60], "score": 0.9},
        ]},
        {"image_id": ids["compressed"], "regions": [
            {"box": box, "score": 1, "mask": {"size": [50, 100], "counts": small}, "mask_score": 1}
        ]},
        {"image_id": ids["box_alone"], "regions": [{"box": box, "score": 0.5}]},
        {"image_id": ids["nonsense"], "regions": 7},
        "no object",
    ]  # fmt: skip
    file = tmp_path / "regions.jsonl"
    file.write_text("\n".join(["{broken", *map(json.dumps, lines)]))
    images = pl.DataFrame(
        {"image_id": list(ids.values()), "source": "here", "path": [f"{name}.png" for name in ids]}
    )
    undecided, ledger = TABLES["verification__decisions"].empty(), Ledger(tmp_path / "l.sqlite")

    def find(limits: GroundingLimits = GROUNDING_LIMITS) -> tuple[pl.DataFrame, int]:
        grounder = ReplayGrounder(workers, file, limits)
        told = ground(images, undecided, grounder, ledger, tmp_path / "sources")
        return told.frame, told.work.asked

    frame, _ = find()
    table = TABLES["grounding__regions"]
    conform(frame, table)
    assert (key_violations(frame.lazy(), table), null_violations(frame.lazy(), table)) == ([], [])
    rows = {
        name: frame.filter(image_id=image_id)
        .select("region_no", "status", "reason", "left_out", "phrase", "x2_px", "mask_share")
        .rows()
        for name, image_id in ids.items()
    }
    assert rows == {
        "run_lengths": [
            (1, "ok", None, 1, "red dog", 110.0, 0.0625),
            (2, "ok", "mask_missing", 1, "red dog", 200.0, None),
        ],
        "compressed": [(1, "ok", None, 0, None, 110.0, pytest.approx(0.0625, abs=0.01))],
        "box_alone": [(1, "ok", "mask_missing", 0, None, 110.0, None)],
        "nonsense": [(0, "error", "garbage", None, None, None, None)],
        "absent": [(0, "none", "not_recorded", None, None, None, None)],
    }
    assert set(frame["thresholds"]) == {"mask_share 0.001, mask_inside 0.9"}
    # A rerun looks up only the line that cannot be read; another threshold looks up all.
    assert find()[1] == 1
    strict, asked = find(GroundingLimits(mask_share=0.5))
    assert asked == 5
    assert strict.filter(image_id=ids["compressed"])["reason"].to_list() == ["mask_small"]
    ledger.close()


def test_a_file_that_is_not_named_or_missing_is_said(
    monkeypatch: pytest.MonkeyPatch, workers: Workers, tmp_path: Path
) -> None:
    monkeypatch.delenv(ANSWERS, raising=False)
    with pytest.raises(NoAnswers, match=ANSWERS):
        build_replay(workers)
    monkeypatch.setenv(ANSWERS, str(tmp_path / "gone.jsonl"))
    with pytest.raises(NoAnswers, match="another grounder"):
        build_replay(workers).describe()


def test_thresholds_come_from_the_launchpad_else_the_variable_else_the_specification() -> None:
    assert read_grounding_limits("") == GROUNDING_LIMITS == GroundingLimits()
    read = read_grounding_limits(" box = 0.4, overlap=0.5 ", {"overlap": 0.6})
    assert read == GroundingLimits(box=0.4, overlap=0.6)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("boxes=0.3", "no threshold 'boxes'.*box, text, overlap, mask_share, mask_inside"),
        ("box=1.5", "box of grounding is 1.5.*from 0 to 1"),
        ("box=nan", "from 0 to 1"),
        ("box", f"{THRESHOLDS} has 'box'"),
        ("box=much", "name=number"),
    ],
)
def test_a_wrong_threshold_is_refused_with_the_fix(text: str, words: str) -> None:
    with pytest.raises(BadThreshold, match=words):
        read_grounding_limits(text)


def test_the_launchpad_chooses_grounder_and_thresholds(
    monkeypatch: pytest.MonkeyPatch, workers: Workers, tmp_path: Path
) -> None:
    (tmp_path / "regions.jsonl").touch()
    monkeypatch.setenv(ANSWERS, str(tmp_path / "regions.jsonl"))
    monkeypatch.setenv(VARIABLE, "saliency_grabcut")
    monkeypatch.setenv(THRESHOLDS, "mask_inside=0.8")
    resource: Any = GrounderResource(
        workers=workers, grounder="replay", thresholds={"mask_share": 0.01}
    )
    built = resource.create_resource(dg.build_init_resource_context())
    assert built.describe().detector == "replay"
    assert built.describe().thresholds == "mask_share 0.01, mask_inside 0.8"
