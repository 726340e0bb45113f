"""Do both images evoke the asked level of valence? Yes or no."""

from functools import partial

from eemo_pipeline.stages.qa.level_questions import verify_both_levels
from eemo_pipeline.stages.qa.templates import QaTemplate

TEMPLATE = QaTemplate(
    name="both_valence_level",
    category="pair_perception",
    question_type="yes_no",
    claim="both_at_level",
    dimension="valence",
    needs=("valence",),
    pairs="valence",
    sentences=(
        "Is the valence of the feeling that each of the two pictures evokes {}?",
        "Do both pictures leave viewers with a {} emotional tone?",
        "Would viewers call both of these pictures {} in valence?",
        "By viewers' own account, is the valence of both pictures {}?",
        "Are the two pictures alike in that the feeling they evoke is {} in valence?",
        "Does each of these pictures put its viewers into a {} mood?",
    ),
    ask=partial(verify_both_levels, "valence"),
    fills=("asked",),
    cell=("asked",),
    proof=("valence", "valence_level"),
)
