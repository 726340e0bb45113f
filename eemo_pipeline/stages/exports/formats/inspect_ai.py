"""A task of inspect_ai per kind of held-out item: one Python file, and JSON lines beside it.

Holds the task file and its data. In the data root, `inspect eval` of
`exports/inspect_ai/eemodb.py@choices` with `--log-format json` asks a model, and
`eemo evaluate --benchmark held_out_qa --replay` reads the log.
"""

from pathlib import Path

import polars as pl

from eemo_pipeline.stages.exports.consumer_rules import SEEN, as_seen
from eemo_pipeline.stages.exports.formats import Exporter, PublishedFile, Tables, json_lines
from eemo_pipeline.stages.exports.held_out_items import publish_held_out, seen_of

_TASKS = '''\
"""Held-out items of EEmoDB as tasks of inspect_ai.

Run in the data root: inspect eval exports/inspect_ai/eemodb.py@choices --model MODEL
Open questions need a judge, so that their task has no scorer.
"""

import json
from pathlib import Path

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageUser, ContentImage, ContentText
from inspect_ai.scorer import choice, match
from inspect_ai.solver import generate, multiple_choice

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


@task
def choices():
    """Perception: one letter of the options."""
    return Task(read("choices"), solver=multiple_choice(), scorer=choice())


@task
def open_questions():
    """Descriptions and reasons, in the model's own words."""
    return Task(read("open"), solver=generate())


@task
def assess():
    """Rankings, scores and dominant emotions."""
    return Task(read("assess"), solver=generate(), scorer=match(location="exact"))


def read(name):
    """Return the items of a task."""
    lines = (HERE / f"{name}_test.jsonl").read_text("utf-8").splitlines()
    return MemoryDataset([sample(json.loads(line)) for line in lines], name=f"eemodb_{name}")


def sample(row):
    """Return one item with its images."""
    images = [ContentImage(image=str(ROOT / path)) for path in row["images"]]
    shown = [*images, ContentText(text=row["question"])]
    about = {name: row[name] for name in ("category", "subset", "images")}
    return Sample(
        id=row["id"],
        input=[ChatMessageUser(content=shown)],
        choices=row["options"] or None,
        target=row["answer"],
        metadata=about,
    )
'''


def _write(tables: Tables, folder: Path) -> list[PublishedFile]:
    encode = json_lines(pl.struct(pl.all()).struct.json_encode())
    return publish_held_out(tables, folder, "jsonl", encode, lambda _: {"eemodb.py": _TASKS})


def _read(path: Path) -> pl.DataFrame:
    if path.suffix != ".jsonl":
        return SEEN.to_frame()
    lists = {"options": pl.List(pl.String), "images": pl.List(pl.String)}
    return as_seen(seen_of(pl.read_ndjson(path.read_bytes(), schema_overrides=lists)))


EXPORTER = Exporter("inspect_ai", _write, _read)
