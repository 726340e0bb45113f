"""The label sets of the field and their spellings: closed vocabularies and aliases.

Mappings between the sets are in `mappings.py`, numeric scales in `vad.py`. Aliases match a whole
label, never a part of one.
"""

# Mikels et al. 2005, in alphabetical order as in EmoVerse's released heads.
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

# Ekman's six emotions and neutral, the label space of EEmoDB.
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

# Machajdik and Hanbury 2010: Mikels' eight, spelled "Content" and "Sad" by the dataset.
ABSTRACT_8 = MIKELS_8

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

# GAPED's folders: depicted content, not emotions.
GAPED_CATEGORIES = (
    "animal mistreatment",
    "human rights violation",
    "neutral",
    "positive",
    "snake",
    "spider",
)

# WEBEmo in the order of its class numbers, 0 to 24 (Panda et al. 2018), in its authors' spelling.
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
    "abstract8": ABSTRACT_8,
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
    # FindingEmo, as spelled in its authors' own code
    "annotance": "annoyance",
    "digust": "disgust",
    "ecstast": "ecstasy",
}


def canonical(label: str) -> str:
    """Return the label in lower case without outer blanks, with known spellings unified."""
    plain = label.strip().lower()
    return ALIASES.get(plain, plain)
