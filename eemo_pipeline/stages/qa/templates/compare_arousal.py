"""A comparison of two images in arousal, with an explanation for each."""

from functools import partial

from eemo_pipeline.stages.qa.templates import QaTemplate
from eemo_pipeline.stages.qa.text_questions import ask_comparison

TEMPLATE = QaTemplate(
    name="compare_arousal",
    category="description",
    question_type="open",
    claim="written",
    dimension="arousal",
    needs=("arousal",),
    text="comparisons",
    sentences=(
        "Compare the two pictures in arousal: which one stirs viewers more, and why?",
        "Which of these pictures leaves viewers more excited? Explain.",
        "How do the two pictures differ in how calm or excited viewers feel?",
        "Are the two pictures alike in arousal? Explain your answer.",
        "Set the arousal at the first picture beside that at the second, with reasons.",
        "Say how the two pictures compare in arousal, and what viewers feel at each.",
    ),
    depicted=(
        "Compare the people in the two pictures in arousal: who seems more excited?",
        "How do the people in the two pictures differ in how calm or excited they seem to be?",
        "Say how the people in the two pictures compare in arousal, and what they seem to feel.",
    ),
    ask=partial(ask_comparison, "arousal"),
    proof=("arousal", "arousal_level"),
)
