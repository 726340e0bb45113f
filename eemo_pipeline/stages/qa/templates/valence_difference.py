"""Is the valence of the second image much higher, about the same or much lower?"""

from functools import partial

from eemo_pipeline.stages.qa.level_questions import compare_levels
from eemo_pipeline.stages.qa.templates import QaTemplate

TEMPLATE = QaTemplate(
    name="valence_difference",
    category="pair_perception",
    question_type="what_how",
    claim="difference",
    dimension="valence",
    needs=("valence",),
    pairs="valence",
    sentences=(
        "How does the valence that the second picture evokes compare with that of the first?",
        "Set against the first picture, how pleasant is the second?",
        "Going from the first picture to the second, what becomes of the valence?",
    ),
    ask=partial(compare_levels, "valence"),
    cell=("correct",),
    proof=("valence",),
)
