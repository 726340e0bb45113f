"""Is the arousal of the second image much higher, about the same or much lower?"""

from functools import partial

from eemo_pipeline.stages.qa.level_questions import compare_levels
from eemo_pipeline.stages.qa.templates import QaTemplate

TEMPLATE = QaTemplate(
    name="arousal_difference",
    category="pair_perception",
    question_type="what_how",
    claim="difference",
    dimension="arousal",
    needs=("arousal",),
    pairs="arousal",
    sentences=(
        "How does the arousal that the second picture evokes compare with that of the first?",
        "Set against the first picture, how exciting is the second?",
        "Going from the first picture to the second, what becomes of the arousal?",
    ),
    ask=partial(compare_levels, "arousal"),
    cell=("correct",),
    proof=("arousal",),
)
