"""Annotator after Ou et al. 2004 and Solli and Lenz 2010: feeling from the dominant colours.

Computes this annotator's reading of an image and its wording. The parts that it shares with
`valdez_mehrabian.py` are in `pixel_descriptions.py` and `embedded_answers.py`.

From the papers: activity, weight and heat of a colour (Ou et al.), averaged over the colours of an
image by the area that they cover (Solli and Lenz, "Color emotions for multi-colored images").
Our choice: the mapping to V-A-D. Warm and light colours count as pleasant in equal parts. Activity,
contrast and edge density count as arousing, activity twice. Light colours raise dominance. Each
part is standardised on ordinary photographs, and the result is given the mean and the standard
deviation of the eight anchors.
"""

from typing import Any

import numpy as np

from eemo_pipeline.emotion.colour import colour_emotion
from eemo_pipeline.imaging.pixel_measures import Pixels
from eemo_pipeline.roles.annotator import AnnotationRequest
from eemo_pipeline.stages.annotation.embedded_answers import Reading, answer_request, feeling
from eemo_pipeline.stages.annotation.pixel_descriptions import (
    Impression,
    describe_subject,
    look,
    with_article,
)
from eemo_pipeline.stages.annotation.reference_photographs import (
    COLOUR_EMOTIONS,
    TEXTURE,
    place_among_anchors,
)

NAME = "ou_solli_lenz"
MODEL = "ou-2004-solli-lenz-2010/4"
METHOD = (
    "Ou et al. 2004 colour emotions (activity, weight, heat) over dominant Lab segments as Solli "
    "and Lenz 2010, with contrast and edges; nearest Mikels anchor in V-A-D"
)

_HEAT = ("cold", "mild", "warm")
_ACTIVITY = ("passive", "moderate", "active")
_WEIGHT = ("light", "medium", "heavy")
_TEXTURE = ("smooth", "patterned", "busy")
# Within half a standard deviation of the mean, a photograph is ordinary.
_ORDINARY = 0.5
# A colour weight beyond this many standard deviations alone decides the attributes.
_EXTREME = 1.0
# (heat, activity) -> attributes, the plainest first; each list has words of both polarities.
_ATTRIBUTES = {
    ("warm", "active"): ("energetic", "agitated"),
    ("warm", "moderate"): ("warm", "stifling"),
    ("warm", "passive"): ("cosy", "stale"),
    ("mild", "active"): ("striking", "harsh"),
    ("mild", "moderate"): ("even", "harmonious", "tense"),
    ("mild", "passive"): ("soft", "lifeless"),
    ("cold", "active"): ("crisp", "hostile"),
    ("cold", "moderate"): ("cool", "fresh", "chilly"),
    ("cold", "passive"): ("cold", "serene", "desolate"),
}
_HEAVY, _LIGHT = ("heavy", "grand", "oppressive"), ("light", "delicate", "empty")


def answer(request: AnnotationRequest) -> dict[str, Any]:
    """Answer a request; runs in a worker process."""
    return answer_request(request, read)


def read(rgb: Pixels) -> Reading:
    """Return the reading of an image whose long side has at most 200 pixels."""
    seen = look(rgb)
    felt = [float(seen.segment_shares @ factor) for factor in colour_emotion(seen.segments_lab)]
    activity, weight, heat = COLOUR_EMOTIONS.standardise(felt)
    contrast, edges = TEXTURE.standardise((seen.contrast, seen.edge_density))
    # The divisors scale the sums to about unit standard deviation on the reference photographs.
    point = place_among_anchors(
        ((heat - weight) / np.sqrt(2), (2 * activity + contrast + edges) / 2, -weight)
    )
    heat_word, weight_word = _word(heat, _HEAT), _word(weight, _WEIGHT)
    texture = _word(edges, _TEXTURE)
    attributes = _ATTRIBUTES[heat_word, _word(activity, _ACTIVITY)]
    if abs(weight) > _EXTREME:
        attributes = _HEAVY if weight > 0 else _LIGHT
    area = with_article(f"{texture} texture")
    return Reading(
        point=point,
        attributes=attributes,
        descriptions=_descriptions(seen, (heat_word, weight_word, texture), feeling(point)),
        backgrounds=(
            f"{heat_word} {seen.surroundings} surroundings with {area}",
            f"{texture} surroundings in {heat_word} {seen.surroundings}",
        ),
        subjects=(describe_subject(seen, "region"), describe_subject(seen, "patch")),
        evidence=(
            f"colours {heat_word} (heat {felt[2]:+.2f}) and of {weight_word} weight "
            f"({felt[1]:+.2f})",
            f"colour activity {felt[0]:+.2f}, contrast {seen.contrast:.2f} of 1",
            f"{texture}: edges on {seen.edge_density:.0%} of the pixels",
        ),
    )


def _descriptions(seen: Impression, words: tuple[str, str, str], felt: str) -> tuple[str, str]:
    heat, weight, texture = words
    subject = describe_subject(seen, "region")
    verb = "leads" if seen.place else "fills"
    start = f"{subject[0].upper()}{subject[1:]}"
    return (
        f"{heat.capitalize()} colours of {weight} weight, {seen.palette}; {subject} {verb} "
        f"{with_article(texture)} composition that feels {felt}.",
        f"{start} {verb} {with_article(texture)} composition in {heat} {seen.palette}, "
        f"{weight} in weight; it feels {felt}.",
    )


def _word(spreads: float, words: tuple[str, str, str]) -> str:
    return words[int(spreads >= -_ORDINARY) + int(spreads > _ORDINARY)]
