"""The positions of EMOTIC's labels in valence-arousal-dominance space: `labels__label_points`.

Holds the regression of ratings on labels and the nearest anchor. The anchors are in
`emotion/vad.py`, the mapping in `emotion/mappings.py`.

EEmoDB (arXiv 2602.01173, Eq. 5): an annotator who chose m labels gives each a share of 1/m in p.
Ratings are y = W p without intercept, by least squares; the coefficients are fitted on the training
part of every fold of a repeated k-fold and averaged. A column of W is the point of a label.

Clusters: Table 6 names one label as the anchor of each emotion, pleasure for joy. Its point in this
very fit is the emotion's anchor. A label belongs to the nearest anchor within the radius; one that
is as near to two anchors, or near to none, follows the manual table, which is the reviewed mapping.
The points that Table 6 prints come from the authors' ratings. They stand beside the lake's own,
with the distance between the two, and with the emotion that a label is nearest to by them.

The published values of k, the repeats and the radius are lost. The mapping in use stays the
published one; these points show how far a lake agrees with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from eemo_pipeline.emotion.mappings import list_entries, read_mapping
from eemo_pipeline.emotion.taxonomies import EMOTIC_26, canonical
from eemo_pipeline.emotion.vad import PUBLISHED_CENTROIDS, Scaling, Vad, normalised_ratings
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stats.hash_draws import draw

LABEL_SPACE = "emotic26"
_DIMENSIONS = ("valence", "arousal", "dominance")
_ANNOTATION = ("source", "record_id", "annotation_no")
# With fewer than twice as many annotations as coefficients, least squares is meaningless.
_FEWEST = 2 * len(EMOTIC_26)
_SAME = 1e-9  # distances that differ by less are a tie
# Table 6: label -> the emotion that it anchors.
_ANCHORS = {
    entry.label: entry.emotion
    for entry in list_entries()
    if entry.label_space == LABEL_SPACE and entry.note == "anchor" and entry.emotion
}


@dataclass(frozen=True)
class Regression:
    """Folds and repeats of the cross-validation, the radius around an anchor, seed and scaling."""

    folds: int = 10
    repeats: int = 10
    radius: float = 0.15
    seed: str = "eemodb"
    scaling: Scaling = "tenth"


@dataclass(frozen=True)
class Fit:
    """Averaged coefficients.

    Attributes:
        points: labels x 3, NaN for a label that nobody chose.
        spread: labels x 3, standard deviation over the fits.
        error: root mean square error on held-out annotations, per dimension.
        baseline: the same error when the mean of the training part is predicted.
    """

    points: np.ndarray
    spread: np.ndarray
    error: np.ndarray
    baseline: np.ndarray


def build_label_points(
    dedup__images: pl.DataFrame, ingest__annotations: pl.DataFrame, rules: Regression
) -> pl.DataFrame:
    """One row per label of EMOTIC: its point, its cluster, and what Table 6 says of it.

    `status` is ok or refused; reasons: no_annotations, too_few_annotations (fewer than 52, or
    fewer than the folds), never_chosen.

    Returns:
        A frame of `labels__label_points`, always 26 rows.
    """
    chosen, ratings, keys, rating_rule = _read(dedup__images, ingest__annotations, rules.scaling)
    counts = (chosen > 0).sum(axis=0).astype(np.int64)
    known = len(chosen) >= max(_FEWEST, rules.folds)
    fit = fit_points(chosen, ratings, _fold_numbers(keys, rules)) if known else None
    table = read_mapping(LABEL_SPACE, "ekman7")
    own = {} if fit is None else _own_anchors(fit)
    rows = []
    for place, label in enumerate(EMOTIC_26):
        row = {
            "label": label,
            "label_count": int(counts[place]),
            "published_emotion": table[label],
            "rating_rule": rating_rule,
            "is_anchor": label in _ANCHORS,
            **_printed_point(label),
        }
        if fit is None or not counts[place]:
            empty = "too_few_annotations" if len(chosen) else "no_annotations"
            row |= {"status": "refused", "reason": "never_chosen" if fit else empty}
        else:
            row |= {"status": "ok"} | _describe(fit, place, table[label], own, rules.radius)
        rows.append(row)
    return pl.DataFrame(rows, schema=TABLES["labels__label_points"].polars_schema).sort("label")


def fit_points(chosen: np.ndarray, ratings: np.ndarray, folds: np.ndarray) -> Fit:
    """Fit least squares without intercept on the training part of every fold, and average.

    Args:
        chosen: annotations x labels, each row summing to 1.
        ratings: annotations x 3, 0-1.
        folds: repeats x annotations, the number of the fold that holds an annotation out.

    Returns:
        The fit; for labels that always occur together, the minimum-norm solution.
    """
    gram, moments, total = chosen.T @ chosen, chosen.T @ ratings, ratings.sum(axis=0)
    fits, errors, baselines = [], [], []
    for numbers in folds:
        for fold in np.unique(numbers):
            held = numbers == fold
            x, y = chosen[held], ratings[held]
            solved = np.linalg.lstsq(gram - x.T @ x, moments - x.T @ y, rcond=1e-10)[0]
            mean = (total - y.sum(axis=0)) / max(len(chosen) - len(x), 1)
            fits.append(solved)
            errors.append(((x @ solved - y) ** 2).sum(axis=0))
            baselines.append(((mean - y) ** 2).sum(axis=0))
    points = np.mean(fits, axis=0)
    points[chosen.sum(axis=0) == 0] = np.nan
    error, baseline = (
        np.sqrt(np.sum(squares, axis=0) / folds.size) for squares in (errors, baselines)
    )
    return Fit(points, np.std(fits, axis=0), error, baseline)


def _read(
    images: pl.DataFrame, annotations: pl.DataFrame, scaling: Scaling
) -> tuple[np.ndarray, np.ndarray, pl.Series, str | None]:
    """Return label shares, ratings and keys of fully rated annotations by key, and their rule."""
    low, high = pl.col("scale_min"), pl.col("scale_max")
    rated = (
        annotations.filter(
            (pl.col("label_space") == LABEL_SPACE) & (pl.col("native_labels").list.len() > 0)
        )
        .join(images.select("image_id"), on="image_id", how="semi")
        .sort(_ANNOTATION)
        .select(
            pl.concat_str(_ANNOTATION, separator="/").alias("key"),
            pl.col("native_labels").list.unique(),
            *(
                normalised_ratings(pl.col(f"native_{name}"), low, high, scaling)
                .struct.field("value")
                .alias(name)
                for name in _DIMENSIONS
            ),
            normalised_ratings(pl.col("native_valence"), low, high, scaling)
            .struct.field("rule")
            .alias("rule"),
        )
        .drop_nulls(_DIMENSIONS)
        .with_row_index("no")
    )
    places = {label: place for place, label in enumerate(EMOTIC_26)}
    votes = rated.select("no", "native_labels").explode("native_labels").drop_nulls()
    spellings = votes["native_labels"].unique().to_list()
    known = {text: places[canonical(text)] for text in spellings if canonical(text) in places}
    votes = votes.filter(pl.col("native_labels").is_in(list(known)))
    chosen = np.zeros((rated.height, len(EMOTIC_26)))
    columns = votes["native_labels"].replace_strict(known, return_dtype=pl.Int64)
    chosen[votes["no"].to_numpy().astype(np.int64), columns.to_numpy().astype(np.int64)] = 1.0
    sums = chosen.sum(axis=1)
    names_any = sums > 0
    rated = rated.filter(pl.Series(names_any))
    rules = "; ".join(rated["rule"].unique().sort()) or None
    return (
        chosen[names_any] / sums[names_any, None],
        rated.select(_DIMENSIONS).to_numpy(),
        rated["key"],
        rules,
    )


def _fold_numbers(keys: pl.Series, rules: Regression) -> np.ndarray:
    """Return repeats x annotations: folds of equal size, in a new random order per repeat."""
    frame = keys.to_frame("key")
    orders = [
        frame.select(draw(pl.col("key"), f"{rules.seed}/{repeat}")).to_series()
        for repeat in range(rules.repeats)
    ]
    return np.stack([order.rank("ordinal").to_numpy() % rules.folds for order in orders])


def _own_anchors(fit: Fit) -> dict[str, np.ndarray]:
    """Return emotion -> the fitted point of its anchor label, of those that were chosen at all."""
    points = {emotion: fit.points[EMOTIC_26.index(label)] for label, emotion in _ANCHORS.items()}
    return {emotion: point for emotion, point in points.items() if not np.isnan(point).any()}


def _printed_point(label: str) -> dict[str, float]:
    """Return the point that Table 6 prints for an anchor label; empty for another label."""
    if label not in _ANCHORS:
        return {}
    point = PUBLISHED_CENTROIDS[_ANCHORS[label]]
    return {f"published_{name}": value for name, value in zip(_DIMENSIONS, point, strict=True)}


def _describe(
    fit: Fit, place: int, published: str, own: Mapping[str, np.ndarray], radius: float
) -> dict[str, object]:
    point, label = fit.points[place], EMOTIC_26[place]
    nearest, distance, is_tied = _nearest(point, own)
    printed, printed_distance, _ = _nearest(point, PUBLISHED_CENTROIDS)
    is_near = nearest is not None and distance <= radius and not is_tied
    emotion = nearest if is_near else published
    shift = float(np.linalg.norm(point - np.array(PUBLISHED_CENTROIDS[published])))
    return {
        "emotion": emotion,
        "rule": "nearest_anchor" if is_near else "manual_table",
        "anchor_emotion": nearest,
        "anchor_distance": None if nearest is None else round(distance, 6),
        "printed_emotion": printed,
        "printed_distance": round(printed_distance, 6),
        "anchor_shift": round(shift, 6) if label in _ANCHORS else None,
        "is_as_published": emotion == published,
        **{name: round(float(point[axis]), 6) for axis, name in enumerate(_DIMENSIONS)},
        "fit_sd": round(float(fit.spread[place].max()), 6),
        "held_out_error": round(float(fit.error.mean()), 6),
        "baseline_error": round(float(fit.baseline.mean()), 6),
    }


def _nearest(
    point: np.ndarray, anchors: Mapping[str, np.ndarray | Vad]
) -> tuple[str | None, float, bool]:
    """Return the emotion of the nearest anchor, its distance, and whether another is as near."""
    distances = {
        emotion: float(np.linalg.norm(point - np.array(anchor)))
        for emotion, anchor in anchors.items()
    }
    if not distances:
        return None, np.inf, False
    nearest = min(distances, key=lambda emotion: (distances[emotion], emotion))
    others = [distance for emotion, distance in distances.items() if emotion != nearest]
    is_tied = any(distance - distances[nearest] < _SAME for distance in others)
    return nearest, distances[nearest], is_tied
