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
        "In which of the two pictures is the evoked activation higher?",
        "Which of these pictures excites its viewers more?",
    ),
    ask=partial(choose_higher, "arousal"),
    cell=("correct",),
    proof=("arousal",),
)
