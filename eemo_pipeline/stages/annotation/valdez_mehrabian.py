"""Annotator after Valdez and Mehrabian 1994: feeling from brightness and saturation alone.

Computes this annotator's reading of an image and its wording. The parts that it shares with
`ou_solli_lenz.py` are in `pixel_descriptions.py` and `embedded_answers.py`.

From the paper: pleasure, arousal and dominance of a colour as linear functions of brightness and
saturation, applied to the means over the image. Our choice: HSV replaces the Munsell value and
chroma that the authors used, and the three numbers are mapped to the 0-1 scale of the emotion
anchors by giving ordinary photographs the mean and the standard deviation of the eight anchors.
"""

from typing import Any

from eemo_pipeline.emotion.colour import pleasure_arousal_dominance
from eemo_pipeline.imaging.pixel_measures import Pixels
from eemo_pipeline.roles.annotator import AnnotationRequest
from eemo_pipeline.stages.annotation.embedded_answers import Reading, answer_request, feeling
from eemo_pipeline.stages.annotation.pixel_descriptions import Impression, describe_subject, look
from eemo_pipeline.stages.annotation.reference_photographs import (
    PLEASURE_AROUSAL_DOMINANCE,
    place_among_anchors,
)

NAME = "valdez_mehrabian"
MODEL = "valdez-mehrabian-1994/4"
METHOD = (
    "Valdez and Mehrabian 1994, Effects of color on emotions: pleasure, arousal and dominance "
    "from mean brightness and saturation; nearest Mikels anchor in V-A-D"
)

_LIGHT = ("dark", "half-lit", "bright")
_PURITY = ("muted", "coloured", "vivid")
# (light, purity) -> attributes, the plainest first; each list has words of both polarities.
_ATTRIBUTES = {
    ("bright", "vivid"): ("vibrant", "garish"),
    ("bright", "coloured"): ("bright", "glaring"),
    ("bright", "muted"): ("airy", "washed-out"),
    ("half-lit", "vivid"): ("rich", "garish"),
    ("half-lit", "coloured"): ("balanced", "mellow", "dull"),
    ("half-lit", "muted"): ("muted", "gentle", "dreary"),
    ("dark", "vivid"): ("deep", "velvety", "brooding"),
    ("dark", "coloured"): ("shaded", "quiet", "gloomy"),
    ("dark", "muted"): ("dark", "tranquil", "bleak"),
}


def answer(request: AnnotationRequest) -> dict[str, Any]:
    """Answer a request; runs in a worker process."""
    return answer_request(request, read)


def read(rgb: Pixels) -> Reading:
    """Return the reading of an image whose long side has at most 200 pixels."""
    seen = look(rgb)
    point = place_among_anchors(
        PLEASURE_AROUSAL_DOMINANCE.standardise(
            pleasure_arousal_dominance(seen.brightness, seen.saturation)
        )
    )
    light = _LIGHT[(seen.brightness >= 0.35) + (seen.brightness > 0.6)]
    purity = _PURITY[(seen.saturation >= 0.2) + (seen.saturation > 0.5)]
    return Reading(
        point=point,
        attributes=_ATTRIBUTES[light, purity],
        descriptions=_descriptions(seen, light, purity, feeling(point)),
        backgrounds=(
            f"mostly {seen.surroundings} surroundings, {light} and {purity}",
            f"{light}, {purity} surroundings in {seen.surroundings}",
        ),
        subjects=(describe_subject(seen, "area"), describe_subject(seen, "part")),
        evidence=(
            f"{light} overall: mean brightness {seen.brightness:.2f} of 1",
            f"{purity} overall: mean saturation {seen.saturation:.2f} of 1",
            f"{seen.colours[0]} covers {seen.colour_share:.0%} of the image",
        ),
    )


def _descriptions(seen: Impression, light: str, purity: str, felt: str) -> tuple[str, str]:
    subject = describe_subject(seen, "area")
    action = "draws the eye" if seen.place else "fills the view"
    rest = f"{subject[0].upper()}{subject[1:]}"
    return (
        f"A {light}, {purity} image in {seen.palette}; {subject} {action}; it feels {felt}.",
        f"{rest} {action} in mostly {seen.surroundings} surroundings; "
        f"the {light}, {purity} image feels {felt}.",
    )
