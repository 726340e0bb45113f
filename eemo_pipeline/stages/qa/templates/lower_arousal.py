"""Which of two images evokes lower arousal?"""

from functools import partial

from eemo_pipeline.stages.qa.level_questions import choose_lower
from eemo_pipeline.stages.qa.templates import QaTemplate

TEMPLATE = QaTemplate(
    name="lower_arousal",
    category="pair_perception",
    question_type="what_how",
    claim="lower",
    dimension="arousal",
    needs=("arousal",),
    pairs="arousal",
    sentences=(
        "Which picture evokes the weaker arousal?",
        "In which of the two pictures is the evoked arousal lower?",
        "Which of these pictures leaves viewers calmer?",
        "By viewers' own account, which of the two pictures is lower in arousal?",
        "Which picture stirs its viewers less?",
        "At which of the two pictures are viewers less excited?",
    ),
    ask=partial(choose_lower, "arousal"),
    answers=2,
    proof=("arousal",),
)
