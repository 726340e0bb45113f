"""EmoVerse's Tables 6 and 4 as benchmarks: probes of embeddings, and people's votes by source."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.evaluation.benchmarks import emoverse_probe, emoverse_user_study
from eemo_pipeline.stages.evaluation.predictions import tabulate
from eemo_pipeline.stages.evaluation.probe_answers import answer_by_probes
from eemo_pipeline.stages.evaluation.score_table import tabulate_scores
from eemo_pipeline.stages.evaluation.vote_answers import answer_by_votes

SIZE = 90
WITHOUT_EMBEDDING = "0005"


def read(**rows: list[dict[str, Any]]) -> Callable[[str], pl.DataFrame]:
    """Return a function that reads a table; one without rows is empty."""

    def table(name: str) -> pl.DataFrame:
        return pl.DataFrame(rows.get(name, []), schema=TABLES[name].polars_schema)

    return table


@pytest.fixture(scope="module")
def lake() -> Callable[[str], pl.DataFrame]:
    """Images whose embedding shows their emotion and whose pixels show nothing."""
    numbers = np.random.default_rng(2)
    names = [f"{place:04}" for place in range(SIZE)]
    splits = [("train", "train", "test")[place % 3] for place in range(SIZE)]
    emotions = [MIKELS_8[place // 3 % 3] for place in range(SIZE)]
    shown = np.eye(3)[[MIKELS_8.index(one) for one in emotions]]
    return read(
        dedup__images=[
            {"image_id": name, "cluster_id": name, "source": "mine", "split": split}
            | {"is_evaluation": name == "0002"}
            for name, split in zip(names, splits, strict=True)
        ],
        labels__emotions=[
            {"image_id": name, "taxonomy": "mikels8", "emotion": emotion, "mass": 1.0}
            | {"semantics": "evoked"}
            for name, emotion in zip(names, emotions, strict=True)
        ],
        _verification__features=[
            {"image_id": name, "status": "ok", "features": numbers.normal(size=5).tolist()}
            for name in names
        ],
        training__runs=[
            {"run_id": "h", "recipe": "des_head", "job": "des_head", "status": "ok"}
            | {"base_run_id": "e"},
            {"run_id": "e", "recipe": "emoverse_emotion", "job": "sft", "status": "ok"},
        ],
        training__embeddings=[
            {"run_id": "h", "image_id": name, "embedding": vector.tolist()}
            for name, vector in zip(names, shown, strict=True)
            if name != WITHOUT_EMBEDDING
        ],
    )


def test_a_probe_of_embeddings_stands_beside_pixels_and_the_published_number(
    lake: Callable[[str], pl.DataFrame],
) -> None:
    items = emoverse_probe.prepare(lake)
    assert len(items) == SIZE // 3 - 1, "an image of an evaluation set is no item"
    answered = list(answer_by_probes(lake))
    rows = pl.concat([tabulate(*one) for one in answered])
    assert not rows.filter(pl.col("status") != "ok").height
    probed = rows.filter(evaluated_model="embedding, emotion")
    assert probed.height == len(items) - 1
    assert WITHOUT_EMBEDDING not in probed["benchmark_item"]
    scores = tabulate_scores(emoverse_probe.BENCHMARK, rows)
    found = {
        (row["evaluated_model"], row["number"]): row
        for row in scores.filter(marking="strict", item_group="all").to_dicts()
    }
    ours = found["embedding, emotion", "Macro recall"]
    assert (ours["score_value"], ours["published_value"]) == (100, 69.80)
    assert "the probe is linear" in ours["score_note"]
    assert found["pixel_features", "Accuracy"]["score_value"] < 70
    assert found["majority_baseline", "Macro recall"]["score_value"] == pytest.approx(100 / 3)
    assert {model for model, _ in found} >= {"random_baseline"}


def test_an_answer_of_a_probe_does_not_depend_on_its_own_label(
    lake: Callable[[str], pl.DataFrame],
) -> None:
    def turned(name: str) -> pl.DataFrame:
        rows = lake(name)
        if name != "labels__emotions":
            return rows
        is_test = pl.col("image_id").cast(pl.Int64) % 3 == 2
        return rows.with_columns(
            pl.when(is_test).then(pl.lit("sadness")).otherwise("emotion").alias("emotion")
        )

    def said(table: Callable[[str], pl.DataFrame]) -> list[list[str | None]]:
        return [[one.text for one in responses] for _, _, responses in answer_by_probes(table)]

    assert said(turned) == said(lake)


def test_votes_are_answers_about_the_source_of_an_image() -> None:
    felt = (("a", "p", "awe"), ("a", "q", "neutral"), ("b", "p", "fear"))
    table = read(
        review__inspection_draws=[
            {"inspection": "study", "image_id": image, "inspected_stratum": source}
            for image, source in (("a", "emoset"), ("b", "folder"))
        ],
        review__votes=[
            {"image_id": image, "rater_id": rater, "phase": "blind", "reviewed_field": "emotion"}
            | {"vote": "felt", "said_json": json.dumps(emotion), "is_counted": True}
            for image, rater, emotion in felt
        ],
    )
    rows = pl.concat([tabulate(*one) for one in answer_by_votes(table)])
    assert not set(rows["benchmark_item"]) & {"p", "q"}
    scores = tabulate_scores(emoverse_user_study.BENCHMARK, rows)
    found = {
        row["evaluated_model"]: (row["score_value"], row["counted_items"], row["published_value"])
        for row in scores.filter(marking="strict", number="Evokes an emotion").to_dicts()
    }
    assert found == {"emoset": (50, 2, 78.08), "folder": (100, 1, None)}


def test_without_votes_or_labels_nothing_is_answered() -> None:
    assert list(answer_by_votes(read())) == list(answer_by_probes(read())) == []
