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
        "Are the two pictures alike in valence? Explain your answer.",
        "Set the valence of the first picture beside that of the second, with reasons.",
        "Say how the two pictures compare in valence, and what viewers feel at each.",
    ),
    depicted=(
        "Compare the people in the two pictures in valence: who seems to feel more pleasant?",
        "How do the people in the two pictures differ in how pleasant or unpleasant they "
        "seem to feel?",
        "Say how the people in the two pictures compare in valence, and what they seem to feel.",
    ),
    ask=partial(ask_comparison, "valence"),
    proof=("valence", "valence_level"),
)
