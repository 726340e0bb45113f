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
        "Set against the first picture, how high is the dominance felt at the second?",
        "From the first picture to the second, how does the felt dominance change?",
        "By viewers' own account, how does the dominance at the second picture compare?",
        "Is the dominance felt at the second picture much higher, about the same or much "
        "lower than at the first?",
        "Seen after the first picture, where does the second one stand in dominance?",
    ),
    ask=partial(compare_levels, "dominance"),
    proof=("dominance",),
    answers=3,
)
