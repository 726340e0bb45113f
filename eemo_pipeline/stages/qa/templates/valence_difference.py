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
        "Set against the first picture, how high is the valence of the second?",
        "From the first picture to the second, how does the valence change?",
        "By viewers' own account, how does the valence of the second picture compare?",
        "Is the valence of the second picture much higher, about the same or much lower "
        "than that of the first?",
        "Seen after the first picture, where does the second one stand in valence?",
    ),
    ask=partial(compare_levels, "valence"),
    proof=("valence",),
    answers=3,
)
