"""`eemo masks` writes the masks of a data root as PNG, and says what it cannot."""

import json
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from eemo_pipeline.schema.tables import TABLES
from tests.support.commands import call_eemo

IMAGE = "3f2a" + "0" * 60


@pytest.fixture
def root(tmp_path: Path) -> Path:
    tables = tmp_path / "root" / "tables"
    (tmp_path / "root" / "sources").mkdir(parents=True)
    tables.mkdir()
    found = {"image_id": IMAGE, "region_no": 1, "mask_size_px": [2, 3], "mask_counts": [1, 5]}
    image = {"image_id": IMAGE, "width_px": 30, "height_px": 20}
    for name, row in (("records__regions", found), ("dedup__images", image)):
        frame = pl.DataFrame([row], schema=TABLES[name].polars_schema)
        frame.write_parquet(tables / f"{name}.parquet")
    return tmp_path / "root"


def test_masks_are_written_in_the_size_of_their_images(root: Path, tmp_path: Path) -> None:
    answer = call_eemo("masks", "3F2A", "--to", tmp_path / "masks", "--data", root, "--json")
    assert answer.returncode == 0
    assert json.loads(answer.stdout) == {"folder": str(tmp_path / "masks"), "masks": 1}
    with Image.open(tmp_path / "masks" / f"{IMAGE}-1.png") as mask:
        assert (mask.mode, mask.size) == ("1", (30, 20))
        assert (mask.getpixel((0, 0)), mask.getpixel((29, 19))) == (0, 255)


def test_what_cannot_be_written_is_said_with_a_fix(root: Path, tmp_path: Path) -> None:
    among = call_eemo("masks", "--to", root / "sources" / "masks", "--data", root)
    assert (among.returncode, "among the sources" in among.stderr) == (2, True)
    unknown = call_eemo("masks", "beef", "--to", tmp_path / "masks", "--data", root)
    assert (unknown.returncode, "no mask belongs" in unknown.stderr) == (1, True)
    (root / "tables" / "records__regions.parquet").unlink()
    unbuilt = call_eemo("masks", "--to", tmp_path / "masks", "--data", root)
    assert (unbuilt.returncode, "there are no masks yet" in unbuilt.stderr) == (1, True)


@pytest.mark.parametrize(
    ("variable", "text", "words"),
    [
        ("EEMO_GROUNDER", "sam", "there is no grounder 'sam'"),
        ("EEMO_GROUNDING_THRESHOLDS", "box=2", "threshold box of grounding is 2"),
    ],
)
def test_a_wrong_grounder_or_threshold_is_said_before_a_run(
    variable: str, text: str, words: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, text)
    answer = call_eemo("run", "--data", root)
    assert (answer.returncode, words in answer.stderr) == (2, True)
