"""Is the arousal that the image evokes low, moderate or high? Yes or no."""

from functools import partial

from eemo_pipeline.stages.qa.level_questions import verify_level
from eemo_pipeline.stages.qa.templates import QaTemplate

TEMPLATE = QaTemplate(
    name="arousal_level",
    category="perception",
    question_type="yes_no",
    claim="level_is",
    dimension="arousal",
    needs=("arousal",),
    sentences=(
        "Does this picture evoke {} arousal in its viewers?",
        "Is the level of activation that viewers feel at this picture {}?",
        "Between calm and excited, would you rate the arousal that this picture causes as {}?",
        "By viewers' own account, is the arousal at this picture {}?",
        "Is the arousal that viewers feel when they see this picture {}?",
        "Would you describe the excitement that this picture brings about as {}?",
    ),
    depicted=(
        "Do the people in this picture seem to feel {} arousal?",
        "Is the level of activation of the people shown here {}?",
        "Would you rate the arousal of the people in this picture as {}?",
    ),
    ask=partial(verify_level, "arousal"),
    fills=("asked",),
    cell=("asked",),
    proof=("arousal", "arousal_level"),
)
