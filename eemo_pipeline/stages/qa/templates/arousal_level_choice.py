"""Which level of arousal does the image evoke? Three options."""

from functools import partial

from eemo_pipeline.stages.qa.level_questions import choose_level
from eemo_pipeline.stages.qa.templates import QaTemplate

TEMPLATE = QaTemplate(
    name="arousal_level_choice",
    category="perception",
    question_type="what_how",
    claim="level",
    dimension="arousal",
    needs=("arousal",),
    sentences=(
        "How strong is the arousal that this picture evokes?",
        "Which level of activation do viewers feel at this picture?",
        "At which level of arousal does this picture leave its viewers?",
        "Is the arousal that this picture evokes low, moderate or high?",
        "By viewers' own account, how high is the arousal at this picture?",
        "Into which of these ranges does the arousal that viewers feel here fall?",
    ),
    depicted=(
        "How strong is the arousal that the people in this picture seem to feel?",
        "Which level of activation do the people shown here seem to have?",
        "Is the arousal of the people in this picture low, moderate or high?",
    ),
    ask=partial(choose_level, "arousal"),
    proof=("arousal", "arousal_level"),
    answers=3,
)
