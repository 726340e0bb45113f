"""Synthetic records with known truth, and annotators and a verifier with given error rates.

The tables have the schemas of a lake. The arms that use them are in `arms.py`.

The confusions of the emotions come from a public pilot (machine label against human label), in
which awe attracts errors from every other emotion. The other fields have error rates of our own
choice, since none are published. Every draw is a hash of the image's id, so nothing depends on
order.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from eemo_pipeline.aggregation.decide import TEXT_FIELDS, round_shares
from eemo_pipeline.emotion.attributes import ATTRIBUTE_POLARITY, NEGATIVE, POSITIVE
from eemo_pipeline.emotion.taxonomies import MIKELS_8, POSITIVE_MIKELS
from eemo_pipeline.emotion.vad import MIKELS_ANCHORS
from eemo_pipeline.ledger.store import EMBEDDED, Ask
from eemo_pipeline.roles.annotator import ANSWER_FIELDS
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stats.hash_draws import unit_interval

PICTURES = 400
ANNOTATORS = ("made_a", "made_b")
VERIFIER_ACCURACY = 0.80
# The distance of the true emotion's signal, in standard deviations, at which a verifier that names
# the strongest of eight signals is right with VERIFIER_ACCURACY.
SENSITIVITY = 2.3386
CLARITY_RIGHT, CLARITY_WRONG, CLARITY_SPREAD = 7.6, 6.6, 1.3
# The probability that an annotator's value is right.
RATES = {
    "description": 0.80,
    "background": 0.85,
    "attribute": 0.85,
    "subject": 0.90,
    "intensity": 0.75,
    "box": 0.76,
}
# Per cent of human labels, given the machine's: the diagonal and shares above a few per cent.
_PILOT = {
    "amusement": {"amusement": 75, "awe": 9},
    "anger": {"anger": 71, "awe": 10, "sadness": 8, "fear": 8},
    "awe": {"awe": 71},
    "contentment": {"contentment": 79, "awe": 8},
    "disgust": {"disgust": 72, "sadness": 8, "awe": 8},
    "excitement": {"excitement": 64, "awe": 12, "contentment": 8},
    "fear": {"fear": 83},
    "sadness": {"sadness": 82},
}
_SUBJECTS = ("boat", "child", "dog", "woman", "tree", "house", "horse", "crowd", "statue", "bird")
_PLACES = ("lake", "street", "forest", "kitchen", "beach", "field", "harbour", "square", "garden")
_SKIES = ("overcast", "sunny", "foggy", "snowy", "rainy", "moonlit")
_SIDE = (640, 480)
LEVEL_VALUES = {"low": 3, "medium": 6, "high": 9}
LEVELS = tuple(LEVEL_VALUES)


@dataclass(frozen=True)
class Records:
    """The tables that the experiment needs, and the known truth.

    Attributes:
        name: the name of the experiment.
        images, replies, verifier_replies, regions, labels: rows of the lake's tables.
        truth: image_id and the right value of every known field: `emotion`, `intensity_level`,
            `description`, `background`, `attribute`, `subject`, `box` (left, top, right, bottom).
            A field whose truth is unknown has no column.
        annotators: the annotators that can be asked again.
    """

    name: str
    images: pl.DataFrame
    replies: pl.DataFrame
    verifier_replies: pl.DataFrame
    regions: pl.DataFrame
    labels: pl.DataFrame
    truth: pl.DataFrame
    annotators: tuple[Any, ...]


@dataclass(frozen=True)
class MadeAnnotator:
    """An annotator with given error rates; implements `Annotator`. Each round is a new draw."""

    name: str
    truth: dict[str, dict[str, Any]]
    rho: float
    model: str = "made"
    method: str = "simulated: errors by rate"
    prompt_hash: str = "0"
    revision_hash: str = "0"
    provider: str = EMBEDDED

    def perform(self, asks: Sequence[Ask]) -> Iterator[tuple[Ask, dict[str, Any]]]:
        """Answer every ask from the truth and the random draws."""
        for ask in asks:
            yield ask, self.answer(ask.image_id, ask.payload.round)

    def answer(self, image_id: str, round_no: int) -> dict[str, Any]:
        """Return the annotator's answer for an image in a round."""
        gold = self.truth[image_id]
        shared = unit_interval(image_id, "shared", str(round_no)) < self.rho
        voice = "both" if shared else self.name
        emotion = draw_emotion(gold["emotion"], image_id, voice, str(round_no))
        is_right = emotion == gold["emotion"]
        place = MIKELS_ANCHORS[emotion]
        said = {
            name: draw_value(name, gold, image_id, self.name, str(round_no))
            for name in (*TEXT_FIELDS, "intensity_level")
        }
        level = said.pop("intensity_level")
        return {
            "status": "ok",
            **dict.fromkeys(ANSWER_FIELDS),
            **said,
            "emotion": emotion,
            "alternatives": [],
            "alternative_probabilities": [],
            "clarity": draw_clarity(is_right, image_id, voice, str(round_no)),
            "intensity": LEVEL_VALUES[level],
            "valence": place.valence,
            "arousal": LEVEL_VALUES[level] / 10,
            "dominance": place.dominance,
            "evidence": ["a visible cue"],
        }


