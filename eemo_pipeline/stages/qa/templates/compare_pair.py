"""A comparison of two images: main emotions and all three dimensions."""

from functools import partial

from eemo_pipeline.stages.qa.templates import QaTemplate
from eemo_pipeline.stages.qa.text_questions import ask_comparison

TEMPLATE = QaTemplate(
    name="compare_pair",
    category="description",
    question_type="open",
    claim="written",
    needs=("rank_1",),
    text="comparisons",
    sentences=(
        "Compare the emotions that the two pictures evoke, with their valence, arousal and "
        "dominance.",
        "How do these two pictures differ, and agree, in what viewers feel?",
        "Set the emotional effect of the first picture beside that of the second.",
    ),
    ask=partial(ask_comparison, "overall"),
    proof=("ranking", "valence_level", "arousal_level", "dominance_level"),
)
