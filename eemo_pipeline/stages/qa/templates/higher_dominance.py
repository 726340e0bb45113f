"""Which of two images evokes higher dominance?"""

from functools import partial

from eemo_pipeline.stages.qa.level_questions import choose_higher
from eemo_pipeline.stages.qa.templates import QaTemplate

TEMPLATE = QaTemplate(
    name="higher_dominance",
    category="pair_perception",
    question_type="what_how",
    claim="higher",
    dimension="dominance",
    needs=("dominance",),
    pairs="dominance",
    sentences=(
        "Which picture leaves viewers more in control?",
        "In which of the two pictures is the felt dominance higher?",
        "Which of these pictures lets its viewers feel less overwhelmed?",
        "By viewers' own account, which of the two pictures is higher in dominance?",
        "Which picture gives its viewers the stronger sense of control?",
        "At which of the two pictures do viewers feel more dominant?",
    ),
    ask=partial(choose_higher, "dominance"),
    proof=("dominance",),
    answers=2,
)
