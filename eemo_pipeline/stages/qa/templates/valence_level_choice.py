"""Which level of valence does the image evoke? Three options."""

from functools import partial

from eemo_pipeline.stages.qa.level_questions import choose_level
from eemo_pipeline.stages.qa.templates import QaTemplate

TEMPLATE = QaTemplate(
    name="valence_level_choice",
    category="perception",
    question_type="what_how",
    claim="level",
    dimension="valence",
    needs=("valence",),
    sentences=(
        "Which word describes the valence of the feeling that this picture evokes?",
        "How would viewers rate this picture between unpleasant and pleasant?",
        "What is the emotional tone that this picture leaves in its viewers?",
    ),
    ask=partial(choose_level, "valence"),
    cell=("correct",),
    proof=("valence", "valence_level"),
)
