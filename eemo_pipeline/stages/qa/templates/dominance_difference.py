"""Is the dominance of the second image much higher, about the same or much lower?"""

from functools import partial

from eemo_pipeline.stages.qa.level_questions import compare_levels
from eemo_pipeline.stages.qa.templates import QaTemplate

TEMPLATE = QaTemplate(
    name="dominance_difference",
    category="pair_perception",
    question_type="what_how",
    claim="difference",
    dimension="dominance",
    needs=("dominance",),
    pairs="dominance",
    sentences=(
        "How does the dominance felt at the second picture compare with that at the first?",
        "Set against the first picture, how much control does the second leave its viewers?",
        "Going from the first picture to the second, what becomes of the felt dominance?",
    ),
    ask=partial(compare_levels, "dominance"),
    cell=("correct",),
    proof=("dominance",),
)
