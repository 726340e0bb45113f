"""Invented emotion profiles per subject of the demo lake, and the sentences of invented workers.

`tables.py` turns a profile into the rows of a dataset.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Affect:
    """The profile of a subject.

    Attributes:
        mikels: share of each of Mikels' emotions; the rest is "something else".
        ekman: share of each of Ekman's emotions; the rest is neutral.
        vad: mean valence, arousal and dominance on 0..1.
        visible: visible things, as parts of sentences.
        theme: the theme in the style of OASIS.
        category: the category in the style of OASIS.
    """

    mikels: Mapping[str, float]
    ekman: Mapping[str, float]
    vad: tuple[float, float, float]
    visible: tuple[str, ...]
    theme: str
    category: str = "Scenery"


def _shares(text: str) -> dict[str, float]:
    """Parse `awe 40 fear 20` as shares."""
    words = text.split()
    return {word: int(share) / 100 for word, share in zip(words[::2], words[1::2], strict=True)}


def _affect(
    mikels: str,
    ekman: str,
    vad: tuple[float, float, float],
    visible: str,
    theme: str,
    category: str = "Scenery",
) -> Affect:
    return Affect(_shares(mikels), _shares(ekman), vad, tuple(visible.split("; ")), theme, category)


AFFECTS: dict[str, Affect] = {
    "sunset_sea": _affect(
        "contentment 52 awe 36 excitement 5 sadness 4",
        "joy 62 surprise 9 sadness 5",
        (0.83, 0.36, 0.60),
        "the low sun over the sea; the orange light on the water; the glow along the horizon",
        "Sunset",
    ),
    "stormy_night": _affect(
        "fear 58 awe 26 sadness 5 excitement 6",
        "fear 62 surprise 20 sadness 5",
        (0.22, 0.76, 0.27),
        "the lightning above the trees; the black clouds; the bare branches in the storm",
        "Lightning",
    ),
    "blossom_meadow": _affect(
        "contentment 60 amusement 20 awe 10 excitement 6",
        "joy 84 surprise 4",
        (0.88, 0.45, 0.66),
        "the flowers in the grass; the bright meadow; the blue sky over the field",
        "Flowers",
    ),
    "snowy_mountain": _affect(
        "awe 62 contentment 22 excitement 9 fear 3",
        "joy 44 surprise 28 fear 4",
        (0.76, 0.48, 0.48),
        "the snow on the peaks; the steep mountain; the dark woods below the summit",
        "Mountain",
    ),
    "cracked_earth": _affect(
        "sadness 58 fear 14 disgust 6 awe 8",
        "sadness 60 fear 12 disgust 6",
        (0.27, 0.33, 0.34),
        "the cracked ground; the dry tree on the plain; the dust over the empty land",
        "Dry ground",
    ),
    "starry_sky": _affect(
        "awe 74 contentment 16 excitement 4 fear 3",
        "joy 38 surprise 36 fear 3",
        (0.79, 0.42, 0.42),
        "the stars above the ridge; the band of the Milky Way; the endless night sky",
        "Galaxy",
    ),
    "calm_lake": _affect(
        "contentment 78 awe 13 sadness 3",
        "joy 55 sadness 3",
        (0.81, 0.17, 0.63),
        "the still water of the lake; the hills mirrored in the water; the soft light",
        "Lake",
    ),
    "lone_tree": _affect(
        "sadness 62 fear 12 contentment 10 awe 6",
        "sadness 56 fear 10 joy 4",
        (0.32, 0.21, 0.36),
        "the leafless tree in the fog; the grey hills; the empty land in the mist",
        "Bare tree",
    ),
    "ruin": _affect(
        "sadness 50 fear 24 anger 12 disgust 5",
        "sadness 46 fear 22 anger 12 disgust 4",
        (0.20, 0.47, 0.29),
        "the broken walls; the empty windows of the ruins; the rubble in the street",
        "Destruction",
    ),
    "fire": _affect(
        "fear 40 anger 24 excitement 18 awe 9",
        "fear 40 anger 26 surprise 12 joy 4",
        (0.33, 0.86, 0.33),
        "the high flames; the fire in the dark; the sparks above the blaze",
        "Fire",
    ),
    "dark_corridor": _affect(
        "fear 76 sadness 11 disgust 4",
        "fear 78 sadness 6 surprise 5",
        (0.19, 0.63, 0.22),
        "the dark corridor; the dim light at the end; the open doors in the dark",
        "Dark hall",
    ),
    "balloons": _affect(
        "amusement 58 excitement 28 contentment 10",
        "joy 86 surprise 7",
        (0.90, 0.71, 0.70),
        "the coloured balloons; the confetti in the air; the party",
        "Balloons",
        "Object",
    ),
    "mould": _affect(
        "disgust 84 fear 5 sadness 4",
        "disgust 84 fear 4 anger 3",
        (0.16, 0.54, 0.35),
        "the mould; the slimy spots; the rotten growth on the surface",
        "Mould",
        "Object",
    ),
    "fireworks": _affect(
        "excitement 60 awe 22 amusement 12",
        "joy 70 surprise 22",
        (0.88, 0.87, 0.60),
        "the fireworks over the town; the bursts of light; the sparks in the night sky",
        "Fireworks",
    ),
    "city_night": _affect(
        "excitement 40 awe 27 contentment 17 sadness 5",
        "joy 46 surprise 10 sadness 4",
        (0.69, 0.57, 0.54),
        "the lit windows of the towers; the skyline at dusk; the city at night",
        "Skyline",
    ),
    "geometry": _affect(
        "amusement 46 excitement 20 contentment 14",
        "joy 28 surprise 10",
        (0.61, 0.47, 0.57),
        "the coloured shapes; the circles and triangles; the plain geometric pattern",
        "Shapes",
        "Object",
    ),
    "rain_window": _affect(
        "sadness 56 contentment 26 fear 4",
        "sadness 52 joy 10",
        (0.38, 0.26, 0.41),
        "the rain on the window; the drops on the pane; the grey light outside",
        "Rain",
    ),
    "shards": _affect(
        "anger 72 fear 15 excitement 7",
        "anger 74 fear 10 surprise 7",
        (0.18, 0.88, 0.45),
        "the red and black splinters; the sharp red burst; the violent red shapes",
        "Explosion",
        "Object",
    ),
    "person": _affect(
        "contentment 35 awe 25 excitement 18 amusement 10",
        "joy 52 surprise 6",
        (0.72, 0.45, 0.63),
        "the person in the picture; the face; the clothes",
        "Portrait",
        "Person",
    ),
    "cat": _affect(
        "amusement 50 contentment 38",
        "joy 74 surprise 5",
        (0.84, 0.38, 0.62),
        "the cat; its calm eyes; the striped fur",
        "Cat",
        "Animal",
    ),
    "coffee": _affect(
        "contentment 66 amusement 14 excitement 6",
        "joy 50",
        (0.76, 0.34, 0.63),
        "the cup of coffee; the spoon on the saucer; the warm wooden table",
        "Coffee",
        "Object",
    ),
    "rocket": _affect(
        "excitement 52 awe 38",
        "joy 48 surprise 30 fear 5",
        (0.79, 0.82, 0.50),
        "the rocket on its flame; the launch pad; the bright exhaust",
        "Rocket",
        "Object",
    ),
    "space": _affect(
        "awe 80 contentment 9 excitement 6",
        "surprise 42 joy 34",
        (0.78, 0.44, 0.39),
        "the distant galaxies; the deep black sky; the coloured points of light",
        "Deep space",
    ),
    "texture": _affect(
        "contentment 28 amusement 8",
        "joy 10",
        (0.52, 0.22, 0.52),
        "the plain surface; the even texture; the small irregular pattern",
        "Surface",
        "Object",
    ),
    "medical": _affect(
        "disgust 26 fear 20 awe 16",
        "disgust 22 fear 16 surprise 14",
        (0.38, 0.48, 0.38),
        "the medical picture; the round structure; the fine lines",
        "Microscope",
        "Object",
    ),
    "blank": _affect(
        "sadness 6 contentment 6",
        "sadness 5",
        (0.49, 0.12, 0.50),
        "the plain colour; the empty picture; nothing at all",
        "Blank",
        "Object",
    ),
}

# {visible} is one of the profile's phrases, {Visible} the same at the start of a sentence.
SENTENCES: dict[str, tuple[str, ...]] = {
    "amusement": (
        "{Visible} makes me smile, it is so playful.",
        "I find {visible} funny and light-hearted.",
        "It looks like fun; {visible} would cheer anybody up.",
    ),
    "anger": (
        "{Visible} makes me angry, somebody should have stopped this.",
        "I feel tense and furious when I look at {visible}.",
        "There is something aggressive about {visible}.",
    ),
    "awe": (
        "{Visible} makes me feel small, in a good way.",
        "I am amazed by {visible}; it is larger than anything I know.",
        "It takes my breath away to see {visible}.",
    ),
    "contentment": (
        "{Visible} makes me feel calm and at peace.",
        "I could look at {visible} for hours.",
        "It is a quiet picture, and {visible} helps me to relax.",
    ),
    "excitement": (
        "{Visible} makes me want to be there right now!",
        "My heart beats faster because of {visible}.",
        "So much energy: I feel thrilled by {visible}.",
    ),
    "disgust": (
        "{Visible} turns my stomach.",
        "I would not want to touch this; {visible} looks filthy.",
        "It is repulsive, above all {visible}.",
    ),
    "fear": (
        "{Visible} makes me uneasy, as if something bad were about to happen.",
        "I would be afraid to stand there with {visible}.",
        "It looks dangerous; {visible} frightens me.",
    ),
    "sadness": (
        "{Visible} makes me feel lonely.",
        "I feel sorry when I see {visible}; everything seems lost.",
        "It is a gloomy picture, and {visible} makes it worse.",
    ),
    "something else": (
        "I am just curious about {visible}.",
        "{Visible} leaves me indifferent.",
        "I wonder how this was made, and what {visible} means.",
    ),
}

# Invented labels of a depicted person, by the scene's main emotion.
EMOTIC_LABELS: dict[str, tuple[str, ...]] = {
    "amusement": ("Happiness", "Pleasure", "Engagement"),
    "anger": ("Anger", "Annoyance", "Disapproval"),
    "awe": ("Surprise", "Esteem", "Anticipation"),
    "contentment": ("Peace", "Pleasure", "Affection"),
    "excitement": ("Excitement", "Engagement", "Anticipation"),
    "disgust": ("Aversion", "Annoyance", "Disquietment"),
    "fear": ("Fear", "Disquietment", "Doubt/Confusion"),
    "sadness": ("Sadness", "Fatigue", "Disconnection"),
    "something else": ("Doubt/Confusion", "Disconnection", "Engagement"),
}
