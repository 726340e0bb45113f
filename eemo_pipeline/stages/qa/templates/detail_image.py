"""Content, main emotions, and the levels of valence, arousal and dominance in one answer."""

from functools import partial

from eemo_pipeline.stages.qa.templates import QaTemplate
from eemo_pipeline.stages.qa.text_questions import ask_text

TEMPLATE = QaTemplate(
    name="detail_image",
    category="description",
    question_type="open",
    claim="written",
    needs=("has_details", "mass", "valence"),
    text="details",
    sentences=(
        "Describe this picture and the emotions it evokes in detail, with their valence, "
        "arousal and dominance.",
        "Give a full account of what is seen here and of what viewers feel.",
        "Analyse this picture: its content, its main emotions and the levels of valence, "
        "arousal and dominance.",
        "What does this picture show, and how do viewers respond to it? Answer in detail.",
        "Describe the content of this picture, the reactions of different viewers, and "
        "how pleasant, exciting and overwhelming it is.",
        "Write a paragraph on this picture: what is in it, what viewers feel, and at "
        "which levels of valence, arousal and dominance.",
    ),
    depicted=(
        "Describe this picture and what the people in it seem to feel, with their "
        "valence, arousal and dominance.",
        "Give a full account of what is seen here and of what the people shown seem to feel.",
        "Write a paragraph on this picture: what is in it, what the people in it seem to "
        "feel, and at which levels of valence, arousal and dominance.",
    ),
    ask=partial(ask_text, "details"),
    proof=("ranking", "valence_level", "arousal_level", "dominance_level"),
)
