"""What becomes of what a generator sends: judged, placed, and never lost."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from eemo_pipeline.execution.process_pool import Workers
from eemo_pipeline.imaging.opening import measure_file
from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.readers.listing import list_files
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.sources.aigc import SOURCE
from eemo_pipeline.stages.expansion.generated_images import generate_images
from tests.support.images import encode, paint

PARENT = "parent.png"


@dataclass
class Files:
    """Images made before, by prompt_id; implements `Generator`."""

    folder: Path
    made: dict[str, bytes | None]
    provider: str = "embedded"
    model: str = "files"
    size: tuple[int, int] = (160, 120)
    asked: list[str] = field(default_factory=list)

    def place(self, image_id: str) -> Path:
        return self.folder / image_id

    def generate(self, prompts: pl.DataFrame) -> AnsweredTable:
        rows = []
        self.folder.mkdir(exist_ok=True)
        for prompt_id in prompts["prompt_id"]:
            content = self.made[prompt_id]
            if content is None:
                rows.append({"status": "error", "reason": "provider_fault", "image_id": None})
                continue
            image_id = sha256(content).hexdigest()
            self.place(image_id).write_bytes(content)
            rows.append({"status": "ok", "reason": None, "image_id": image_id})
        schema = {name: pl.String() for name in ("status", "reason", "image_id")}
        return AnsweredTable(pl.DataFrame(rows, schema=schema))


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with closing(Workers(1)) as pool:
        yield pool


def png(seed: int) -> bytes:
    return encode(paint(seed), "PNG")


@dataclass
class Lake:
    root: Path
    workers: Workers
    parent_id: str
    measured: pl.DataFrame

    def make(self, made: dict[str, bytes | None]) -> pl.DataFrame:
        rows = [
            {
                **{"prompt_id": name, "parent_image_id": self.parent_id, "replaced": ["subject"]},
                **{"background": "lake", "attribute": "calm", "subject": "swan", "seed": 1},
                **{"donor_image_id": "dd" * 32, "split": "train", "intended_emotion": "awe"},
                **{"need": 1.0, "prompt": f"Calm swan {name}."},
            }
            for name in sorted(made)
        ]
        prompts = pl.DataFrame(rows, schema=TABLES["expansion__prompts"].polars_schema)
        with closing(Ledger(self.root / "ledger.sqlite")) as ledger:
            return generate_images(
                prompts,
                self.measured,
                Files(self.root / "kept", made),
                ledger,
                self.workers,
                self.root / "sources",
            ).frame


@pytest.fixture
def lake(tmp_path: Path, workers: Workers) -> Lake:
    (tmp_path / PARENT).write_bytes(png(1))
    look = measure_file(tmp_path / PARENT)
    row = {name: look.get(name) for name in TABLES["ingest__images"].columns}
    row |= {"source": "folder", "path": PARENT, "sources": ["folder"], "occurrence_count": 1}
    measured = pl.DataFrame([row], schema=TABLES["ingest__images"].polars_schema)
    return Lake(tmp_path, workers, look["image_id"], measured)


def test_each_kind_of_useless_image_has_its_reason(lake: Lake) -> None:
    near = encode(paint(1), "JPEG", quality=40)
    table = lake.make(
        {
            "a good one": png(2),
            "another": png(2),
            "blank": encode(Image.new("RGB", (160, 120), "#4060a0"), "PNG"),
            "empty": b"",
            "error": None,
            "html": b"<html><body>Bad Gateway</body></html>",
            "near": near,
            "parent": png(1),
            "size": encode(paint(3).resize((120, 160)), "PNG"),
            "tiny": encode(paint(3).resize((1, 1)), "PNG"),
        }
    )
    found = {row["prompt_id"]: (row["status"], row["reason"]) for row in table.to_dicts()}
    assert found == {
        "a good one": ("ok", None),
        "another": ("refused", "repeated_image"),
        "blank": ("refused", "blank_image"),
        "empty": ("refused", "empty_file"),
        "error": ("error", "provider_fault"),
        "html": ("refused", "not_a_picture"),
        "near": ("refused", "too_close_to_parent"),
        "parent": ("refused", "is_parent"),
        "size": ("refused", "other_size"),
        "tiny": ("refused", "other_size"),
    }
    details = table.filter(pl.col("status") == "refused")["detail"]
    assert details.null_count() == 0


def test_an_accepted_image_is_read_as_a_source_with_its_lineage(lake: Lake) -> None:
    lake.make({"one": png(2), "two": png(3)})
    read = SOURCE.read(list_files(lake.root / "sources" / "aigc"))
    assert read.rejects.is_empty()
    told = [json.loads(text) for text in read.records["attributes"]]
    assert {one["parent_image_id"] for one in told} == {lake.parent_id}
    assert {one["prompt_id"] for one in told} == {"one", "two"}
    assert told[0]["replaced"] == ["subject"]
    assert told[0]["triplet"] == {"background": "lake", "attribute": "calm", "subject": "swan"}
    assert {one["generator"] for one in told} == {"embedded files"}
    assert {one["intended_emotion"] for one in told} == {"awe"}


def test_what_was_placed_stays_when_the_prompts_change(lake: Lake) -> None:
    lake.make({"one": png(2)})
    manifest = lake.root / "sources" / "aigc" / "expansion" / "manifest.jsonl"
    with manifest.open("a") as file:
        file.write("a line that a person added\n")
    before = manifest.read_text()
    lake.make({"two": png(3)})
    assert set(before.splitlines()) < set(manifest.read_text().splitlines())
    text, stamp = manifest.read_text(), manifest.stat().st_mtime_ns
    lake.make({"two": png(3)})
    assert (manifest.read_text(), manifest.stat().st_mtime_ns) == (text, stamp)


def test_the_source_keeps_its_own_name_of_the_file(lake: Lake) -> None:
    table = lake.make({"one": png(2)})
    for kept in (lake.root / "kept").iterdir():
        kept.unlink()
    placed = lake.root / "sources" / "aigc" / table["path"][0]
    assert placed.read_bytes() == png(2)


def test_without_a_generator_nothing_is_made(lake: Lake) -> None:
    with closing(Ledger(lake.root / "ledger.sqlite")) as ledger:
        made = generate_images(
            TABLES["expansion__prompts"].empty(),
            lake.measured,
            None,
            ledger,
            lake.workers,
            lake.root / "sources",
        )
    assert made.frame.is_empty()
    assert not (lake.root / "sources").exists()
