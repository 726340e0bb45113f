"""Files of evaluation sets in their owners' layouts, generated in any size, and their tables."""

import json
from collections.abc import Callable
from hashlib import sha256
from itertools import pairwise
from typing import Any

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7, MIKELS_8
from tests.support.sources import read_files

Files = dict[str, bytes | str]
_SPELLED = {"sadness": "sad"}


def eemo_bench_files(images: int, pairs: int, described: int) -> Files:
    """Return the files of EEmo-Bench: single images, and pairs of which some are described."""
    singles = [_single(number) for number in range(1, images + 1)]
    asked = [_pair(first, second) for first, second in pairwise(range(1, pairs + 2))]
    for row in asked[:described]:
        row["open_ended_question"] = "What differs?"
    opened = [
        {**single, "open_ended_Q": "Describe the feelings."} for single in singles[:described]
    ]
    return {
        "Ebench_1_data(jac_en_check).json": json.dumps(singles),
        "Ebench_imgpir(en).json": json.dumps(asked),
        "Ebench_open_ended(en).json": json.dumps(opened),
        **{f"images/{number}.jpg": b"x" for number in range(1, images + 1)},
    }


def other_files(images: int) -> dict[str, Files]:
    """Return source -> the files of the cross-domain sets."""
    names = [f"{number}.jpg" for number in range(images)]
    options = {"A": "Yes", "B": "No"}
    uniaa = [
        {"img_path": name, "question": "Is it sad?", "options": options, "answer": "AB"[place % 2]}
        | {"type": "yes_no"}
        for place, name in enumerate(names)
    ]
    aesbench = {
        name: {"AesE_data": {"Question": "What mood?", "Options": "A) Calm\nB) Sad\nC) Glad\n"}}
        for name in names
    }
    labels = [MIKELS_8[place % len(MIKELS_8)] for place in range(images)]
    generated = [
        {"path": name, "emotion": label, "valence": place % 9 - 4, "arousal": (7 * place) % 9 - 4}
        | {"caption": f"A {label} lake with {place} boats at dusk.", "reason": "The dark sky."}
        for place, (name, label) in enumerate(zip(names, labels, strict=True))
    ]
    pictures: Files = dict.fromkeys(names, b"x")
    return {
        "uniaa": {"test_UNIAA_Sent.json": json.dumps(uniaa), **pictures},
        "aesbench": {"test_AesBench_AesE.json": json.dumps(aesbench), **pictures},
        "artphoto": {
            f"{_SPELLED.get(label, label)}_{place}.jpg": b"x" for place, label in enumerate(labels)
        },
        "aigiemo": {"annotations.json": json.dumps(generated), **pictures},
    }


def tables_of(source: str, files: Files) -> Callable[[str], pl.DataFrame]:
    """Return the function from a table's name to the table, after reading the files."""
    read = read_files(source, files)
    image_id = pl.col("path").map_elements(
        lambda path: sha256(path.encode()).hexdigest(), return_dtype=pl.String
    )
    records = read.records.with_columns(image_id.alias("image_id"), pl.lit(source).alias("source"))
    annotations = read.annotations.join(
        records.select("record_id", "image_id", "source"), on="record_id", how="left"
    ).with_columns(pl.int_range(pl.len()).over("record_id").alias("annotation_no"))
    clusters = records.select("image_id", pl.col("image_id").alias("cluster_id")).unique()
    found = {
        "ingest__annotations": annotations,
        "ingest__records": records,
        "dedup__clusters": clusters,
    }
    return found.__getitem__


def _single(number: int) -> dict[str, Any]:
    ranked = [EKMAN_7[(number + step) % 7] for step in range(3)]
    means = [round((9 + (number * factor) % 72) / 9, 4) for factor in (5, 7, 11)]
    return {
        "image_name": f"{number}.jpg",
        "category": "Animal",
        "emotion_list": [[label, 30 - 5 * place] for place, label in enumerate(ranked)],
        **{
            name: [mean, 0.8, 1.0]
            for name, mean in zip(("Valence", "Arousal", "Dominance"), means, strict=True)
        },
        "judge_Q": f"Is {ranked[0]} dominant?",
        "judge_A": {"A": "No", "B": "Yes"},
        "judge_answer": "AB"[number % 2],
        "choose_Q": "Which emotion?",
        "choose_A": {"A": ranked[0], "B": ranked[1], "C": ranked[2]},
        "choose_answer": "ABC"[number % 3],
    }


def _pair(first: int, second: int) -> dict[str, Any]:
    return {
        "image1_url": f"{first}.jpg",
        "image2_url": f"{second}.jpg",
        "judge_question": "Do both evoke joy?",
        "judge_options": {"A": "Yes.", "B": "No."},
        "judge_answer": "AB"[first % 2],
        "choose_question": "Which has more?",
        "choose_options": {"A": "The first.", "B": "The second.", "C": "Both.", "D": "Neither."},
        "choose_answer": "ABCD"[first % 4],
        "open_ended_question": "",
    }
