"""A small data root on which recipes of training run, with tiny random models, in this process."""

import os
import runpy
import sys
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from eemo_pipeline.aggregation.word_agreement import LEMMAS
from eemo_pipeline.emotion.candidate_lists import MIKELS_8_LIST
from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.ledger.store import open_ledger
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.training.job_folder import job_module
from eemo_pipeline.stages.training.recipe import read_recipe, shrink
from eemo_pipeline.stages.training.recipe_runs import Trainer, TrainingTables, train_recipes
from eemo_pipeline.stages.training.runs import RunTables, read_tables
from tests.support.images import paint_jpeg

COUNT = 30


class HereLauncher:
    """Runs a job by its module's own entry point, in this process and with one thread.

    The order of a sum depends on the number of threads, and children of the tests have one.
    """

    def __init__(self) -> None:
        self.launched: list[str] = []
        os.environ["OMP_NUM_THREADS"] = "1"
        if "torch" in sys.modules:  # it has read the variable already
            sys.modules["torch"].set_num_threads(1)

    def launch(self, folder: Path) -> None:
        self.launched.append(folder.name)
        runpy.run_module(job_module(folder))["main"](folder)


def build_tables(root: Path) -> dict[str, pl.DataFrame]:
    """Forty images whose labels and questions are made up; four are test images."""
    place = root / "sources" / "folder"
    place.mkdir(parents=True)
    images, labels, qa, assess = [], [], [], []
    for number in range(COUNT):
        content = paint_jpeg(number)
        image_id, name = sha256(content).hexdigest(), f"{number:02}.jpg"
        (place / name).write_bytes(content)
        split = "test" if number % 10 == 9 else "validation" if number % 10 == 8 else "train"
        emotion = MIKELS_8[number % 3]
        images.append(
            {"image_id": image_id, "cluster_id": image_id, "split": split, "source": "folder"}
            | {"path": name, "is_evaluation": False, "width_px": 160, "height_px": 120}
        )
        label = {"image_id": image_id, "taxonomy": "mikels8", "semantics": "evoked"}
        labels.append(label | {"emotion": emotion, "mass": 1.0})
        common = {"split": split, "image_id": image_id, "source": "folder"}
        qa.append(
            {"item_id": f"q{number:02}", "image_ids": [image_id], "split": split}
            | {"question": "What is felt most?", "answer": emotion, "options": []}
        )
        assess += [
            common
            | {"item_id": f"d{number:02}", "task": "dominant_emotion", "question": "Which?"}
            | {"answer": f"Dominant emotion: {emotion}", "candidates": list(MIKELS_8_LIST)},
            common
            | {"item_id": f"v{number:02}", "task": "vad", "dimension": "valence", "target": 0.5}
            | {"question": "How high?", "answer": "Valence: 0.5000", "candidates": []},
        ]
    given: dict[str, list[dict[str, Any]]] = {
        "dedup__images": images,
        "labels__emotions": labels,
        "qa__items": qa,
        "assess__items": assess,
        "ingest__words": [],
        "records__emoverse": [],
    }
    return {n: pl.DataFrame(r, schema=TABLES[n].polars_schema) for n, r in given.items()}


def write_recipe(folder: Path, name: str, to: str = "", **changes: Any) -> str:
    """Write a recipe as `--tiny` would shrink it, with changes, and return its path."""
    keys = shrink(read_recipe(name)).model_dump(mode="json", exclude={"name"})
    if name.startswith("des_head"):
        keys["epochs"] = 2  # enough to show that the head is trained
    path = folder / f"{to or name}.yaml"
    path.write_text(yaml.safe_dump(keys | changes))
    return str(path)


class Lake:
    """A data root with its tables, a ledger and a launcher."""

    def __init__(self, root: Path) -> None:
        self.root = DataRoot(root)
        self.tables = build_tables(root)
        self.launcher = HereLauncher()

    def train(self, *names: str, is_trial: bool = False) -> Any:
        with closing(open_ledger(self.root.ledger)) as ledger:
            read = TrainingTables(self.tables.__getitem__)
            trainer = Trainer(read, self.root, self.launcher, LEMMAS, ledger, is_trial)
            return train_recipes(names, trainer)

    def rows(self) -> RunTables:
        return read_tables(self.root)
