"""A description of the visible content, without any emotion."""

from functools import partial

from eemo_pipeline.stages.qa.templates import QaTemplate
from eemo_pipeline.stages.qa.text_questions import ask_text

TEMPLATE = QaTemplate(
    name="describe_image",
    category="description",
    question_type="open",
    claim="written",
    needs=("has_descriptions",),
    text="descriptions",
    sentences=(
        "Describe what is visible in this picture, leaving feelings aside.",
        "What can be seen in this picture? Do not interpret it.",
        "Give a short and sober description of this picture.",
        "Say in one to three sentences what this picture shows.",
        "What does this picture look like? Name no feelings.",
        "Describe the look of this picture briefly and plainly.",
    ),
    ask=partial(ask_text, "descriptions"),
)
