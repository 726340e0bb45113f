"""Is the dominance that the image evokes low, moderate or high? Yes or no."""

from functools import partial

from eemo_pipeline.stages.qa.level_questions import verify_level
from eemo_pipeline.stages.qa.templates import QaTemplate

TEMPLATE = QaTemplate(
    name="dominance_level",
    category="perception",
    question_type="yes_no",
    claim="level_is",
    dimension="dominance",
    needs=("dominance",),
    sentences=(
        "Is the sense of control that viewers keep at this picture {}?",
        "Does this picture leave its viewers with {} dominance?",
        "Between overwhelmed and in control, would you rate the dominance felt here as {}?",
    ),
    ask=partial(verify_level, "dominance"),
    fills=("asked",),
    cell=("asked",),
    proof=("dominance", "dominance_level"),
)
