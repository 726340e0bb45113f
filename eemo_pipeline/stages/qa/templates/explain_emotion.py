"""How the visible content leads to the emotions that people reported."""

from functools import partial

from eemo_pipeline.stages.qa.templates import QaTemplate
from eemo_pipeline.stages.qa.text_questions import ask_text

TEMPLATE = QaTemplate(
    name="explain_emotion",
    category="description",
    question_type="open",
    claim="written",
    needs=("has_reasonings",),
    text="reasonings",
    sentences=(
        "Which elements of this picture lead to the emotions it evokes, and why?",
        "Explain how this picture comes to evoke what its viewers feel.",
        "Why do viewers of this picture respond with these emotions and not with others?",
    ),
    ask=partial(ask_text, "reasonings"),
)
