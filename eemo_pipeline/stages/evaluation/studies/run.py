"""Runs every study on the tables of a data root."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from eemo_pipeline.aggregation.study_answers import answer_study
from eemo_pipeline.ledger.usage import Work
from eemo_pipeline.stages.evaluation.studies.attribute_ablation import ablate_attributes
from eemo_pipeline.stages.evaluation.studies.backbones import Backbones
from eemo_pipeline.stages.evaluation.studies.data_mixing import mix_data
from eemo_pipeline.stages.evaluation.studies.embedding_probe import probe_embeddings
from eemo_pipeline.stages.evaluation.studies.labelled_images import gather_images
from eemo_pipeline.stages.evaluation.studies.source_transfer import transfer_between
from eemo_pipeline.stages.evaluation.studies.study_table import join_studies
from eemo_pipeline.stages.evaluation.studies.trials import Missing
from eemo_pipeline.stages.evaluation.studies.user_study import compare_groups
from eemo_pipeline.stages.evaluation.studies.visual_baselines import compare_baselines

# The tables that the studies read.
STUDIED = (
    *("dedup__images", "labels__emotions", "labels__reviews", "labels__vad"),
    "annotation__replies",
    *("_verification__features", "training__runs", "training__embeddings"),
    *("review__inspection_draws", "review__votes", "review__queue"),
)


@dataclass(frozen=True)
class Studied:
    """What the studies found.

    Attributes:
        tables: table -> rows: one of each study on images, and `evaluation__studies` with all.
        work: what asking backbones took.
    """

    tables: dict[str, pl.DataFrame]
    work: Work


def run_studies(tables: Mapping[str, pl.DataFrame], backbones: Backbones) -> Studied:
    """Run every study.

    Args:
        tables: those of `STUDIED`, by name.
        backbones: the visual baselines beside the pixel features.
    """
    from threadpoolctl import threadpool_limits

    images = gather_images(
        tables["dedup__images"],
        tables["labels__emotions"],
        tables["labels__reviews"],
        tables["_verification__features"],
        tables["labels__vad"],
    )
    # Of images without a label no backbone is asked.
    features, work = backbones.embed(
        tables["dedup__images"]
        .filter(pl.col("image_id").is_in(images.image_ids.tolist()))
        .sort("image_id")
    )
    missing = [Missing(name, *why) for name, why in backbones.missing.items()]
    # Systems of equations are small: a second thread costs more than it saves, and the order of
    # its sums varies.
    with threadpool_limits(1):
        made = {
            "_evaluation__attribute_ablations": ablate_attributes(
                images, tables["annotation__replies"]
            ),
            "_evaluation__data_mixings": mix_data(images),
            "_evaluation__source_transfers": transfer_between(images),
            "_evaluation__visual_baselines": compare_baselines(images, features, missing),
        }
        probed = probe_embeddings(images, tables["training__embeddings"], tables["training__runs"])
    answers = answer_study(
        tables["review__inspection_draws"], tables["review__votes"], tables["review__queue"]
    )
    units = dict(tables["dedup__images"].select("image_id", "cluster_id").iter_rows())
    people = compare_groups(answers, units)
    whole = join_studies([*made.values(), probed, people])
    return Studied(made | {"evaluation__studies": whole}, work)
