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
        "On the scale from unpleasant to pleasant, does this picture leave its viewers "
        "in a {} state?",
        "By viewers' own account, is the valence of this picture {}?",
        "Is the feeling that viewers have at this picture {} in valence?",
        "Does this picture put its viewers into a {} mood?",
    ),
    depicted=(
        "Is the valence of what the people in this picture seem to feel {}?",
        "Do the people in this picture seem to be in a {} state of mind?",
        "Would you call the mood of the people shown here {}?",
    ),
    ask=partial(verify_level, "valence"),
    fills=("asked",),
    cell=("asked",),
    proof=("valence", "valence_level"),
)
