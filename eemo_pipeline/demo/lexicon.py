"""Writes an invented lexicon in the layout of Warriner's table.

It holds the words of the demo's own comments, with ratings that follow from the profiles. Ratings
of the real table must not appear here: its terms keep it out of this repository.

A word for a feeling gets the mean of the emotions whose sentences use it, a word for something
visible the mean of the profiles that show it. Words of many emotions are not informative and are
left out, as are words of three letters and fewer.
"""

import csv
import io
import re
from collections import defaultdict

import numpy as np

from eemo_pipeline.demo.affect import AFFECTS, SENTENCES
from eemo_pipeline.emotion.taxonomies import SOMETHING_ELSE
from eemo_pipeline.emotion.vad import MIKELS_RAW_ANCHORS

PATH = "warriner/Ratings_Warriner_et_al.csv"
_WORD = re.compile("[a-z]{4,}")
_MOST_EMOTIONS = 2
_SPREAD, _RATERS = 1.6, 20
_HEADER = ["", "Word", *(f"{name}.{part}.Sum" for name in "VAD" for part in ("Mean", "SD", "Rat"))]


def write_lexicon() -> bytes:
    """Return the table: a number, the word, then mean, deviation and raters per dimension, 1..9."""
    buffer = io.StringIO(newline="")
    rows = csv.writer(buffer, lineterminator="\n")
    rows.writerow(_HEADER)
    for number, (word, place) in enumerate(sorted(_rated_words().items()), 1):
        rows.writerow(
            [number, word, *(cell for mean in place for cell in (mean, _SPREAD, _RATERS))]
        )
    return buffer.getvalue().encode()


def _rated_words() -> dict[str, list[float]]:
    places: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    for affect in AFFECTS.values():
        shown = tuple(1 + 8 * value for value in affect.vad)
        for word in set(_WORD.findall(" ".join(affect.visible).lower())):
            places[word].append(shown)
    felt: dict[str, set[str]] = defaultdict(set)
    for emotion, sentences in SENTENCES.items():
        spoken = " ".join(sentences).lower().replace("{visible}", " ")
        for word in _WORD.findall(spoken):
            felt[word].add(emotion)
    for word, emotions in sorted(felt.items()):
        places.pop(word, None)
        if len(emotions) <= _MOST_EMOTIONS and SOMETHING_ELSE not in emotions:
            anchors = (MIKELS_RAW_ANCHORS[emotion] for emotion in sorted(emotions))
            places[word] = [(a.valence, a.arousal, a.dominance) for a in anchors]
    return {word: np.mean(found, axis=0).round(2).tolist() for word, found in places.items()}
