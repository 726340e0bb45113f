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
        "By viewers' own account, is the dominance they feel at this picture {}?",
        "Is the feeling of being in control {} when viewers see this picture?",
        "Would you call the dominance that this picture evokes {}?",
    ),
    depicted=(
        "Is the dominance that the people in this picture seem to feel {}?",
        "Do the people shown here seem to have a {} degree of control over their situation?",
        "Would you rate the dominance of the people in this picture as {}?",
    ),
    ask=partial(verify_level, "dominance"),
    fills=("asked",),
    cell=("asked",),
    proof=("dominance", "dominance_level"),
)
