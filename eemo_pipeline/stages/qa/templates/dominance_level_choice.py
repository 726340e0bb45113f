"""Which level of dominance does the image evoke? Three options."""

from functools import partial

from eemo_pipeline.stages.qa.level_questions import choose_level
from eemo_pipeline.stages.qa.templates import QaTemplate

TEMPLATE = QaTemplate(
    name="dominance_level_choice",
    category="perception",
    question_type="what_how",
    claim="level",
    dimension="dominance",
    needs=("dominance",),
    sentences=(
        "Which level of dominance does this picture leave its viewers with?",
        "How high is the sense of control that viewers keep at this picture?",
        "Is the dominance that viewers feel here low, moderate or high?",
        "By viewers' own account, how high is the dominance they feel at this picture?",
        "Into which of these ranges does the dominance that this picture evokes fall?",
        "Between overwhelmed and in control, which level of dominance do viewers report?",
    ),
    depicted=(
        "Which level of dominance do the people in this picture seem to feel?",
        "How high does the control of the people shown here over their situation seem to be?",
        "Is the dominance of the people in this picture low, moderate or high?",
    ),
    ask=partial(choose_level, "dominance"),
    proof=("dominance", "dominance_level"),
    answers=3,
)
