"""Do the emotions arise directly from the visual effect, or from associations?"""

from functools import partial

from eemo_pipeline.stages.qa.templates import QaTemplate
from eemo_pipeline.stages.qa.text_questions import ask_text

TEMPLATE = QaTemplate(
    name="evocation",
    category="description",
    question_type="open",
    claim="written",
    needs=("has_evocations", "mass", "explanation_count"),
    text="evocations",
    sentences=(
        "Does this picture evoke its emotions directly, or by way of what it reminds viewers of?",
        "Are the feelings at this picture a matter of its visual effect or of association?",
        "How direct is the way from this picture to what its viewers feel?",
        "Do viewers respond to the look of this picture, or to what it calls to mind?",
        "Is it what is seen or what is remembered and known that evokes the emotions at "
        "this picture?",
        "Explain whether this picture works on its viewers directly or by association.",
    ),
    ask=partial(ask_text, "evocations"),
)
