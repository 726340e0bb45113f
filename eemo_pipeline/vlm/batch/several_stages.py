"""Submits the questions of several stages in one go; each stage submits by `submission.py`."""

from collections.abc import Callable, Sequence

from eemo_pipeline.vlm.batch.interface import BatchUnsupported
from eemo_pipeline.vlm.batch.submission import Submission


def submit_each(parts: Sequence[Callable[[], Submission]]) -> Submission:
    """Run the submissions in order and add up their counts; without a part nothing is sent.

    Raises:
        BatchUnsupported: None of the parts has a batch interface.
    """
    done, reasons = Submission(), []
    for part in parts:
        try:
            done += part()
        except BatchUnsupported as problem:
            reasons.append(str(problem))
    if reasons and len(reasons) == len(parts):
        raise BatchUnsupported("; ".join(reasons))
    return done
