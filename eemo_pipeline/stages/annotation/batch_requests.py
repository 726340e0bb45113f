"""Sends the first round of annotation through the batch interfaces of the annotators' providers.

Belongs here: which annotators and which pictures. Does not belong here: how a batch is made and
sent (`vlm/batch_submission.py`), later rounds, whose questions are known only after the first.
"""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from eemo_pipeline.lake.picture_files import locate_files
from eemo_pipeline.roles.annotator import ROLE, AnnotationRequest, Annotator, asks_for
from eemo_pipeline.stages.annotation.vlm_annotator import VisionAnnotator
from eemo_pipeline.vlm.batch.interface import BatchUnsupported, FindInterface
from eemo_pipeline.vlm.batch.submission import BatchPolicy, Submission, submit


def submit_annotations(
    images: pl.DataFrame,
    annotators: Sequence[Annotator],
    sources_dir: Path,
    find_interface: FindInterface,
    policy: BatchPolicy,
) -> Submission:
    """Send what the annotators have not answered about the pictures, and nothing twice.

    Annotators without a batch interface are left to normal runs.

    Args:
        images: with image_id, source and path.
        annotators: those of the run.
        sources_dir: the file of a picture is `sources_dir/source/path`.
        find_interface: the batch interface of a provider's model.
        policy: how batches are made.

    Raises:
        BatchUnsupported: no annotator has a batch interface.
        BudgetReached: what fitted into the budget is sent.
        ProviderProblem: a provider does not take a batch.
    """
    requests = [
        AnnotationRequest(image_id, path) for image_id, path in locate_files(images, sources_dir)
    ]
    interfaces = []
    reasons = []
    for annotator in annotators:
        try:
            interfaces.append((annotator, find_interface(annotator.provider, annotator.model)))
        except BatchUnsupported as problem:
            reasons.append(str(problem))
    if not interfaces:
        raise BatchUnsupported("; ".join(reasons))
    done = Submission()
    for annotator, interface in interfaces:
        if isinstance(annotator, VisionAnnotator):
            done += submit(
                interface,
                annotator.questions(asks_for(annotator, requests)),
                stage="annotation",
                role=ROLE,
                session=annotator.session,
                policy=policy,
            )
    return done
