"""The positions of EMOTIC's labels in valence-arousal-dominance space: `labels__label_points`.

Holds the regression of ratings on labels and the nearest anchor. The anchors are in
`emotion/vad.py`, the mapping in `emotion/mappings.py`.

EEmoDB (arXiv 2602.01173, Eq. 5): an annotator who chose m labels gives each a share of 1/m in p.
Ratings are y = W p without intercept, by least squares; the coefficients are fitted on the training
part of every fold of a repeated k-fold and averaged. A column of W is the point of a label. A label
is assigned to the emotion of the nearest anchor of Table 6 within the radius; the others follow the
manual table, which is the reviewed mapping. The published values of k, the repeats and the radius
are lost. The mapping in use stays the published one; these points show how far a lake agrees with
it.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from eemo_pipeline.emotion.mappings import read_mapping
from eemo_pipeline.emotion.taxonomies import EMOTIC_26, canonical
from eemo_pipeline.emotion.vad import PUBLISHED_CENTROIDS, normalised_ratings
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stats.hash_draws import draw

LABEL_SPACE = "emotic26"
_DIMENSIONS = ("valence", "arousal", "dominance")
_ANNOTATION = ("source", "record_id", "annotation_no")
# With fewer than twice as many annotations as coefficients, least squares is meaningless.
_FEWEST = 2 * len(EMOTIC_26)


@dataclass(frozen=True)
class Regression:
    """Folds and repeats of the cross-validation, the radius around an anchor, and the seed."""

    folds: int = 10
    repeats: int = 10
    radius: float = 0.15
    seed: str = "eemodb"


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
    """One row per label of EMOTIC: its point, the nearest anchor and its emotion.

    `status` is ok or refused; reasons: no_annotations, too_few_annotations (fewer than 52, or
    fewer than the folds), never_chosen.

    Returns:
        A frame of `labels__label_points`, always 26 rows.
    """
    chosen, ratings, keys = _read(dedup__images, ingest__annotations)
    counts = (chosen > 0).sum(axis=0).astype(np.int64)
    known = len(chosen) >= max(_FEWEST, rules.folds)
    fit = fit_points(chosen, ratings, _fold_numbers(keys, rules)) if known else None
    table = read_mapping(LABEL_SPACE, "ekman7")
    rows = []
    for place, label in enumerate(EMOTIC_26):
        row = {"label": label, "label_count": int(counts[place]), "published_emotion": table[label]}
        if fit is None or not counts[place]:
            empty = "too_few_annotations" if len(chosen) else "no_annotations"
            row |= {"status": "refused", "reason": "never_chosen" if fit else empty}
        else:
            row |= {"status": "ok"} | _describe(fit, place, table[label], rules.radius)
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
    images: pl.DataFrame, annotations: pl.DataFrame
) -> tuple[np.ndarray, np.ndarray, pl.Series]:
    """Return label shares, ratings and keys of the fully rated annotations, ordered by key."""
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
                normalised_ratings(pl.col(f"native_{name}"), low, high)
                .struct.field("value")
                .alias(name)
                for name in _DIMENSIONS
            ),
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
    ratings = rated.select(_DIMENSIONS).to_numpy()[names_any]
    return chosen[names_any] / sums[names_any, None], ratings, rated["key"].filter(names_any)


def _fold_numbers(keys: pl.Series, rules: Regression) -> np.ndarray:
    """Return repeats x annotations: folds of equal size, in a new random order per repeat."""
    frame = keys.to_frame("key")
    orders = [
        frame.select(draw(pl.col("key"), f"{rules.seed}/{repeat}")).to_series()
        for repeat in range(rules.repeats)
    ]
    return np.stack([order.rank("ordinal").to_numpy() % rules.folds for order in orders])


def _describe(fit: Fit, place: int, published: str, radius: float) -> dict[str, object]:
    point = fit.points[place]
    distances = {
        emotion: float(np.linalg.norm(point - np.array(anchor)))
        for emotion, anchor in PUBLISHED_CENTROIDS.items()
    }
    nearest = min(distances, key=lambda emotion: (distances[emotion], emotion))
    is_near = distances[nearest] <= radius
    return {
        "emotion": nearest if is_near else published,
        "rule": "nearest_anchor" if is_near else "manual_table",
        "anchor_emotion": nearest,
        "anchor_distance": round(distances[nearest], 6),
        **{name: round(float(point[axis]), 6) for axis, name in enumerate(_DIMENSIONS)},
        "fit_sd": round(float(fit.spread[place].max()), 6),
        "held_out_error": round(float(fit.error.mean()), 6),
        "baseline_error": round(float(fit.baseline.mean()), 6),
    }
