"""Is the valence that the image evokes negative, neutral or positive? Yes or no."""

from functools import partial

from eemo_pipeline.stages.qa.level_questions import verify_level
from eemo_pipeline.stages.qa.templates import QaTemplate

TEMPLATE = QaTemplate(
    name="valence_level",
    category="perception",
    question_type="yes_no",
    claim="level_is",
    dimension="valence",
    needs=("valence",),
    sentences=(
        "Is the valence of the feeling that this picture evokes {}?",
        "Would you call the emotional tone that viewers take from this picture {}?",
        "On the scale from unpleasant to pleasant, does this picture leave viewers in a {} state?",
    ),
    ask=partial(verify_level, "valence"),
    fills=("asked",),
    cell=("asked",),
    proof=("valence", "valence_level"),
)
