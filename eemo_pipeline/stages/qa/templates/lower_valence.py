"""Which of two images evokes lower valence?"""

from functools import partial

from eemo_pipeline.stages.qa.level_questions import choose_lower
from eemo_pipeline.stages.qa.templates import QaTemplate

TEMPLATE = QaTemplate(
    name="lower_valence",
    category="pair_perception",
    question_type="what_how",
    claim="lower",
    dimension="valence",
    needs=("valence",),
    pairs="valence",
    sentences=(
        "Which picture evokes the less pleasant feeling?",
        "In which of the two pictures is the evoked valence lower?",
        "Which of these pictures leaves viewers in the more negative state?",
        "By viewers' own account, which of the two pictures is lower in valence?",
        "Which picture puts its viewers into the worse mood?",
        "At which of the two pictures do viewers feel less pleasure?",
    ),
    ask=partial(choose_lower, "valence"),
    answers=2,
    proof=("valence",),
)
