"""Stage texts: descriptions, reasons for the emotions that people reported, and comparisons."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from assets._results import count_rows
from assets._tables import outs
from eemo_pipeline.aggregation.kept_images import move_to_kept
from eemo_pipeline.stages.texts.candidates import choose_candidates
from eemo_pipeline.stages.texts.comparisons import write_comparisons
from eemo_pipeline.stages.texts.descriptions import write_descriptions
from eemo_pipeline.stages.texts.details import write_details
from eemo_pipeline.stages.texts.emotion_evidence import gather_grounds
from eemo_pipeline.stages.texts.evocations import write_evocations
from eemo_pipeline.stages.texts.profiles import build_profiles
from eemo_pipeline.stages.texts.reasonings import write_reasonings
from eemo_pipeline.stages.texts.template_writer import REALISER


@dg.asset
def texts__descriptions(dedup__images: pl.DataFrame) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per kept image: its visible content, without any emotion."""
    return count_rows(write_descriptions(dedup__images, REALISER), dedup__images.height)


@dg.multi_asset(
    outs=outs(
        "texts__reasonings",
        "texts__details",
        "texts__evocations",
        "texts__comparisons",
        "texts__candidates",
    )
)
def written(
    dedup__images: pl.DataFrame,
    dedup__clusters: pl.DataFrame,
    labels__rankings: pl.DataFrame,
    labels__emotions: pl.DataFrame,
    labels__vad: pl.DataFrame,
    ingest__annotations: pl.DataFrame,
    texts__descriptions: pl.DataFrame,
) -> Iterator[dg.Output[pl.DataFrame]]:
    """Write the texts about emotions, all from the same evidence."""
    annotations = move_to_kept(ingest__annotations, dedup__clusters)
    grounds = gather_grounds(dedup__images, labels__emotions, annotations)
    reasonings = write_reasonings(grounds, labels__rankings, texts__descriptions, REALISER)
    profiles = build_profiles(
        dedup__images, grounds, labels__rankings, labels__vad, texts__descriptions
    )
    tables = {
        "texts__reasonings": reasonings,
        "texts__details": write_details(profiles, REALISER),
        "texts__evocations": write_evocations(profiles, REALISER),
        "texts__comparisons": write_comparisons(profiles, REALISER),
        "texts__candidates": choose_candidates(dedup__images, grounds, reasonings),
    }
    for name, frame in tables.items():
        counts = count_rows(frame, dedup__images.height).metadata
        yield dg.Output(frame, name, metadata=counts)
