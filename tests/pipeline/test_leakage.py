"""Evaluation images and their near-duplicates in other sources are never in the train split."""

from pathlib import Path

import polars as pl
import pytest
import skimage
from PIL import Image

from eemo_pipeline.lake.parquet import scan_table, table_path, write_table
from eemo_pipeline.lake.sql_checks import run_check
from eemo_pipeline.lake.warehouse import open_tables
from eemo_pipeline.orchestration.runs import run_assets
from eemo_pipeline.schema.tables import TABLES

SHIPPED = Path(skimage.__file__).parent / "data"
PHOTOGRAPHS = (
    "astronaut.png",
    "camera.png",
    "chelsea.png",
    "coffee.png",
    "hubble_deep_field.jpg",
    "retina.jpg",
    "rocket.jpg",
)
DEDUP = 'key:"dedup__images"'
CHECK = ("dedup__images", "evaluation_never_trains")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return tables of ArtPhoto, an evaluation set, and of a folder with altered copies.

    The copies are cropped and enlarged, or mirrored or rotated, and all are recompressed. There are
    seven clusters; with a random split, most of them would be in the train split.
    """
    root = tmp_path_factory.mktemp("leak")
    evaluation, training = root / "sources" / "artphoto", root / "sources" / "folder"
    for place in (evaluation, training):
        place.mkdir(parents=True)
    for number, name in enumerate(PHOTOGRAPHS):
        original = Image.open(SHIPPED / name).convert("RGB")
        original.save(evaluation / f"awe_{number:04}.jpg", quality=92)
        width, height = original.size
        margin = (width // 66, height // 66)
        box = (*margin, width - margin[0], height - margin[1])
        # Deduplication would keep the folder's image, because it is larger.
        larger = original.crop(box).resize((2 * width, 2 * height))
        larger.save(training / f"mine {number}.jpg", quality=50)
        turned = original.transpose(list(Image.Transpose)[number])
        turned.save(training / f"turned {number}.jpg", quality=80)
    outcome = run_assets(root, f"+{DEDUP}")
    assert outcome.is_success, outcome
    return root / "tables"


def test_cropped_and_turned_copies_in_a_training_source_are_in_the_test_split(lake: Path) -> None:
    kept = scan_table(lake, "dedup__images").collect()
    assert kept["cluster_id"].n_unique() == len(PHOTOGRAPHS)
    assert "folder" in set(kept["source"])
    assert kept["is_evaluation"].all()
    assert set(kept["split"]) == {"test"}


def test_the_blocking_check_catches_one_that_would_train(lake: Path, tmp_path: Path) -> None:
    kept = scan_table(lake, "dedup__images").collect()
    leaking = kept.with_columns(
        pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("train")).otherwise("split").alias("split")
    )
    for name, table in TABLES.items():
        if not table.is_partitioned:
            frame = leaking if name == "dedup__images" else scan_table(lake, name).collect()
            write_table(frame, table, table_path(tmp_path, table))
    with open_tables(tmp_path) as connection:
        outcome = run_check(connection, *CHECK)
    with open_tables(lake) as connection:
        sound = run_check(connection, *CHECK)
    assert (outcome.bad_rows, outcome.severity) == (1, "error")
    assert outcome.examples[0]["split"] == "train"
    assert sound.bad_rows == 0
