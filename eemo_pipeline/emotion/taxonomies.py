"""The label sets of the field and their spellings.

Belongs here: closed vocabularies and aliases. Does not belong here: how one set maps to another
(`mappings.py`), numbers (`vad.py`) or anything that reads a picture or a table.
Aliases are matched on the whole label, never on a part of it.
"""

# Mikels et al. 2005, alphabetical order as in EmoVerse's released heads.
MIKELS_8 = (
    "amusement",
    "anger",
    "awe",
    "contentment",
    "disgust",
    "excitement",
    "fear",
    "sadness",
)
POSITIVE_MIKELS = ("amusement", "awe", "contentment", "excitement")

# Ekman's six and neutral, the label space of EEmoDB.
EKMAN_7 = ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")

TAXONOMIES: dict[str, tuple[str, ...]] = {"mikels8": MIKELS_8, "ekman7": EKMAN_7}

# Kosti et al. 2019. The documentation's "Disquitement" is an alias below.
EMOTIC_26 = (
    "affection",
    "anger",
    "annoyance",
    "anticipation",
    "aversion",
    "confidence",
    "disapproval",
    "disconnection",
    "disquietment",
    "doubt/confusion",
    "embarrassment",
    "engagement",
    "esteem",
    "excitement",
    "fatigue",
    "fear",
    "happiness",
    "pain",
    "peace",
    "pleasure",
    "sadness",
    "sensitivity",
    "suffering",
    "surprise",
    "sympathy",
    "yearning",
)

SOMETHING_ELSE = "something else"
AFFECTION_9 = (*MIKELS_8, SOMETHING_ELSE)

# Plutchik's wheel as FindingEmo uses it (Mertens et al. 2024): three strengths of eight emotions.
PLUTCHIK_24 = (
    "acceptance",
    "admiration",
    "amazement",
    "anger",
    "annoyance",
    "anticipation",
    "apprehension",
    "boredom",
    "disgust",
    "distraction",
    "ecstasy",
    "fear",
    "grief",
    "interest",
    "joy",
    "loathing",
    "pensiveness",
    "rage",
    "sadness",
    "serenity",
    "surprise",
    "terror",
    "trust",
    "vigilance",
)

# EmoArt's own twelve, labels of valence-arousal quadrants; they map to no other set.
EMOART_12 = (
    "alarmed",
    "annoyed",
    "aroused",
    "bored",
    "calm",
    "contentment",
    "excited",
    "frustrated",
    "glad",
    "happy",
    "sad",
    "tired",
)

# GAPED's folders: what is shown, not what is felt.
GAPED_CATEGORIES = (
    "animal mistreatment",
    "human rights violation",
    "neutral",
    "positive",
    "snake",
    "spider",
)

# WEBEmo in the order of its class numbers, 0 to 24 (Panda et al. 2018), misspelt as its authors do.
WEBEMO_25 = (
    "affection",
    "cheerfullness",
    "confusion",
    "contentment",
    "disappointment",
    "disgust",
    "enthrallment",
    "envy",
    "exasperation",
    "gratitude",
    "horror",
    "irritabilty",
    "lust",
    "neglect",
    "nervousness",
    "optimism",
    "pride",
    "rage",
    "relief",
    "sadness",
    "shame",
    "suffering",
    "surprise",
    "sympathy",
    "zest",
)

LABEL_SPACES: dict[str, tuple[str, ...]] = {
    "mikels8": MIKELS_8,
    "ekman7": EKMAN_7,
    "emotic26": EMOTIC_26,
    "affection9": AFFECTION_9,
    "mikels8_or_ekman7": tuple(dict.fromkeys((*MIKELS_8, *EKMAN_7))),
    "plutchik24": PLUTCHIK_24,
    "emoart12": EMOART_12,
    "gaped6": GAPED_CATEGORIES,
    "webemo25": WEBEMO_25,
    "none": (),
}

ALIASES = {
    "sad": "sadness",
    "content": "contentment",
    "disquitement": "disquietment",
    "neutrality": "neutral",
    # FindingEmo, as its authors' own code spells them
    "annotance": "annoyance",
    "digust": "disgust",
    "ecstast": "ecstasy",
}


def canonical(label: str) -> str:
    """Lower-case label without outer blanks, with known spellings unified."""
    plain = label.strip().lower()
    return ALIASES.get(plain, plain)
