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
        "Between calm and excited, where does this picture leave its viewers?",
    ),
    ask=partial(choose_level, "arousal"),
    cell=("correct",),
    proof=("arousal", "arousal_level"),
)
