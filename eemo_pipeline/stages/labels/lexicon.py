"""Valence, arousal and dominance of images from the words of their comments.

Handles negation, entries of several words, and the average over an image. Tokens and lexicons are
in `lexicon_words.py`, human ratings in `vad.py`.

As in EEmoDB, an image's value is the mean over all lexicon words in all its comments, and a
repeated word counts each time. The number of words and their standard deviation are kept with it.
Differences from EEmoDB:
- An entry of several words counts as one, the longest first. An entry that begins inside another
  is ignored.
- A word after a negator, at most three words later and in the same clause, is left out: the
  lexicon rates the word alone, and negation does not simply reverse it (Kiritchenko and Mohammad
  2016). Alternatively the word is counted unchanged, as in EEmoDB, or its valence is mirrored at
  the middle of the scale. `labels__lexicon_trials` compares the three rules on images with human
  ratings. On synthetic comments whose writers deny the opposite of their feeling
  (`benchmarks/lexicon.py`), leaving out agrees best: Pearson 0.951, against 0.949 counted and
  0.942 mirrored.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import polars as pl

from eemo_pipeline.emotion.vad import Scaling, parse_scaling
from eemo_pipeline.stages.labels.lexicon_words import (
    DIMENSIONS,
    choose_lexicon,
    describe_tokens,
    middle_of_scale,
    normalise_words,
)

Negation = Literal["counted", "left_out", "mirrored"]

# The number of words after a negator that it negates.
NEGATED_WORDS = 3
# Comments per batch; limits the memory used.
_BATCH = 500_000
_GROUP = ("image_id", "source", "semantics")
_SUMS = (
    "word_count",
    *(column for name in DIMENSIONS for column in (name, f"{name}_squares")),
)


@dataclass(frozen=True)
class LexiconRules:
    """The rules that turn comments into values.

    Attributes:
        preference: lexicons, best first; the first one that has words is used.
        scaling: `tenth` (x/10 on scales 1-9 and 1-10, EEmoDB) or `stretched` ((x-lo)/(hi-lo)).
        negation: the treatment of a word after a negator.
    """

    preference: tuple[str, ...] = ("warriner", "nrc_vad")
    scaling: Scaling = "tenth"
    negation: Negation = "left_out"


def parse_rules(preference: Sequence[str], scaling: str, negation: str) -> LexiconRules:
    """Build the rules from settings given as text.

    Raises:
        ValueError: a value is not one of the known ones.
    """
    for known in get_args(Negation):
        if negation == known:
            return LexiconRules(tuple(preference), parse_scaling(scaling), known)
    raise ValueError(f"no negation {negation!r}; it is one of {', '.join(get_args(Negation))}")


def score_comments(
    annotations: pl.DataFrame, words: pl.DataFrame, rules: LexiconRules
) -> pl.DataFrame:
    """Return one row per image, source and semantics whose comments hold a word of the lexicon.

    Args:
        annotations: columns image_id, source, semantics and comment; comments may be null.
        words: `ingest__words`.
        rules: the scoring rules.

    Returns:
        image_id, source, semantics, lexicon, valence, arousal, dominance (0-1) and their standard
        deviations over words (null for one word), 6 decimals; lexicon_word_count; rater_count,
        the number of comments that hold a word.
    """
    name = choose_lexicon(words, rules.preference)
    commented = annotations.filter(pl.col("comment").str.len_bytes() > 0)
    grouped = commented.with_row_index("place").group_by(_GROUP).agg("place").sort(_GROUP)
    groups, places = grouped.select(_GROUP), grouped["place"]
    group = np.empty(commented.height, dtype=np.int64)
    sizes = places.list.len().to_numpy()
    group[places.explode().to_numpy()] = np.repeat(np.arange(groups.height), sizes)
    totals = np.zeros((len(_SUMS) + 1, groups.height))
    if name is not None:
        lexicon = normalise_words(words, name, rules.scaling)
        middle = middle_of_scale(words, name, rules.scaling)
        for start in range(0, commented.height, _BATCH):
            part = slice(start, start + _BATCH)
            sums = _score_batch(commented["comment"][part], lexicon, rules.negation, middle)
            for total, row in zip(totals, sums.T, strict=True):
                total += np.bincount(group[part], weights=row, minlength=groups.height)
    scored = groups.with_columns(
        pl.lit(name, pl.String).alias("lexicon"),
        *(pl.Series(column, row) for column, row in zip((*_SUMS, "raters"), totals, strict=True)),
    )
    return _averages(scored.filter(pl.col("word_count") > 0))


def _averages(scored: pl.DataFrame) -> pl.DataFrame:
    """Return means and sample standard deviations from the sums per group."""
    count = pl.col("word_count")

    def spread(name: str) -> pl.Expr:
        squares = (pl.col(f"{name}_squares") - pl.col(name).pow(2) / count).clip(lower_bound=0)
        return pl.when(count > 1).then((squares / (count - 1)).sqrt().round(6))

    return scored.select(
        *_GROUP,
        "lexicon",
        *((pl.col(name) / count).round(6) for name in DIMENSIONS),
        *(spread(name).alias(f"{name}_sd") for name in DIMENSIONS),
        count.cast(pl.Int64).alias("lexicon_word_count"),
        pl.col("raters").cast(pl.Int64).alias("rater_count"),
    )


# --- a batch of comments -------------------------------------------------------------------------


def _score_batch(
    comments: pl.Series, lexicon: pl.DataFrame, negation: Negation, middle: float
) -> np.ndarray:
    """Return a row per comment: the sums `_SUMS`, and 1 if it holds a lexicon word, else 0."""
    from scipy.sparse import csr_array

    lists = comments.str.split(" ")
    borders = np.append(0, lists.list.len().to_numpy()).cumsum(dtype=np.int32)
    # With a separate category set, codes start at 0 and the set is freed with the batch.
    tokens = lists.explode().cast(pl.Categorical(pl.Categories.random()))
    entries = tokens.to_physical().to_numpy().astype(np.int32)
    described = _in_order_of_codes(tokens, lexicon)
    phrases = lexicon.filter(pl.col("word").str.contains(" ", literal=True))
    ends = described["ends_clause"].to_numpy()[entries]
    ends[borders[1:] - 1] = True
    negators = described["is_negator"].to_numpy()
    is_negated = _negated(negators[entries], ends)
    _join_phrases(entries, ends, described["word"], phrases)
    worth = _worth(described, phrases)
    if negation != "counted":
        worth[np.flatnonzero(negators)] = 0
    shape = (comments.len(), len(worth))
    plain = np.ones(len(entries)) if negation == "counted" else (~is_negated).astype(np.float64)
    sums = csr_array((plain, entries, borders), shape) @ worth
    if negation == "mirrored":
        negated = csr_array((is_negated.astype(np.float64), entries, borders), shape)
        sums += negated @ _mirror(worth, middle)
    return np.column_stack([sums, sums[:, 0] > 0])


def _in_order_of_codes(tokens: pl.Series, lexicon: pl.DataFrame) -> pl.DataFrame:
    """Return `describe_tokens` of the distinct tokens, ordered by their code from 0."""
    distinct = tokens.unique()
    codes = distinct.to_physical()
    return describe_tokens(distinct.cast(pl.String).gather(codes.arg_sort()), lexicon)


def _negated(is_negator: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return whether each word follows a negator within NEGATED_WORDS words of its clause."""
    is_negated = np.zeros(len(is_negator), dtype=bool)
    reach = is_negator
    for _ in range(NEGATED_WORDS):
        reach = np.concatenate([[False], (reach & ~ends)[:-1]])
        is_negated |= reach
    return is_negated


