"""Which of two images evokes higher valence?"""

from functools import partial

from eemo_pipeline.stages.qa.level_questions import choose_higher
from eemo_pipeline.stages.qa.templates import QaTemplate

TEMPLATE = QaTemplate(
    name="higher_valence",
    category="pair_perception",
    question_type="what_how",
    claim="higher",
    dimension="valence",
    needs=("valence",),
    pairs="valence",
    sentences=(
        "Which picture evokes the more pleasant feeling?",
        "In which of the two pictures is the evoked valence higher?",
        "Which of these pictures leaves viewers in the more positive state?",
        "By viewers' own account, which of the two pictures is higher in valence?",
        "Which picture puts its viewers into the better mood?",
        "At which of the two pictures do viewers feel more pleasure?",
    ),
    ask=partial(choose_higher, "valence"),
    proof=("valence",),
    answers=2,
)
