"""A comparison of two images in valence, with an explanation for each."""

from functools import partial

from eemo_pipeline.stages.qa.templates import QaTemplate
from eemo_pipeline.stages.qa.text_questions import ask_comparison

TEMPLATE = QaTemplate(
    name="compare_valence",
    category="description",
    question_type="open",
    claim="written",
    dimension="valence",
    needs=("valence",),
    text="comparisons",
    sentences=(
        "Compare the two pictures in valence: which one feels more pleasant, and why?",
        "Which of these pictures leaves viewers in the better mood? Explain.",
        "How do the two pictures differ in how pleasant or unpleasant they feel?",
    ),
    ask=partial(ask_comparison, "valence"),
    proof=("valence", "valence_level"),
)
