"""VLMEvalKit's TSV of the test items: one file of choices, one of open answers, one of Assess.

Holds VLMEvalKit's columns, without scoring.

`index` is a running number. `image_path` is a path relative to the data root, or a list of paths as
text if the item has several. In the file of choices, `A` to `D` are the options and `answer` is the
letter; elsewhere `answer` is the text. Newlines and tabs are quoted as `pandas.read_csv` expects.
"""

import json
from pathlib import Path

import polars as pl

from eemo_pipeline.lake.parquet import write_bytes
from eemo_pipeline.stages.exports.consumer_rules import as_seen
from eemo_pipeline.stages.exports.formats import LETTERS, Exporter, PublishedFile, Tables

_SPLIT = "test"


def _write(tables: Tables, folder: Path) -> list[PublishedFile]:
    qa = tables.qa.filter(pl.col("split") == _SPLIT)
    has_options = pl.col("answer_letter").is_not_null()
    options = [
        pl.col("options").list.get(place, null_on_oob=True).fill_null("").alias(letter)
        for place, letter in enumerate(LETTERS)
    ]
    choices = qa.filter(has_options).with_columns(options).with_columns(answer="answer_letter")
    assess = tables.assess.filter(pl.col("split") == _SPLIT).rename({"task": "category"})
    parts = {
        "choices": ("qa", _table(choices, LETTERS)),
        "open": ("qa", _table(qa.filter(~has_options), ())),
        "assess": ("assess", _table(assess, ())),
    }
    files: list[PublishedFile] = []
    for name, (dataset, rows) in parts.items():
        path = folder / f"{name}_{_SPLIT}.tsv"
        if rows.is_empty():
            path.unlink(missing_ok=True)
        else:
            content = rows.write_csv(separator="\t", quote_style="non_numeric").encode()
            files.append(PublishedFile(write_bytes(content, path), rows.height, dataset, _SPLIT))
    return files


def _table(rows: pl.DataFrame, options: tuple[str, ...]) -> pl.DataFrame:
    several = pl.col("images").map_elements(
        lambda paths: json.dumps(paths.to_list(), ensure_ascii=False), return_dtype=pl.String
    )
    is_single = pl.col("images").list.len() == 1
    return rows.with_row_index("index").select(
        "index",
        pl.col("item_id").alias("id"),
        pl.when(is_single)
        .then(pl.col("images").list.first())
        .otherwise(several)
        .alias("image_path"),
        "question",
        *options,
        "answer",
        "category",
    )


def _read(path: Path) -> pl.DataFrame:
    rows = pl.read_csv(path, glob=False, separator="\t", infer_schema=False)
    is_list = pl.col("image_path").str.starts_with("[")
    as_list = pl.col("image_path").str.json_decode(pl.List(pl.String))
    seen = rows.select(
        pl.col("id").alias("item_id"),
        pl.when(is_list).then(as_list).otherwise(pl.concat_list("image_path")).alias("images"),
        "answer",
        *(pl.col(letter) for letter in LETTERS if letter in rows.columns),
    )
    if LETTERS[0] not in rows.columns:
        return as_seen(seen)
    return as_seen(
        seen.with_columns(
            pl.col("answer").alias("answer_letter"), pl.concat_list(LETTERS).alias("options")
        )
    )


EXPORTER = Exporter("vlmevalkit", _write, _read)
