"""Why viewers feel what they report. Only texts whose reasons people, or a model's text, state."""

from functools import partial

from eemo_pipeline.stages.qa.templates import QaTemplate
from eemo_pipeline.stages.qa.text_questions import ask_text

TEMPLATE = QaTemplate(
    name="explain_emotion",
    category="description",
    question_type="open",
    claim="written",
    needs=("has_explained", "rank_1", "explanation_count"),
    text="reasonings",
    sentences=(
        "Which elements of this picture lead to the emotions it evokes, and why?",
        "Explain how this picture comes to evoke what its viewers feel.",
        "Why do viewers of this picture respond with these emotions and not with others?",
        "What do viewers feel at this picture, and what do they give as the reason?",
        "Explain the emotions that viewers of this picture report, from the strongest to "
        "the weakest.",
        "What in this picture is behind the feelings of its viewers?",
    ),
    ask=partial(ask_text, "explained"),
)
