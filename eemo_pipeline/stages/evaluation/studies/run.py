"""Runs every study on the tables of a data root."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import polars as pl

from eemo_pipeline.aggregation.study_answers import answer_study
from eemo_pipeline.stages.evaluation.studies.attribute_ablation import ablate_attributes
from eemo_pipeline.stages.evaluation.studies.data_mixing import mix_data
from eemo_pipeline.stages.evaluation.studies.embedding_probe import probe_embeddings
from eemo_pipeline.stages.evaluation.studies.labelled_images import gather_images
from eemo_pipeline.stages.evaluation.studies.source_transfer import transfer_between
from eemo_pipeline.stages.evaluation.studies.study_table import join_studies
from eemo_pipeline.stages.evaluation.studies.trials import Missing
from eemo_pipeline.stages.evaluation.studies.user_study import compare_groups
from eemo_pipeline.stages.evaluation.studies.visual_baselines import compare_baselines

Read = Callable[[str], pl.DataFrame]


def run_studies(
    table: Read, backbones: Mapping[str, Mapping[str, Sequence[float]]], missing: Sequence[Missing]
) -> dict[str, pl.DataFrame]:
    """Return table -> rows: one of each study on images, and `evaluation__studies` with all.

    Args:
        table: returns a table by name.
        backbones: name -> image_id -> its frozen features.
        missing: backbones that could not be asked, and why.
    """
    from threadpoolctl import threadpool_limits

    images = gather_images(
        table("dedup__images"),
        table("labels__emotions"),
        table("labels__reviews"),
        table("_verification__features"),
    )
    features = {name: _align(images.image_ids, found) for name, found in backbones.items()}
    # Systems of equations are small: a second thread costs more than it saves, and the order of
    # its sums varies.
    with threadpool_limits(1):
        made = {
            "_evaluation__attribute_ablations": ablate_attributes(
                images, table("annotation__replies")
            ),
            "_evaluation__data_mixings": mix_data(images),
            "_evaluation__source_transfers": transfer_between(images),
            "_evaluation__visual_baselines": compare_baselines(images, features, missing),
        }
        probed = probe_embeddings(images, table("training__embeddings"), table("training__runs"))
    answers = answer_study(
        table("review__inspection_draws"), table("review__votes"), table("review__queue")
    )
    units = dict(table("dedup__images").select("image_id", "cluster_id").iter_rows())
    people = compare_groups(answers, units)
    return made | {"evaluation__studies": join_studies([*made.values(), probed, people])}


def _align(image_ids: np.ndarray, found: Mapping[str, Sequence[float]]) -> np.ndarray:
    """Return images x features; NaN where an image has none."""
    width = max((len(vector) for vector in found.values()), default=0)
    matrix = np.full((len(image_ids), width), np.nan)
    for place, image_id in enumerate(image_ids):
        vector = found.get(image_id)
        if vector is not None and len(vector) == width:
            matrix[place] = vector
    return matrix
