"""Writes the invented annotations in the native files of the four datasets.

Draws values around a profile and writes them in the format of each dataset, including its quirks.
Bad rows are planted on purpose and listed.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eemo_pipeline.demo.affect import EMOTIC_LABELS, SENTENCES
from eemo_pipeline.demo.pictures import person_boxes
from eemo_pipeline.demo.plan import Placed
from eemo_pipeline.emotion.taxonomies import AFFECTION_9, EKMAN_7
from eemo_pipeline.stats.hash_draws import short_hash

_EKMAN_ORDER = (*(emotion for emotion in EKMAN_7 if emotion != "neutral"), "neutral")
_RATERS = 15
_WORKER_COUNT = 40
_TIE_EVERY = 12
_MARKUP = '<script>alert("this is a comment, not a program")</script>'
_QUOTED = 'My first word was "wow", then, slowly,\nI thought: {visible}, and nothing else.'


@dataclass(frozen=True)
class TableFile:
    """An annotation file.

    Attributes:
        path: relative to the folder of the sources.
        data: its bytes.
        bad_rows: row -> the code it is refused with.
        row_count: its data rows.
    """

    path: str
    data: bytes
    bad_rows: dict[int, str]
    row_count: int


def write_tables(pictures: Sequence[Placed], seed: int) -> list[TableFile]:
    """Return the annotation files of all four datasets."""
    listed: dict[str, list[Placed]] = {}
    for picture in pictures:
        if picture.is_listed:
            listed.setdefault(picture.dataset, []).append(picture)
    return [
        *_write_emotic(listed["emotic"], seed),
        _write_emotion6(listed["emotion6"], seed),
        _write_oasis(listed["oasis"], seed),
        _write_affection(listed["affection"], seed),
    ]


def _generator(picture: Placed, seed: int) -> np.random.Generator:
    return np.random.default_rng(int(short_hash(str(seed), picture.key, "annotations"), 16))


def _distribution(shares: dict[str, float], labels: Sequence[str], rest: str) -> np.ndarray:
    weights = np.array([shares.get(label, 0.0) for label in labels])
    weights[list(labels).index(rest)] += max(0.0, 1 - weights.sum())
    return weights / weights.sum()


def _own_vad(picture: Placed, rng: np.random.Generator) -> np.ndarray:
    """Return the image's own point near that of its profile, on 0..1."""
    return np.clip(np.array(picture.affect.vad) + rng.normal(0, 0.06, 3), 0.02, 0.98)


def _write_csv(header: str, rows: Sequence[Sequence[object]]) -> bytes:
    buffer = io.StringIO(newline="")
    buffer.write(header + "\n")
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue().encode()


# --- EMOTIC --------------------------------------------------------------------------------


def _write_emotic(pictures: Sequence[Placed], seed: int) -> list[TableFile]:
    rows: dict[str, list[list[object]]] = {"train": [], "val": [], "test": []}
    for picture in pictures:
        rng = _generator(picture, seed)
        split = str(rng.choice(["train", "val", "test"], p=[0.7, 0.1, 0.2]))
        for box in person_boxes(picture.recipe, seed):
            rows[split].append(_emotic_row(picture, rng, split, box))
    spoilt = {
        "train": [
            ("picture_missing", 1, "never_downloaded.jpg"),
            ("bad_number", 5, "[nan, 5, 6]"),
            ("out_of_range", 5, "[6, 11, 5]"),
            ("unknown_label", 4, "['Bliss']"),
            ("bad_list", 4, "__import__('os').system('echo no')"),
        ],
        "val": [("bad_box", 3, "[10, 20, 30]")],
        "test": [("unsafe_path", 0, "../../etc")],
    }
    header = "Index,Folder,Filename,Image Size,BBox,Categorical_Labels,Continuous_Labels,Gender,Age"
    files = []
    for split, own in rows.items():
        bad_rows = {}
        for reason, column, value in spoilt[split]:
            row = list(own[len(bad_rows) * 3 % len(own)])
            row[column] = value
            own.append(row)
            bad_rows[len(own)] = reason
        table = [[index, *row] for index, row in enumerate(own)]
        path = f"emotic/emotic_pre/{split}.csv"
        files.append(TableFile(path, _write_csv(header, table), bad_rows, len(own)))
    return files


def _emotic_row(
    picture: Placed, rng: np.random.Generator, split: str, box: tuple[int, int, int, int]
) -> list[object]:
    """Return folder, file, size, box, labels, ratings, gender and age of one person."""
    folder, _, filename = picture.name.rpartition("/")
    chances = _distribution(dict(picture.affect.mikels), AFFECTION_9, "something else")
    emotions = rng.choice(AFFECTION_9, size=2, p=chances)
    labels = sorted({str(rng.choice(EMOTIC_LABELS[str(emotion)])) for emotion in emotions})
    ratings = 1 + 9 * _own_vad(picture, rng)
    if split == "train":  # one annotator, whole numbers; elsewhere means over several
        values: list[float | int] = [int(value) for value in ratings.round()]
    else:
        values = [round(float(value), 2) for value in ratings]
    gender, age = rng.choice(["Male", "Female"]), rng.choice(["Kid", "Teenager", "Adult"])
    return [folder, filename, "[480, 360]", str(list(box)), str(labels), str(values),
            str(gender), str(age)]  # fmt: skip


# --- Emotion6 ------------------------------------------------------------------------------


