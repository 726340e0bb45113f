"""What linear probes of frozen features answer to held-out images, beside majority and chance."""

from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
import polars as pl

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.evaluation import baselines
from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, emoverse_probe
from eemo_pipeline.stages.evaluation.responses import Response
from eemo_pipeline.stages.evaluation.studies.embedding_probe import gather_features, probe
from eemo_pipeline.stages.evaluation.studies.labelled_images import gather_images
from eemo_pipeline.stages.evaluation.studies.trials import can_fit

Read = Callable[[str], pl.DataFrame]


def answer_by_probes(table: Read) -> Iterator[tuple[Benchmark, str, list[Response]]]:
    """Yield the benchmark, the features' name and the answers, of each kind of features.

    A probe is fitted on the published split `train`. Images without an embedding have no answer of
    its probe.

    Args:
        table: returns a table by name.
    """
    benchmark = emoverse_probe.BENCHMARK
    items = {item.item_id: item for item in emoverse_probe.prepare(table)}
    images = gather_images(
        table("dedup__images"),
        table("labels__emotions"),
        table("labels__reviews"),
        table("_verification__features"),
        TABLES["labels__vad"].empty(),  # no rating is predicted here
    )
    train, _ = images.published_parts()
    if not items or not can_fit(images.emotions[train]):
        return
    labels = Counter(sorted(images.emotions[train].tolist()))
    frequent = f"Dominant emotion: {labels.most_common(1)[0][0]}"
    yield benchmark, baselines.MAJORITY, [Response(item, frequent) for item in items.values()]
    yield (
        benchmark,
        baselines.CHANCE,
        list(baselines.answer_by_chance(benchmark, list(items.values()))),
    )
    shared, features = gather_features(
        images, table("training__embeddings"), table("training__runs")
    )
    train, test = shared.published_parts()
    if not len(test) or not can_fit(shared.emotions[train]):
        return
    for name, matrix in features.items():
        answers = probe(matrix, shared.emotions, shared.units, train, test)
        yield benchmark, name, list(_responses(items, shared.image_ids[test], answers))


def _responses(
    items: dict[str, emoverse_probe.Item], image_ids: np.ndarray, answers: np.ndarray
) -> Iterator[Response]:
    for image_id, emotion in zip(image_ids.tolist(), answers.tolist(), strict=True):
        yield Response(items[image_id], f"Dominant emotion: {emotion}")
