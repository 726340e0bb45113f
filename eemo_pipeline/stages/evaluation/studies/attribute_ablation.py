"""The attribute ablation: what scene, objects, faces and other attributes add to the emotion.

How the attributes enter AIGIEmo's model is not published, so there are two mechanisms. As `heads`,
attributes are further targets of a narrow shared layer that the emotion is read from; leaving a
head out changes the layer. As `inputs`, words of the attributes stand beside the features; leaving
one out sets its columns to zero. Each attribute is left out alone and tried alone. Where people
rated enough of the images, valence and arousal are predicted in the same ways, as the published
correlations are of the same models.

The words come from annotators, who have seen the image and no label. They and a model's draft of
the emotion may come from one model, so a gain need not be a gain of information.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import polars as pl

from eemo_pipeline.stages.evaluation.studies.labelled_images import LabelledImages
from eemo_pipeline.stages.evaluation.studies.study_table import (
    AROUSAL_PLCC,
    VALENCE_PLCC,
    Study,
    tabulate_study,
)
from eemo_pipeline.stages.evaluation.studies.trials import (
    ALL_SOURCES,
    PENALTY,
    SMALLEST_TRAIN,
    Missing,
    Trial,
    answer,
    can_fit,
    try_arm,
)
from eemo_pipeline.stats.linear_classifier import (
    fit_classifier,
    shared_representation,
    solve_ridge,
    standardise,
)

ATTRIBUTES = (
    *("scene", "objects", "facial_expression", "human_action", "style"),
    *("background", "attribute", "subject"),
)
HEADS, INPUTS = "heads", "inputs"
SEEDS = (1, 2, 3)
# Width of the shared layer: narrower than the eight emotions, so that other targets can steer it.
UNITS = 4
# A correlation over fewer images says nothing.
SMALLEST_TEST = 5
_MOST_WORDS = 64
_SMALLEST_WORD_COUNT = 3
RATINGS = (VALENCE_PLCC, AROUSAL_PLCC)
NOBODY_SAYS = (
    "No annotator states it. The embedded ones measure pixels and name no scene, object, face, "
    "action or style; models do (EEMO_PROVIDERS)."
)
_WORD = re.compile(r"[^\W\d_]{3,}")
_HEAD_PENALTY = 1.0


STUDY = Study("attribute_ablation", lambda trial: f"{trial.arm.partition(':')[0]}: all")


def ablate_attributes(images: LabelledImages, replies: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of the study.

    Args:
        images: the labelled images.
        replies: rows of `annotation__replies`, whose first round has the attributes.
    """
    words = attribute_words(images.image_ids, replies)
    known = [name for name in ATTRIBUTES if words[name].shape[1]]
    missing = [
        Missing(f"{mechanism}: without {name}", "no_values", NOBODY_SAYS)
        for mechanism in (HEADS, INPUTS)
        for name in ATTRIBUTES
        if name not in known
    ]
    if not known or not can_fit(images.emotions[images.may_train]):
        reason = "no_values" if not known else "too_few_images"
        missing = [Missing(f"{mechanism}: all", reason) for mechanism in (HEADS, INPUTS)]
        return tabulate_study(STUDY, (), missing)
    trials = [
        trial
        for seed in SEEDS
        for chosen, arm in _arms(known)
        for trial in (
            *_try_both(images, words, chosen, arm, seed),
            *_predict_both(images, words, chosen, arm, seed),
        )
    ]
    predicted = {trial.number for trial in trials}
    missing += [
        Missing(f"{mechanism}: all", "too_few_images", "too few images with ratings", number)
        for mechanism in (HEADS, INPUTS)
        for number in RATINGS
        if number not in predicted
    ]
    return tabulate_study(STUDY, trials, missing)


def attribute_words(image_ids: np.ndarray, replies: pl.DataFrame) -> Mapping[str, np.ndarray]:
    """Return attribute -> images x words, 1 where an annotator uses the word of the image.

    The words are the most frequent ones; a word of fewer than three images is left out.
    """
    places = {image_id: place for place, image_id in enumerate(image_ids)}
    said: dict[str, list[set[str]]] = {name: [set() for _ in image_ids] for name in ATTRIBUTES}
    usable = replies.filter((pl.col("round") == 1) & (pl.col("status") == "ok"))
    for row in usable.select("image_id", *ATTRIBUTES).iter_rows(named=True):
        place = places.get(row["image_id"])
        if place is not None:
            for name in ATTRIBUTES:
                said[name][place] |= _words_of(row[name])
    return {name: _indicators(sets) for name, sets in said.items()}


def _words_of(value: str | Sequence[str] | None) -> set[str]:
    text = value if isinstance(value, str) else " ".join(value or ())
    return set(_WORD.findall(text.casefold()))


