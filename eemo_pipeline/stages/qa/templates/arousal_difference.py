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
        "Set against the first picture, how high is the arousal of the second?",
        "From the first picture to the second, how does the arousal change?",
        "By viewers' own account, how does the arousal of the second picture compare?",
        "Is the arousal of the second picture much higher, about the same or much lower "
        "than that of the first?",
        "Seen after the first picture, where does the second one stand in arousal?",
    ),
    ask=partial(compare_levels, "arousal"),
    proof=("arousal",),
    answers=3,
)
