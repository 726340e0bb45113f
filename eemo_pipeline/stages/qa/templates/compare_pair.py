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
        "Compare the emotions that the two pictures evoke, with their valence, arousal "
        "and dominance.",
        "How do these two pictures differ, and agree, in what viewers feel?",
        "Set the emotional effect of the first picture beside that of the second.",
        "In what are the two pictures alike, and in what do they differ, when it comes "
        "to their emotions?",
        "Compare the two pictures by their main emotions and by the levels of valence, "
        "arousal and dominance.",
        "Write a comparison of what viewers feel at the first picture and at the second.",
    ),
    depicted=(
        "Compare what the people in the two pictures seem to feel, with its valence, "
        "arousal and dominance.",
        "How do the people in these two pictures differ, and agree, in what they seem to feel?",
        "Write a comparison of what the people in the first picture and those in the "
        "second seem to feel.",
    ),
    ask=partial(ask_comparison, "overall"),
    proof=("ranking", "valence_level", "arousal_level", "dominance_level"),
)