def make_records(rho: float, pictures: int = PICTURES) -> Records:
    """Make records in which both annotators share the draw of the emotion with probability rho."""
    ids = [f"{number:064x}" for number in range(pictures)]
    truth = {image_id: _make_truth(image_id) for image_id in ids}
    annotators = tuple(MadeAnnotator(name, truth, rho) for name in ANNOTATORS)
    replies = [
        {
            "image_id": image_id,
            "annotator": annotator.name,
            "round": 1,
            "model": annotator.model,
            "method": annotator.method,
            "prompt_hash": annotator.prompt_hash,
            **annotator.answer(image_id, 1),
        }
        for image_id in ids
        for annotator in annotators
    ]
    return Records(
        f"made_rho_{round(100 * rho):02d}",
        _frame("dedup__images", [_image(image_id) for image_id in ids]),
        _frame("annotation__replies", replies),
        _frame("verification__replies", [_verified(i, truth[i]["emotion"]) for i in ids]),
        _frame("grounding__regions", [_region(i, truth[i]) for i in ids]),
        _frame("labels__emotions", [_label(i, truth[i]["emotion"]) for i in ids]),
        pl.DataFrame(
            [{"image_id": image_id, **gold} for image_id, gold in truth.items()],
            schema_overrides={"box": pl.List(pl.Float64)},
        ),
        annotators,
    )


def draw_emotion(truth: str, *seed: str) -> str:
    """Return a machine's label for an image with human label `truth`, by the pilot's confusions."""
    shares = np.cumsum(confusion_of_machines()[MIKELS_8.index(truth)])
    place = int(np.searchsorted(shares, unit_interval("emotion", *seed), side="right"))
    return MIKELS_8[min(place, len(MIKELS_8) - 1)]


@cache
def confusion_of_machines() -> np.ndarray:
    """Return P(machine | human), 8 x 8, with rows by human label.

    Computed from P(human | machine) by Bayes' rule, with equally frequent machine labels. The
    shares that the pilot does not list are spread evenly.
    """
    given_machine = np.zeros((8, 8))
    for row, machine in enumerate(MIKELS_8):
        named = _PILOT[machine]
        rest = (100 - sum(named.values())) / (len(MIKELS_8) - len(named))
        given_machine[row] = [named.get(people, rest) / 100 for people in MIKELS_8]
    return (given_machine / given_machine.sum(axis=0)).T


def draw_clarity(is_right: bool, *seed: str) -> int:  # noqa: FBT001
    """Return a stated clarity, 1 to 10, as in `simulation.py`: a point higher where right."""
    noise = float(normal_quantile(unit_interval("clarity", *seed)))
    mean = CLARITY_RIGHT if is_right else CLARITY_WRONG
    return int(np.clip(round(mean + CLARITY_SPREAD * noise), 1, 10))


def draw_shares(truth: str, image_id: str) -> np.ndarray:
    """Return a verifier's probabilities of the eight emotions.

    The verifier sees a signal of unit variance for each emotion, which is SENSITIVITY higher for
    the true one (Green and Swets 1966, equal variance). Its probabilities are the posterior under
    even priors, so they are calibrated, and it names the likeliest.
    """
    noise = [unit_interval(image_id, "verifier", emotion) for emotion in MIKELS_8]
    signal = normal_quantile(np.array(noise))
    signal[MIKELS_8.index(truth)] += SENSITIVITY
    odds = np.exp(SENSITIVITY * (signal - signal.max()))
    return odds / odds.sum()


def normal_quantile(shares: Any) -> Any:
    """Return the standard normal quantiles of shares, clipped to [1e-9, 1 - 1e-9]."""
    from scipy.special import ndtri

    return ndtri(np.clip(shares, 1e-9, 1 - 1e-9))


