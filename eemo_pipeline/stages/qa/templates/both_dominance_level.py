"""Do both images evoke the asked level of dominance? Yes or no."""

from functools import partial

from eemo_pipeline.stages.qa.level_questions import verify_both_levels
from eemo_pipeline.stages.qa.templates import QaTemplate

TEMPLATE = QaTemplate(
    name="both_dominance_level",
    category="pair_perception",
    question_type="yes_no",
    claim="both_at_level",
    dimension="dominance",
    needs=("dominance",),
    pairs="dominance",
    sentences=(
        "Is the dominance that viewers feel {} at both pictures?",
        "Do the two pictures agree in leaving viewers a {} sense of control?",
        "By viewers' own account, is their control {} at both pictures?",
        "Are the two pictures alike in that the dominance felt at them is {}?",
        "Does each of these pictures leave its viewers with {} dominance?",
        "Is the dominance that the first picture evokes {}, and that of the second as well?",
    ),
    ask=partial(verify_both_levels, "dominance"),
    fills=("asked",),
    cell=("asked",),
    proof=("dominance", "dominance_level"),
)
