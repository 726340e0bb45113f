"""A task folder of lmms-eval: one task per kind of held-out item, Parquet beside it.

Holds the tasks' settings and the functions that lmms-eval calls. In the data root,
`lmms_eval --include_path exports/lmms_eval --tasks eemodb_choices --log_samples` asks a model, and
`eemo evaluate --benchmark held_out_qa --replay` reads the samples of the choices.
"""

from pathlib import Path

import polars as pl

from eemo_pipeline.stages.exports.consumer_rules import SEEN, as_seen
from eemo_pipeline.stages.exports.formats import Exporter, PublishedFile, Tables, parquet_bytes
from eemo_pipeline.stages.exports.held_out_items import (
    ASSESS,
    CHOICES,
    OPEN,
    publish_held_out,
    seen_of,
)

_LENGTHS = {CHOICES: 16, OPEN: 600, ASSESS: 64}
# lmms-eval resolves `data_files` from the folder that it runs in.
_SETTINGS = """\
# Run in the data root: lmms_eval --include_path exports/lmms_eval --tasks eemodb_{name}
task: eemodb_{name}
dataset_path: parquet
dataset_kwargs:
  data_files:
    test: exports/lmms_eval/{name}_test.parquet
test_split: test
output_type: generate_until
doc_to_visual: !function utils.doc_to_visual
doc_to_text: !function utils.doc_to_text
doc_to_target: answer
generation_kwargs:
  max_new_tokens: {length}
  temperature: 0
  do_sample: false
  until: []
process_results: !function utils.process_results
metric_list:
  - metric: exact_match
    aggregation: mean
    higher_is_better: true
metadata:
  version: 1
"""
_FUNCTIONS = '''\
"""What lmms-eval calls: the images, the prompt and the mark of a held-out item.

The mark is a plain comparison. `eemo evaluate --replay` reads replies tolerantly and strictly.
"""

from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
LETTERS = "ABCDEFGH"


def doc_to_visual(doc):
    """Return the images of an item, in the order of its question."""
    return [Image.open(ROOT / path).convert("RGB") for path in doc["images"]]


def doc_to_text(doc, lmms_eval_specific_kwargs=None):
    """Return the question, with its options where it has some."""
    if not doc["options"]:
        return doc["question"]
    lines = [f"{letter}: {text}" for letter, text in zip(LETTERS, doc["options"])]
    last = "Answer with the letter of one option alone."
    return "\\n".join([doc["question"], *lines, last])


def process_results(doc, results):
    """Return 1 for the right letter, or for the right text of an item without options."""
    reply = results[0].strip()
    said = reply[:1] if doc["options"] else reply
    return {"exact_match": float(said == doc["answer"])}
'''


def _describe(name: str) -> dict[str, str]:
    """Return the settings of a task, and the code of all."""
    settings = _SETTINGS.format(name=name, length=_LENGTHS[name])
    return {f"eemodb_{name}.yaml": settings, "utils.py": _FUNCTIONS}


def _write(tables: Tables, folder: Path) -> list[PublishedFile]:
    return publish_held_out(tables, folder, "parquet", parquet_bytes, _describe)


def _read(path: Path) -> pl.DataFrame:
    if path.suffix != ".parquet":
        return SEEN.to_frame()
    return as_seen(seen_of(pl.read_parquet(path, glob=False, hive_partitioning=False)))


EXPORTER = Exporter("lmms_eval", _write, _read)
