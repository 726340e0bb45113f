"""A task folder of lmms-eval: one task per kind of held-out item, Parquet beside it.

Holds the tasks' settings and the functions that lmms-eval calls. In the data root,
`lmms_eval --include_path exports/lmms_eval --tasks eemodb_choices --log_samples` asks a model, and
`eemo evaluate --benchmark held_out_qa --replay` reads the samples of the choices.
"""

from pathlib import Path

import polars as pl

from eemo_pipeline.lake.parquet import write_bytes, write_chunks
from eemo_pipeline.stages.exports.consumer_rules import SEEN, as_seen
from eemo_pipeline.stages.exports.formats import Exporter, PublishedFile, Tables, parquet_bytes
from eemo_pipeline.stages.exports.held_out_items import (
    ASSESS,
    CHOICES,
    OPEN,
    SPLIT,
    held_out_tasks,
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
_CODE = "utils.py"


def _write(tables: Tables, folder: Path) -> list[PublishedFile]:
    files: list[PublishedFile] = []
    found = {name: (dataset, rows) for name, dataset, rows in held_out_tasks(tables)}
    for name, length in _LENGTHS.items():
        data, settings = folder / f"{name}_{SPLIT}.parquet", folder / f"eemodb_{name}.yaml"
        if name not in found:
            data.unlink(missing_ok=True)
            settings.unlink(missing_ok=True)
            continue
        dataset, rows = found[name]
        written = write_chunks(parquet_bytes(rows), data)
        files.append(PublishedFile(written, rows.height, dataset, SPLIT))
        text = _SETTINGS.format(name=name, length=length)
        files.append(PublishedFile(write_bytes(text.encode(), settings), 0))
    if files:
        files.append(PublishedFile(write_bytes(_FUNCTIONS.encode(), folder / _CODE), 0))
    else:
        (folder / _CODE).unlink(missing_ok=True)
    return files


def _read(path: Path) -> pl.DataFrame:
    if path.suffix != ".parquet":
        return SEEN.to_frame()
    return as_seen(seen_of(pl.read_parquet(path, glob=False, hive_partitioning=False)))


EXPORTER = Exporter("lmms_eval", _write, _read)
