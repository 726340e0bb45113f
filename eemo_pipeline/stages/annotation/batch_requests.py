"""Sends the first round of annotation through the batch interfaces of the annotators' providers.

Selects the annotators and images. Batches are built and sent in `vlm/batch/submission.py`. Later
rounds are not sent in batches, because their questions depend on the first round.
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
    """Send the questions that the annotators have not answered yet, each once.

    Annotators without a batch interface are skipped; a normal run asks them.

    Args:
        images: with image_id, source and path.
        annotators: the annotators of the run.
        sources_dir: the file of an image is `sources_dir/source/path`.
        find_interface: returns the batch interface of a provider's model.
        policy: how batches are built.

    Raises:
        BatchUnsupported: no annotator has a batch interface.
        BudgetReached: the budget is used up; the questions that fitted into it have been sent.
        ProviderProblem: a provider rejects a batch.
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
