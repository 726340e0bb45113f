"""COCO files of the records' regions, read by pycocotools."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from eemo_pipeline.imaging import masks
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.exports.formats import Tables
from eemo_pipeline.stages.exports.mask_files import write_masks
from eemo_pipeline.stages.exports.publish import publish

SIZES = {"a": (90, 60), "b": (1000, 400), "c": (7, 9)}


def frame(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=TABLES[name].polars_schema)


def draw(seed: int, shape: tuple[int, int]) -> masks.Mask:
    coarse = np.random.default_rng(seed).random((5, 4)) < 0.5
    image = Image.fromarray(coarse).resize((shape[1], shape[0]))
    return np.asarray(image, dtype=bool)


def region(image_id: str, number: int, mask: masks.Mask | None) -> dict[str, Any]:
    found = {
        "image_id": image_id,
        "region_no": number,
        "phrase": "old dog",
        "score": 0.5,
        **{"x1_px": 1.5, "y1_px": 2.0, "x2_px": 6.0, "y2_px": 8.25},
        "reason": None if mask is not None else "mask_empty",
    }
    if mask is None:
        return found
    return found | {"mask_size_px": list(mask.shape), "mask_counts": masks.encode(mask)}


@pytest.fixture
def regions() -> pl.DataFrame:
    return frame(
        "records__regions",
        [
            region("a", 1, draw(1, (60, 90))),
            region("a", 2, None),
            region("b", 1, draw(2, (205, 512))),  # smaller than its image
            region("dropped", 1, draw(3, (60, 90))),
        ],
    )


@pytest.fixture
def published(tmp_path: Path, regions: pl.DataFrame) -> Callable[[str], COCO]:
    words = {"background": "a \u201cpark\u201d", "attribute": "calm", "subject": "<dog>"}
    others = (
        *("labels__emotions", "labels__vad", "labels__rankings"),
        *("texts__descriptions", "texts__reasonings"),
    )
    empty = {name.split("__")[1]: TABLES[name].empty() for name in others}
    images = [
        {"image_id": image_id, "source": "here", "path": f"{image_id}.png"}
        | {"width_px": width, "height_px": height, "size_bytes": 1}
        for image_id, (width, height) in SIZES.items()
    ]
    records = [
        {"image_id": image_id, "split": "train", "image_path": f"sources/here/{image_id}.png"}
        | {"emotion": "awe", "confidence": 7.0, "state": "preserved", **words}
        for image_id in SIZES
    ]
    filled = Tables(
        qa=TABLES["qa__items"].empty(),
        assess=TABLES["assess__items"].empty(),
        images=frame("dedup__images", images),
        records=frame("records__emoverse", records),
        regions=regions,
        **empty,
    )
    found = publish(filled, tmp_path / "exports", tmp_path, ["coco"])
    assert found.files["row_count"].to_list() == [3, 3]
    assert set(found.violations["rule"]) == {"picture_missing"}  # nothing lies in this folder
    return lambda kind: COCO(str(tmp_path / "exports" / "coco" / kind / "instances_train.json"))


def test_every_box_is_in_the_detection_file(published: Callable[[str], COCO]) -> None:
    told = published("detection")
    assert len(told.imgs) == 3  # one without boxes is listed too
    anns: list[Any] = told.loadAnns(told.getAnnIds())
    assert [ann["bbox"] for ann in anns] == [[1.5, 2.0, 4.5, 6.25]] * 3
    assert {ann["area"] for ann in anns} == {28.125}
    (category,) = told.loadCats(told.getCatIds(catNms=["awe"]))
    assert category["supercategory"] == "positive"
    assert {ann["category_id"] for ann in anns} == {category["id"]}
    assert anns[0]["attributes"]["subject"] == "<dog>"


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # of pycocotools
def test_masks_and_areas_agree_with_pycocotools(
    published: Callable[[str], COCO], regions: pl.DataFrame
) -> None:
    told = published("segmentation")
    anns: list[Any] = told.loadAnns(told.getAnnIds())
    assert len(anns) == 2
    for ann in anns:
        image = told.imgs[ann["image_id"]]
        lengths = told.annToRLE(ann)
        assert lengths["size"] == [image["height"], image["width"]]
        assert ann["area"] == coco_mask.area(lengths)
        assert ann["bbox"] == coco_mask.toBbox(lengths).tolist()
    own: Any
    (own,) = told.loadAnns(told.getAnnIds(imgIds=[1]))
    kept = regions.row(0, named=True)
    mask = masks.decode(kept["mask_counts"], kept["mask_size_px"])
    assert (told.annToMask(own) == mask).all()


def test_masks_are_written_as_png_in_the_size_of_their_images(
    regions: pl.DataFrame, tmp_path: Path
) -> None:
    images = frame(
        "dedup__images",
        [
            {"image_id": image_id, "width_px": size[0], "height_px": size[1]}
            for image_id, size in SIZES.items()
        ],
    )
    assert write_masks(regions, images, tmp_path / "all") == 2
    assert sorted(path.name for path in (tmp_path / "all").iterdir()) == ["a-1.png", "b-1.png"]
    with Image.open(tmp_path / "all" / "b-1.png") as written:
        assert (written.mode, written.size) == ("1", (1000, 400))
        drawn = draw(2, (205, 512))
        assert np.asarray(written).mean() == pytest.approx(drawn.mean(), abs=0.01)
    assert write_masks(regions, images, tmp_path / "one", ["B"]) == 1
    assert write_masks(regions, images, tmp_path / "none", ["z"]) == 0
