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
        "Between calm and excited, would you rate the arousal this picture causes as {}?",
    ),
    ask=partial(verify_level, "arousal"),
    fills=("asked",),
    cell=("asked",),
    proof=("arousal", "arousal_level"),
)
