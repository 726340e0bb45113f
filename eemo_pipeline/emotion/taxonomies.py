"""The label sets of the field, their spellings, and how one maps to another.

Belongs here: closed vocabularies, aliases, mapping tables with their source.
Does not belong here: numbers (`vad.py`) or anything that reads a picture or a table.
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


# To Ekman-7. Mikels: thesaurus synonyms as EEmoDB's authors describe (awe to surprise).
# EMOTIC: EEmoDB, Table 6; its joy cell is lost in print, and the ten labels that no other cell
# names are taken for it. A label without an entry loses its mass, and the loss is reported.
_MIKELS_TO_EKMAN = {
    "amusement": "joy",
    "anger": "anger",
    "awe": "surprise",
    "contentment": "joy",
    "disgust": "disgust",
    "excitement": "joy",
    "fear": "fear",
    "sadness": "sadness",
}
_EMOTIC_TO_EKMAN = {
    **dict.fromkeys(
        (
            "affection",
            "anticipation",
            "confidence",
            "esteem",
            "excitement",
            "happiness",
            "pleasure",
            "sensitivity",
            "sympathy",
            "yearning",
        ),
        "joy",
    ),
    **dict.fromkeys(("engagement", "surprise", "embarrassment"), "surprise"),
    "anger": "anger",
    **dict.fromkeys(
        ("disquietment", "doubt/confusion", "annoyance", "disapproval", "aversion"), "disgust"
    ),
    **dict.fromkeys(("sadness", "suffering", "pain"), "sadness"),
    "fear": "fear",
    **dict.fromkeys(("disconnection", "peace", "fatigue"), "neutral"),
}
# To Mikels-8: only the four emotions that both sets share. Joy has three counterparts and
# surprise a doubtful one, so their mass is declared lost rather than guessed.
_EKMAN_TO_MIKELS = {emotion: emotion for emotion in ("anger", "disgust", "fear", "sadness")}

# Plutchik: a reading of the wheel, since EEmoDB prints no table for it: every spoke goes to one of
# Ekman's emotions, anticipation to neutral.
_PLUTCHIK_TO_EKMAN = {
    **dict.fromkeys(("ecstasy", "joy", "serenity", "admiration", "trust", "acceptance"), "joy"),
    **dict.fromkeys(("amazement", "surprise", "distraction"), "surprise"),
    **dict.fromkeys(("rage", "anger", "annoyance"), "anger"),
    **dict.fromkeys(("loathing", "disgust", "boredom"), "disgust"),
    **dict.fromkeys(("grief", "sadness", "pensiveness"), "sadness"),
    **dict.fromkeys(("terror", "fear", "apprehension"), "fear"),
    **dict.fromkeys(("vigilance", "anticipation", "interest"), "neutral"),
}

_EKMAN_IDENTITY = {emotion: emotion for emotion in EKMAN_7}
_MIKELS_IDENTITY = {emotion: emotion for emotion in MIKELS_8}

# (label space, taxonomy) -> label -> emotion
MAPPINGS: dict[tuple[str, str], dict[str, str]] = {
    ("mikels8", "mikels8"): _MIKELS_IDENTITY,
    ("mikels8", "ekman7"): _MIKELS_TO_EKMAN,
    ("affection9", "mikels8"): _MIKELS_IDENTITY,
    ("affection9", "ekman7"): _MIKELS_TO_EKMAN,
    ("ekman7", "mikels8"): _EKMAN_TO_MIKELS,
    ("ekman7", "ekman7"): _EKMAN_IDENTITY,
    ("emotic26", "ekman7"): _EMOTIC_TO_EKMAN,
    ("plutchik24", "ekman7"): _PLUTCHIK_TO_EKMAN,
    ("mikels8_or_ekman7", "mikels8"): {**_EKMAN_TO_MIKELS, **_MIKELS_IDENTITY},
    ("mikels8_or_ekman7", "ekman7"): {**_MIKELS_TO_EKMAN, **_EKMAN_IDENTITY},
}
