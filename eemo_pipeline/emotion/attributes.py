"""Affective attributes and their polarity: the words an annotator may give and a critic reads.

Polarity is our judgement of the word in plain English.
"""

POSITIVE, NEUTRAL, NEGATIVE = "positive", "neutral", "negative"

ATTRIBUTE_POLARITY = {
    **dict.fromkeys(
        (
            *("airy", "bright", "calm", "cheerful", "clean", "clear", "colourful", "cosy"),
            *("crisp", "dazzling", "delicate", "dreamy", "elegant", "energetic", "fresh"),
            *("friendly", "gentle", "glowing", "golden", "grand", "harmonious", "inviting"),
            *("joyful", "light", "lively", "luminous", "lush", "majestic", "mellow", "peaceful"),
            *("playful", "quiet", "radiant", "refreshing", "rich", "serene", "soft", "sparkling"),
            *("splendid", "striking", "sunny", "tender", "tranquil", "velvety", "vibrant"),
            *("vivid", "warm", "welcoming"),
        ),
        POSITIVE,
    ),
    **dict.fromkeys(
        (
            *("balanced", "bold", "cool", "deep", "dense", "even", "faded", "grey", "intense"),
            *("misty", "muted", "ordinary", "pale", "plain", "restrained", "shaded", "smooth"),
            *("solid", "static", "textured", "uniform"),
        ),
        NEUTRAL,
    ),
    **dict.fromkeys(
        (
            *("agitated", "barren", "bleak", "brooding", "chaotic", "chilly", "cold", "dark"),
            *("depressing", "desolate", "dim", "dingy", "dirty", "dreary", "dull", "eerie"),
            *("empty", "garish", "gloomy", "glaring", "grim", "harsh", "heavy", "hostile"),
            *("leaden", "lifeless", "lonely", "menacing", "murky", "oppressive", "ominous"),
            *("restless", "rough", "shadowy", "sombre", "stale", "stifling", "tense"),
            *("threatening", "washed-out", "weary"),
        ),
        NEGATIVE,
    ),
}


def polarity(attribute: str) -> str | None:
    """Return the polarity of an attribute, ignoring case; None where the lexicon lacks the word."""
    return ATTRIBUTE_POLARITY.get(attribute.strip().lower())
