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
        "Between unpleasant and pleasant, how do viewers feel at this picture?",
        "What is the emotional tone that this picture leaves in its viewers?",
        "Is the feeling that this picture evokes negative, neutral or positive?",
        "Into which of these ranges does the valence of this picture fall?",
        "What valence do viewers give to this picture?",
    ),
    depicted=(
        "Which word describes the valence of what the people in this picture seem to feel?",
        "By its valence, how would you describe the mood of the people shown here?",
        "Is the state of mind of the people in this picture negative, neutral or positive?",
    ),
    ask=partial(choose_level, "valence"),
    proof=("valence", "valence_level"),
    answers=3,
)
