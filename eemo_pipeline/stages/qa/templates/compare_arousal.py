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
        "Compare the two pictures in arousal: which one excites more, and why?",
        "Which of these pictures leaves viewers more activated? Explain.",
        "How do the two pictures differ in how calm or excited they leave viewers?",
    ),
    ask=partial(ask_comparison, "arousal"),
    proof=("arousal", "arousal_level"),
)