def _write_emotion6(pictures: Sequence[Placed], seed: int) -> TableFile:
    names = ["[image_filename]", "[valence]", "[arousal]"]
    names += [f"[prob. {emotion}]" for emotion in _EKMAN_ORDER]
    ordered = sorted(pictures, key=lambda picture: short_hash(str(seed), picture.name))
    lines = []
    for index, picture in enumerate(ordered):
        rng = _generator(picture, seed)
        chances = _distribution(dict(picture.affect.ekman), _EKMAN_ORDER, "neutral")
        votes = rng.multinomial(_RATERS, rng.dirichlet(chances * 30 + 0.05))
        if index % _TIE_EVERY == _TIE_EVERY - 1:
            votes = _tie(votes)
        ratings = 1 + 8 * _own_vad(picture, rng)[:2]
        cells = [picture.name, *(f"{value:.1f}".removesuffix(".0") for value in ratings)]
        lines.append([*cells, *(f"{count / votes.sum():.6g}" for count in votes)])
    plain = next(i for i, picture in enumerate(ordered) if picture.recipe.kind == "scene")
    second = next(
        i for i in range(plain + 1, len(ordered)) if ordered[i].recipe.alteration == "none"
    )
    lines[plain][1] = "9.7"
    lines[second][4] = "0.99"
    bad_rows = {plain + 1: "out_of_range", second + 1: "bad_distribution"}
    lines.append(["fear/329.jpg", *lines[0][1:]])
    bad_rows[len(lines)] = "picture_missing"
    text = "\n".join("\t".join(cells) for cells in (names, *lines))
    return TableFile("emotion6/ground_truth.txt", text.encode(), bad_rows, len(lines))


def _tie(votes: np.ndarray) -> np.ndarray:
    """Split the votes of the two strongest emotions evenly."""
    order = np.argsort(-votes, kind="stable")
    tied = votes.copy()
    half = (votes[order[0]] + votes[order[1]] + 1) // 2
    tied[order[:2]] = half
    return tied


# --- OASIS ---------------------------------------------------------------------------------


def _write_oasis(pictures: Sequence[Placed], seed: int) -> TableFile:
    header = (
        ",Theme,Category,Source,Valence_mean,Valence_SD,Valence_N,Arousal_mean,Arousal_SD,Arousal_N"
    )
    ordered = sorted(pictures, key=lambda picture: picture.name)
    rows = []
    for index, picture in enumerate(ordered):
        rng = _generator(picture, seed)
        valence, arousal, _ = 1 + 6 * _own_vad(picture, rng)
        spread = rng.uniform(0.8, 1.9, 2)
        counts = rng.integers(100, 109, 2)
        origin = "scikit-image" if picture.recipe.kind == "photograph" else "painted by code"
        rows.append([
            f"I{index + 1}", picture.name, picture.affect.category, origin,
            f"{valence:.6f}", f"{spread[0]:.6f}", str(counts[0]),
            f"{arousal:.6f}", f"{spread[1]:.6f}", str(counts[1]),
        ])  # fmt: skip
    plain = [i for i, picture in enumerate(ordered) if picture.recipe.kind == "scene"]
    for i in plain[:2]:  # as "Crosswalk 1 " and "War 2 " in the original
        rows[i][1] += " "
    rows[plain[2]][4] = "NaN"
    rows[plain[3]][7] = "7.4"
    bad_rows = {plain[2] + 1: "bad_number", plain[3] + 1: "out_of_range"}
    rows.append([f"I{len(rows) + 1}", "Camping 5", *rows[0][2:]])
    bad_rows[len(rows)] = "picture_missing"
    # Carriage returns between lines and none at the end, as in the original.
    text = "\r".join([header, *(",".join(row) for row in rows)])
    return TableFile("oasis/OASIS.csv", text.encode(), bad_rows, len(rows))


# --- Affection -----------------------------------------------------------------------------


def _write_affection(pictures: Sequence[Placed], seed: int) -> TableFile:
    rows: list[list[object]] = []
    for picture in pictures:
        rng = _generator(picture, seed)
        dataset, _, image_name = picture.name.partition("/")
        chances = _distribution(dict(picture.affect.mikels), AFFECTION_9, "something else")
        own = rng.dirichlet(chances * 25 + 0.05)
        workers = rng.choice(_WORKER_COUNT, size=rng.integers(5, 9), replace=False)
        for worker in workers:
            emotion = str(rng.choice(AFFECTION_9, p=own))
            comment = _comment(picture, emotion, rng)
            rows.append([f"W{worker:03d}", comment, emotion, dataset, image_name])
    first = next(i for i, row in enumerate(rows) if row[2] == "contentment")
    rows[first][1] = _QUOTED.format(visible=pictures[0].affect.visible[0])
    rows[first + 1][1] = _MARKUP
    bad_rows = {}
    for reason, column, value in (
        ("picture_missing", 4, "999999.jpg"),
        ("unknown_label", 2, "bliss"),
        ("missing_value", 0, ""),
        ("unsafe_path", 4, "../../../etc/passwd"),
    ):
        row = list(rows[10 * len(bad_rows)])
        row[column] = value
        rows.append(row)
        bad_rows[len(rows)] = reason
    path = "affection/language/version_0/affection_raw_public_version_0.csv"
    data = _write_csv("workerid,utterance,emotion,dataset,image_name", rows)
    return TableFile(path, data, bad_rows, len(rows))


def _comment(picture: Placed, emotion: str, rng: np.random.Generator) -> str:
    sentences, phrases = SENTENCES[emotion], picture.affect.visible
    visible = phrases[rng.integers(len(phrases))]
    sentence = sentences[rng.integers(len(sentences))]
    return sentence.format(visible=visible, Visible=visible[0].upper() + visible[1:])
