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
        "How much dominance do viewers feel at this picture?",
        "Which level describes the sense of control that this picture leaves?",
        "Between overwhelmed and in control, where do viewers of this picture stand?",
    ),
    ask=partial(choose_level, "dominance"),
    cell=("correct",),
    proof=("dominance", "dominance_level"),
)
