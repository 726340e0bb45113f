"""All texts about emotions, from the same evidence: one call per kind of text.

The content of each kind is in its own module. Comparisons and multiple-choice material are built on
the reasonings, so these are written first.
"""

import polars as pl

from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.roles.writer import Writer
from eemo_pipeline.stages.texts.candidates import write_candidates
from eemo_pipeline.stages.texts.comparisons import write_comparisons
from eemo_pipeline.stages.texts.details import write_details
from eemo_pipeline.stages.texts.emotion_evidence import gather_grounds
from eemo_pipeline.stages.texts.evocations import write_evocations
from eemo_pipeline.stages.texts.profiles import build_profiles
from eemo_pipeline.stages.texts.reasonings import write_reasonings


def write_emotion_texts(
    dedup__images: pl.DataFrame,
    labels__emotions: pl.DataFrame,
    labels__rankings: pl.DataFrame,
    labels__vad: pl.DataFrame,
    annotations: pl.DataFrame,
    texts__descriptions: pl.DataFrame,
    writer: Writer,
) -> dict[str, AnsweredTable]:
    """Return table name -> table of reasonings, details, evocations, comparisons and candidates.

    Args:
        dedup__images: the kept images.
        labels__emotions: for the emotions that people report.
        labels__rankings: for order and margin of the emotions.
        labels__vad: for the levels of valence, arousal and dominance.
        annotations: rows of `ingest__annotations`, moved to the kept images.
        texts__descriptions: one row per kept image.
        writer: the writer.
    """
    grounds = gather_grounds(dedup__images, labels__emotions, labels__rankings, annotations)
    reasonings = write_reasonings(grounds, labels__rankings, texts__descriptions, writer)
    profiles = build_profiles(
        dedup__images, grounds, labels__rankings, labels__vad, texts__descriptions
    )
    return {
        "texts__reasonings": reasonings,
        "texts__details": write_details(profiles, writer),
        "texts__evocations": write_evocations(profiles, writer),
        "texts__comparisons": write_comparisons(profiles, reasonings.frame, writer),
        "texts__candidates": write_candidates(dedup__images, grounds, reasonings.frame, writer),
    }