def draw_value(name: str, gold: dict[str, Any], image_id: str, *seed: str) -> Any:
    """Return the right value of a field, or a wrong one at the field's error rate."""
    rate = RATES["intensity" if name == "intensity_level" else name]
    if unit_interval(image_id, name, *seed) < rate:
        return gold[name]
    return spoil_value(name, gold, image_id, *seed)


def spoil_value(name: str, gold: dict[str, Any], image_id: str, *seed: str) -> Any:
    """Return a wrong value of a field, in the same form as a right one."""
    chance = unit_interval(image_id, name, "wrong", *seed)
    if name == "intensity_level":
        return _another(LEVELS, gold[name], chance)
    if name == "subject":
        return _another(_SUBJECTS, gold[name], chance)
    if name == "background":
        return f"a {_pick(_SKIES, 1 - chance)} {_another(_PLACES, gold['place'], chance)}"
    if name == "attribute":
        return _another(_attributes(gold["emotion"], right=False), gold[name], chance)
    return _sentence(_another(_SUBJECTS, gold["subject"], chance), gold["background"])


def _make_truth(image_id: str) -> dict[str, Any]:
    emotion = _pick(MIKELS_8, unit_interval(image_id, "truth"))
    subject = _pick(_SUBJECTS, unit_interval(image_id, "subject"))
    place = _pick(_PLACES, unit_interval(image_id, "place"))
    background = f"a {_pick(_SKIES, unit_interval(image_id, 'sky'))} {place}"
    words = _attributes(emotion, right=True)
    left = 20 + 200 * unit_interval(image_id, "left")
    top = 20 + 150 * unit_interval(image_id, "top")
    wide = 150 + 150 * unit_interval(image_id, "wide")
    return {
        "emotion": emotion,
        "intensity_level": _pick(LEVELS, unit_interval(image_id, "level")),
        "description": _sentence(subject, background),
        "background": background,
        "place": place,
        "attribute": _pick(words, unit_interval(image_id, "attribute")),
        "subject": subject,
        "box": [round(left), round(top), round(left + wide), round(top + 0.8 * wide)],
    }


def _sentence(subject: str, background: str) -> str:
    return f"A {subject} stands alone near the middle of {background} and looks away."


def _attributes(emotion: str, *, right: bool) -> tuple[str, ...]:
    """Return the words of the emotion's polarity, or of the opposite one."""
    half = POSITIVE if (emotion in POSITIVE_MIKELS) == right else NEGATIVE
    return tuple(word for word, tone in ATTRIBUTE_POLARITY.items() if tone == half)


def _pick(values: Sequence[Any], chance: float) -> Any:
    return values[int(chance * len(values))]


def _another(values: Sequence[Any], than: Any, chance: float) -> Any:
    return _pick([value for value in values if value != than], chance)


def _image(image_id: str) -> dict[str, Any]:
    return {
        "image_id": image_id,
        "cluster_id": image_id,
        "split": "train",
        "source": "made",
        "path": "made",
        "width_px": _SIDE[0],
        "height_px": _SIDE[1],
        "brightness": 0.5,
        "colourfulness": 40.0,
        "dominant_colours": ["#808080"],
        "is_blank": False,
    }


def _verified(image_id: str, emotion: str) -> dict[str, Any]:
    shares = round_shares(draw_shares(emotion, image_id)[None, :])[0]
    return {
        "image_id": image_id,
        "verifier": "made_verifier",
        "source": "made",
        "model": "made",
        "method": f"simulated: right with probability {VERIFIER_ACCURACY}",
        "status": "ok",
        "emotion": MIKELS_8[int(shares.argmax())],
        "probability": float(shares.max()),
        "distribution": shares.tolist(),
        "fold": 1 + int(5 * unit_interval(image_id, "fold")),
    }


def _region(image_id: str, gold: dict[str, Any]) -> dict[str, Any]:
    left, top, right, bottom = gold["box"]
    is_right = unit_interval(image_id, "box") < RATES["box"]
    shift = 0 if is_right else 0.6 * (right - left)
    return {
        "image_id": image_id,
        "region_no": 1,
        "detector": "made",
        "segmenter": "made",
        "model": "made",
        "method": "simulated: errors by rate",
        "status": "ok",
        "x1_px": left + shift,
        "y1_px": float(top),
        "x2_px": right + shift,
        "y2_px": float(bottom),
        "score": 0.8,
    }


def _label(image_id: str, emotion: str) -> dict[str, Any]:
    fixed = {"taxonomy": "mikels8", "mass": 1.0, "lost_mass": 0.0, "sources": ["made"]}
    return {"image_id": image_id, "emotion": emotion, "rule": "made", **fixed}


def _frame(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=TABLES[name].polars_schema)