def _indicators(sets: Sequence[set[str]]) -> np.ndarray:
    counts = Counter(word for words in sets for word in words)
    kept = [
        word
        for word, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        if _SMALLEST_WORD_COUNT <= count < len(sets)
    ][:_MOST_WORDS]
    return np.array([[word in words for word in kept] for words in sets], dtype=float).reshape(
        len(sets), len(kept)
    )


def _arms(known: Sequence[str]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the attributes that are there, and the arm's name."""
    yield tuple(known), "all"
    yield (), "none"
    if len(known) > 1:
        for name in known:
            yield tuple(other for other in known if other != name), f"without {name}"
            yield (name,), f"{name} alone"


def _try_both(
    images: LabelledImages,
    words: Mapping[str, np.ndarray],
    chosen: Sequence[str],
    arm: str,
    seed: int,
) -> Iterator[Trial]:
    held = images.held_out(seed)
    train, test = np.flatnonzero(~held), np.flatnonzero(held)
    if not len(test) or not can_fit(images.emotions[train]):
        return
    both = _with_inputs(images, words, chosen)
    yield from try_arm(f"{INPUTS}: {arm}", images, train, {ALL_SOURCES: test}, seed, both)
    answers = _answer_by_heads(images, [words[name] for name in chosen], train, test)
    yield answer(f"{HEADS}: {arm}", images, ALL_SOURCES, test, answers, seed, len(train))


def _predict_both(
    images: LabelledImages,
    words: Mapping[str, np.ndarray],
    chosen: Sequence[str],
    arm: str,
    seed: int,
) -> Iterator[Trial]:
    """Yield trials that predict people's ratings of the images that have one."""
    held = images.held_out(seed)
    for number, ratings in zip(RATINGS, (images.valence, images.arousal), strict=True):
        is_rated = np.isfinite(ratings)
        train, test = np.flatnonzero(is_rated & ~held), np.flatnonzero(is_rated & held)
        if len(train) < SMALLEST_TRAIN or len(test) < SMALLEST_TEST:
            continue
        target = ratings[train][:, None]
        layer = _shared_layer(images, target, [words[name] for name in chosen], train)
        ways = (
            (HEADS, layer, _HEAD_PENALTY),
            (INPUTS, _with_inputs(images, words, chosen), PENALTY),
        )
        for mechanism, seen, penalty in ways:
            told = _predict(seen, target, train, penalty)[test]
            where = f"{mechanism}: {arm}", ALL_SOURCES, seed, images.units[test]
            yield Trial(*where, ratings[test], told, len(train), number)


def _predict(
    features: np.ndarray, target: np.ndarray, train: np.ndarray, penalty: float
) -> np.ndarray:
    """Return the value of each row by ridge regression on the rows `train`."""
    mean, scale = standardise(features[train])
    seen = (features - mean) / scale
    return (seen @ solve_ridge(seen[train], _centre(target), penalty))[:, 0] + target.mean()


def _with_inputs(
    images: LabelledImages, words: Mapping[str, np.ndarray], chosen: Sequence[str]
) -> np.ndarray:
    """Return the features beside the words of all attributes; those not chosen are zero."""
    zeroed = [block if name in chosen else np.zeros_like(block) for name, block in words.items()]
    return np.concatenate([images.features, *zeroed], axis=1)


def _answer_by_heads(
    images: LabelledImages, heads: Sequence[np.ndarray], train: np.ndarray, test: np.ndarray
) -> np.ndarray:
    """Return the emotions read from a layer that the emotion and the heads share."""
    classes, codes = np.unique(images.emotions[train], return_inverse=True)
    layer = _shared_layer(images, np.eye(len(classes))[codes], heads, train)
    model = fit_classifier(layer[train], images.emotions[train], _HEAD_PENALTY)
    return model.decide(layer[test])


def _shared_layer(
    images: LabelledImages, target: np.ndarray, heads: Sequence[np.ndarray], train: np.ndarray
) -> np.ndarray:
    """Return images x units of the narrow layer that the target and the heads share.

    Every head counts as much as the target: its columns have the same total variance.
    """
    mean, scale = standardise(images.features[train])
    seen = (images.features - mean) / scale
    targets = [_centre(target), *(_centre(block[train]) for block in heads)]
    wanted = np.concatenate([block / (_spread(block) or 1.0) for block in targets], axis=1)
    return seen @ shared_representation(seen[train], wanted, PENALTY, UNITS)


def _centre(block: np.ndarray) -> np.ndarray:
    return block - block.mean(axis=0)


def _spread(block: np.ndarray) -> float:
    return float(np.sqrt((block**2).sum()))
