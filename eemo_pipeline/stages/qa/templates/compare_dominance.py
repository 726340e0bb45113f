"""A comparison of two images in dominance, with an explanation for each."""

from functools import partial

from eemo_pipeline.stages.qa.templates import QaTemplate
from eemo_pipeline.stages.qa.text_questions import ask_comparison

TEMPLATE = QaTemplate(
    name="compare_dominance",
    category="description",
    question_type="open",
    claim="written",
    dimension="dominance",
    needs=("dominance",),
    text="comparisons",
    sentences=(
        "Compare the two pictures in dominance: which one leaves viewers more in control, and why?",
        "At which of these pictures do viewers feel less overwhelmed? Explain.",
        "How do the two pictures differ in how much control viewers feel?",
        "Are the two pictures alike in dominance? Explain your answer.",
        "Set the dominance at the first picture beside that at the second, with reasons.",
        "Say how the two pictures compare in dominance, and what viewers feel at each.",
    ),
    depicted=(
        "Compare the people in the two pictures in dominance: who seems more in control?",
        "How do the people in the two pictures differ in how much control they seem to have?",
        "Say how the people in the two pictures compare in dominance, and what they seem to feel.",
    ),
    ask=partial(ask_comparison, "dominance"),
    proof=("dominance", "dominance_level"),
)
