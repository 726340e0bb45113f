"""Which of two images evokes lower dominance?"""

from functools import partial

from eemo_pipeline.stages.qa.level_questions import choose_lower
from eemo_pipeline.stages.qa.templates import QaTemplate

TEMPLATE = QaTemplate(
    name="lower_dominance",
    category="pair_perception",
    question_type="what_how",
    claim="lower",
    dimension="dominance",
    needs=("dominance",),
    pairs="dominance",
    sentences=(
        "Which picture leaves viewers less in control?",
        "In which of the two pictures is the felt dominance lower?",
        "Which of these pictures lets its viewers feel more overwhelmed?",
        "By viewers' own account, which of the two pictures is lower in dominance?",
        "Which picture gives its viewers the weaker sense of control?",
        "At which of the two pictures do viewers feel less dominant?",
    ),
    ask=partial(choose_lower, "dominance"),
    answers=2,
    proof=("dominance",),
)
