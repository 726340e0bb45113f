"""The candidates of a dominant-emotion question: one fixed list per label set.

EEmo-Logic looks its reward matrix up by the list, joined by ", ", exactly as the question shows it.
So the order and the spelling of a published list are those of its key (written out in the script
vad_distance.py of its second training stage). The label sets themselves are in `taxonomies.py`.
"""

from eemo_pipeline.emotion.taxonomies import EMOART_12, WEBEMO_25

MIKELS_8_LIST = (
    *("disgust", "contentment", "sadness", "awe", "anger", "excitement", "amusement", "fear"),
)
# Machajdik and Hanbury's own spelling of Mikels' eight.
ABSTRACT_8_LIST = (
    *("Anger", "Sad", "Fear", "Disgust", "Amusement", "Excitement", "Awe", "Content"),
)
EMOTIC_26_LIST = (
    *("Pain", "Sadness", "Embarrassment", "Fatigue", "Excitement", "Engagement", "Confidence"),
    *("Aversion", "Happiness", "Yearning", "Affection", "Sensitivity", "Fear", "Sympathy"),
    *("Suffering", "Doubt/Confusion", "Disapproval", "Anticipation", "Anger", "Esteem"),
    *("Surprise", "Disquietment", "Pleasure", "Disconnection", "Peace", "Annoyance"),
)
PLUTCHIK_24_LIST = (
    *("Trust", "Admiration", "Distraction", "Joy", "Boredom", "Terror", "Amazement", "Disgust"),
    *("Rage", "Vigilance", "Anticipation", "Anger", "Loathing", "Grief", "Acceptance", "Fear"),
    *("Pensiveness", "Serenity", "Surprise", "Interest", "Sadness", "Apprehension", "Annoyance"),
    "Ecstasy",
)
EKMAN_7_LIST = ("fear", "joy", "anger", "sadness", "surprise", "disgust", "neutral")

# The five with a reward matrix, in the order of the release.
REWARDED_LISTS = (
    MIKELS_8_LIST,
    ABSTRACT_8_LIST,
    EMOTIC_26_LIST,
    PLUTCHIK_24_LIST,
    EKMAN_7_LIST,
)

# Label space -> its list. A space that names the content of an image, and no emotion, has none.
CANDIDATE_LISTS: dict[str, tuple[str, ...]] = {
    "mikels8": MIKELS_8_LIST,
    "affection9": MIKELS_8_LIST,  # "something else" names no emotion
    "abstract8": ABSTRACT_8_LIST,
    "emotic26": EMOTIC_26_LIST,
    "plutchik24": PLUTCHIK_24_LIST,
    "ekman7": EKMAN_7_LIST,
    # without a published matrix
    "mikels8_or_ekman7": tuple(dict.fromkeys((*MIKELS_8_LIST, *EKMAN_7_LIST))),
    "emoart12": EMOART_12,
    "webemo25": WEBEMO_25,
}
