"""Which of two images evokes higher arousal?"""

from functools import partial

from eemo_pipeline.stages.qa.level_questions import choose_higher
from eemo_pipeline.stages.qa.templates import QaTemplate

TEMPLATE = QaTemplate(
    name="higher_arousal",
    category="pair_perception",
    question_type="what_how",
    claim="higher",
    dimension="arousal",
    needs=("arousal",),
    pairs="arousal",
    sentences=(
        "Which picture evokes the stronger arousal?",
        "In which of the two pictures is the evoked arousal higher?",
        "Which of these pictures leaves viewers more excited?",
        "By viewers' own account, which of the two pictures is higher in arousal?",
        "Which picture stirs its viewers more?",
        "At which of the two pictures are viewers further from calm?",
    ),
    ask=partial(choose_higher, "arousal"),
    proof=("arousal",),
    answers=2,
)