def _worth(described: pl.DataFrame, phrases: pl.DataFrame) -> np.ndarray:
    """Return the sums `_SUMS` of every entry: tokens by code, one zero row, then phrases."""
    single = described.select(_SUMS)
    silent = pl.DataFrame([[0.0] for _ in _SUMS], schema=_SUMS)
    several = phrases.select(
        pl.lit(1.0).alias("word_count"),
        *(
            column
            for name in DIMENSIONS
            for column in (pl.col(name), pl.col(name).pow(2).alias(f"{name}_squares"))
        ),
    )
    return pl.concat([single.cast(pl.Float64), silent, several]).to_numpy()


def _join_phrases(
    entries: np.ndarray, ends: np.ndarray, words: pl.Series, phrases: pl.DataFrame
) -> None:
    """Replace a phrase's first token by the phrase's entry, and its other tokens by the zero row.

    Args:
        entries: code of the token in each place; changed in place.
        ends: whether a clause ends with the token.
        words: the word of each code.
        phrases: entries of several words.
    """
    silent = words.len()
    parts = phrases.select(pl.col("word").str.split(" ").alias("parts")).with_row_index("no")
    for length in sorted(parts["parts"].list.len().unique().to_list(), reverse=True):
        chosen = parts.filter(pl.col("parts").list.len() == length)
        names = [f"word_{place}" for place in range(length)]
        chosen = chosen.select(
            "no", *(pl.col("parts").list.get(place).alias(name) for place, name in enumerate(names))
        )
        is_first = words.is_in(chosen["word_0"].implode()).fill_null(value=False).to_numpy()
        starts = np.flatnonzero(np.append(is_first, np.zeros(1 + phrases.height, bool))[entries])
        starts = starts[starts + length <= len(entries)]
        reached = np.stack([starts + place for place in range(length)])
        is_open = ~ends[reached[:-1]].any(axis=0) & (entries[reached] < silent).all(axis=0)
        reached = reached[:, is_open]
        found = (
            pl.DataFrame(
                {name: words.gather(entries[row]) for name, row in zip(names, reached, strict=True)}
            )
            .with_columns(pl.Series("start", reached[0]))
            .join(chosen, on=names)
            .sort("start")
        )
        start = found["start"].to_numpy()
        is_clear = np.diff(start, prepend=-length) >= length
        start = start[is_clear]
        for place in range(1, length):
            entries[start + place] = silent
        entries[start] = silent + 1 + found["no"].to_numpy()[is_clear]


def _mirror(worth: np.ndarray, middle: float) -> np.ndarray:
    """Reflect the valence v of every entry at the middle m of the scale: 2 m - v."""
    count, valence, squares = (worth[:, place] for place in range(3))
    mirrored = worth.copy()
    mirrored[:, 1] = 2 * middle * count - valence
    mirrored[:, 2] = 4 * middle**2 * count - 4 * middle * valence + squares
    return mirrored
