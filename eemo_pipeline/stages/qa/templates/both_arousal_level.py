"""Do both images evoke the asked level of arousal? Yes or no."""

from functools import partial

from eemo_pipeline.stages.qa.level_questions import verify_both_levels
from eemo_pipeline.stages.qa.templates import QaTemplate

TEMPLATE = QaTemplate(
    name="both_arousal_level",
    category="pair_perception",
    question_type="yes_no",
    claim="both_at_level",
    dimension="arousal",
    needs=("arousal",),
    pairs="arousal",
    sentences=(
        "Do both pictures evoke {} arousal?",
        "Is the activation that viewers feel {} at each of the two pictures?",
        "By viewers' own account, is the arousal at both pictures {}?",
        "Are the two pictures alike in that they evoke {} arousal?",
        "Does each of these pictures leave its viewers with {} arousal?",
        "Is the arousal of the first picture {}, and that of the second as well?",
    ),
    ask=partial(verify_both_levels, "arousal"),
    fills=("asked",),
    cell=("asked",),
    proof=("arousal", "arousal_level"),
)
