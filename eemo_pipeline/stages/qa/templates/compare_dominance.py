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
        "Compare the two pictures in dominance: which one leaves more control, and why?",
        "At which of these pictures do viewers feel more in control? Explain.",
        "How do the two pictures differ in how much they overwhelm their viewers?",
    ),
    ask=partial(ask_comparison, "dominance"),
    proof=("dominance", "dominance_level"),
)
