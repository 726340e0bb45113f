"""What earlier runs of this process learned about a model: rounds of one stage, earlier stages."""

from weakref import WeakKeyDictionary

from eemo_pipeline.vlm.contract import VisionLanguageModel
from eemo_pipeline.vlm.engine.latencies import Latencies
from eemo_pipeline.vlm.engine.rate_limiter import Pace
from eemo_pipeline.vlm.questions import Limits

_KNOWN: WeakKeyDictionary[VisionLanguageModel, tuple[Limits, Pace, Latencies]] = WeakKeyDictionary()


def recall(model: VisionLanguageModel, limits: Limits) -> tuple[Pace, Latencies]:
    """Return the rate limiter and latencies of the model from the last run with the same limits."""
    known = _KNOWN.get(model)
    if known is None or known[0] != limits:
        known = _KNOWN[model] = (limits, Pace(limits), Latencies())
    return known[1:]
