"""Cross-verification of the words: do the annotators agree, and whose text is kept.

Follows EmoVerse (arXiv 2511.12554), which compares what its annotators write. Background, attribute
and subject agree where they are equal or similar enough; the more specific one is kept. Texts that
say different things of the same thing, and contradict each other on no scale
(`emotion/opposites.py`), are compatible. All others are contested: the text of the preferred
annotator is kept unless people's boxes bear out another, and the critic is shown both.

Of two descriptions, the one is kept of which the others contradict fewer claims; else the one of
which they bear out more: by at least one claim, since descriptions differ in length. The others are
the other annotators, and people who drew boxes. The grounder's boxes bear out nothing, because it
is given the words that it looks for. Texts are never blended.

The preferred annotator voted for the emotion, else for one of the same pleasant or unpleasant half;
then the clearest, then the first by name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import polars as pl

from eemo_pipeline.aggregation.agreement_patterns import TEXT_FIELDS
from eemo_pipeline.aggregation.kept_images import move_to_kept
from eemo_pipeline.aggregation.limits import DECISION_LIMITS, DecisionLimits
from eemo_pipeline.aggregation.text_similarity import (
    TEXTS_KEPT,
    LemmaOverlap,
    TextSimilarity,
    list_lemmas,
    split_claims,
    split_words,
)
from eemo_pipeline.emotion.opposites import contradict, contradict_in_tone, is_on_a_scale
from eemo_pipeline.emotion.taxonomies import POSITIVE_MIKELS
from eemo_pipeline.schema.tables import TABLES

METHOD = (
    "words compared by lemmas or embeddings and on scales; the more specific, better supported or "
    "chosen text is kept"
)
AGREED, COMPATIBLE, CONTESTED, ALONE = "agreed", "compatible", "contested", "alone"
LEMMAS = LemmaOverlap()
_TABLE = TABLES["verification__words"]
_NO_BOXES = {"image_id": pl.String, "label": pl.String}
# Words for a person, as people who draw boxes around persons see them.
_PERSONS = frozenset(
    (
        *("person", "people", "human", "man", "woman", "boy", "girl", "child", "kid", "baby"),
        *("infant", "toddler", "teenager", "adult", "lady", "gentleman", "couple", "crowd"),
        *("family", "mother", "father", "player", "worker", "face"),
    )
)
_ANSWERED = ("annotator", *TEXT_FIELDS)
# Images whose compared texts stay in memory: from one round of the critic to the next few change.
_IMAGES_KEPT = 4_000
_Row = dict[str, Any]
_Answer = tuple[str | None, ...]


@dataclass(frozen=True)
class WordEvidence:
    """What speaks for a text besides the annotators.

    Attributes:
        boxed: image_id and label, one row per box that people drew.
        choices: rows of `critic__word_choices`.
    """

    boxed: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_NO_BOXES))
    choices: pl.DataFrame = field(default_factory=TABLES["critic__word_choices"].empty)


class _Support(NamedTuple):
    """How many claims of a description the others contradict and bear out, of how many."""

    contradicted: int
    borne_out: int
    claims: int

    @property
    def share(self) -> float:
        return self.borne_out / self.claims if self.claims else 0.0


def list_boxed(annotations: pl.DataFrame, clusters: pl.DataFrame) -> pl.DataFrame:
    """Return image_id and label of the boxes that people drew; sources have boxes of persons alone.

    Args:
        annotations: rows of `ingest__annotations`.
        clusters: rows of `dedup__clusters`; boxes of a dropped image follow to the kept one.
    """
    boxed = annotations.drop_nulls("person_box_px").select("image_id").unique()
    return move_to_kept(boxed, clusters).select("image_id", pl.lit("person").alias("label"))


def merge_words(
    votes: pl.DataFrame,
    outcome: pl.DataFrame,
    similarity: TextSimilarity = LEMMAS,
    limits: DecisionLimits = DECISION_LIMITS,
    evidence: WordEvidence | None = None,
) -> pl.DataFrame:
    """Return `verification__words`: one row per image and field with a text.

    Args:
        votes: one usable answer per image and annotator.
        outcome: image_id and the decided emotion.
        similarity: the measure.
        limits: the similarities from which texts agree and claims are borne out.
        evidence: what speaks for a text besides the annotators.
    """
    known = evidence or WordEvidence()
    boxed: dict[str, list[str]] = {}
    for image_id, label in known.boxed.select("image_id", "label").iter_rows():
        boxed.setdefault(image_id, []).append(label)
    chosen = {
        (image_id, name): (annotator, text)
        for image_id, name, annotator, text in known.choices.drop_nulls("text")
        .sort("round")
        .select("image_id", "field", "annotator", "text")
        .iter_rows()
    }
    rows: list[_Row] = []
    for image_id, answers in _rank_answers(votes, outcome).items():
        labels = tuple(boxed.get(image_id, ()))
        for name, (given, kept) in _keep_texts(answers, labels, similarity, limits).items():
            followed = _follow_choice(kept, name, given, chosen.get((image_id, name)))
            rows.append({"image_id": image_id, "field": name, **followed})
    return pl.DataFrame(rows, schema=_TABLE.polars_schema).sort(_TABLE.key)


def widen_words(words: pl.DataFrame) -> pl.DataFrame:
    """Return image_id, the annotator of the description (else of the first text), the texts."""
    texts = [
        pl.col("text").filter(pl.col("field") == field).first().alias(field)
        for field in TEXT_FIELDS
    ]
    of_description = pl.col("annotator").filter(pl.col("field") == "description").first()
    return words.group_by("image_id", maintain_order=True).agg(
        pl.coalesce(of_description, pl.col("annotator").first()).alias("annotator"), *texts
    )


def _rank_answers(votes: pl.DataFrame, outcome: pl.DataFrame) -> dict[str, tuple[_Answer, ...]]:
    """Return the answers of each image, the preferred annotator's first."""
    pleasant, final = list(POSITIVE_MIKELS), pl.col("_final")
    ranked = (
        votes.join(
            outcome.select("image_id", pl.col("emotion").alias("_final")),
            on="image_id",
            how="inner",
        )
        .with_columns(
            (pl.col("emotion") == final).alias("_is_for"),
            (pl.col("emotion").is_in(pleasant) == final.is_in(pleasant)).alias("_is_same_half"),
        )
        .sort(
            "image_id",
            "_is_for",
            "_is_same_half",
            "clarity",
            "annotator",
            descending=[False, True, True, True, False],
            nulls_last=True,
        )
    )
    by_image: dict[str, list[_Answer]] = {}
    for image_id, *answer in ranked.select("image_id", *_ANSWERED).iter_rows():
        by_image.setdefault(image_id, []).append(tuple(answer))
    return {image_id: tuple(answers) for image_id, answers in by_image.items()}


@lru_cache(_IMAGES_KEPT)
def _keep_texts(
    ranked: tuple[_Answer, ...],
    labels: tuple[str, ...],
    similarity: TextSimilarity,
    limits: DecisionLimits,
) -> Mapping[str, tuple[Sequence[_Row], _Row]]:
    """Return field -> the answers that have it, and what is kept of them."""
    answers: list[_Row] = [dict(zip(_ANSWERED, answer, strict=True)) for answer in ranked]
    kept: dict[str, tuple[Sequence[_Row], _Row]] = {}
    for name in TEXT_FIELDS:
        given = [answer for answer in answers if (answer[name] or "").strip()]
        if given and name == "description":
            kept[name] = given, _keep_description(given, answers, labels, similarity, limits)
        elif given:
            agree_from = limits.words_agree_from
            kept[name] = given, _keep_phrase(name, given, labels, similarity, agree_from)
    return kept


def _keep_phrase(
    name: str,
    given: Sequence[_Row],
    labels: Sequence[str],
    similarity: TextSimilarity,
    agree_from: float,
) -> _Row:
    """Keep the most specific of the texts that agree with the preferred one, or the boxed one."""
    first, *rest = given
    if not rest:
        return _kept(first, name, ALONE, "only_text")
    pairs = [(first[name], other[name]) for other in rest]
    alike = [
        1.0 if list_lemmas(one) == list_lemmas(other) else measured
        for (one, other), measured in zip(pairs, similarity.compare(pairs), strict=True)
    ]
    apart = [_contradict(one, other) or contradict_in_tone(one, other) for one, other in pairs]
    agreeing = [
        other
        for other, share, is_apart in zip(rest, alike, apart, strict=True)
        if share >= agree_from and not is_apart
    ]
    if agreeing:
        best = max((first, *agreeing), key=lambda row: len(list_lemmas(row[name])))
        is_more = len(list_lemmas(best[name])) > len(list_lemmas(first[name]))
        reason = "more_specific" if is_more else "preferred_annotator"
        return {**_kept(best, name, AGREED, reason), "similarity": round(max(alike), 6)}
    rivals = [row for row, is_apart in zip(rest, apart, strict=True) if is_apart] or rest
    is_compatible = any(
        not is_apart and _say_it_of_the_same(one, other)
        for (one, other), is_apart in zip(pairs, apart, strict=True)
    )
    kept = _kept(first, name, COMPATIBLE if is_compatible else CONTESTED, "preferred_annotator")
    if not is_compatible:
        seen = [row for row in given if _is_boxed(row[name], labels)]
        if seen and len(seen) < len(given):
            kept = _kept(seen[0], name, CONTESTED, "boxed_by_people")
            rivals = [row for row in given if row not in seen]
    return {**kept, "similarity": round(max(alike), 6), **_other(rivals[0], name)}


def _keep_description(
    given: Sequence[_Row],
    answers: Sequence[_Row],
    labels: Sequence[str],
    similarity: TextSimilarity,
    limits: DecisionLimits,
) -> _Row:
    """Keep the description that the others contradict least and bear out best."""
    first, *rest = given
    if not rest:
        return _kept(first, "description", ALONE, "only_text")
    supports = [_support(row, answers, labels, similarity, limits.borne_out_from) for row in given]
    best, reason = 0, "equal_support"
    for place in range(1, len(given)):
        if found := _find_better(supports[best], supports[place]):
            best, reason = place, found
    if reason == "equal_support":
        worse = (_find_better(other, supports[0]) for other in supports[1:])
        reason = next((found for found in worse if found), reason)
    others = [row for place, row in enumerate(given) if place != best]
    alike = similarity.compare([(given[best]["description"], row["description"]) for row in others])
    won = supports[best]
    is_apart = won.contradicted > 0 or won.borne_out == 0
    kept = _kept(given[best], "description", CONTESTED if is_apart else AGREED, reason)
    return {
        **kept,
        "similarity": round(max(alike), 6),
        "support": round(won.share, 6),
        **(_other(others[0], "description") if is_apart else {}),
    }


def _find_better(one: _Support, other: _Support) -> str | None:
    """Return why the other description is better supported; None if it is not."""
    if one.contradicted != other.contradicted:
        return "less_contradicted" if other.contradicted < one.contradicted else None
    whole_claim = 1 / max(one.claims, other.claims, 1)
    return "better_support" if other.share - one.share >= whole_claim else None


def _support(
    row: _Row,
    answers: Sequence[_Row],
    labels: Sequence[str],
    similarity: TextSimilarity,
    borne_out_from: float,
) -> _Support:
    """Count the claims of a description that the others' statements contradict and bear out."""
    statements = [
        part
        for answer in answers
        if answer["annotator"] != row["annotator"]
        for name in TEXT_FIELDS
        for part in split_claims(answer[name] or "")
    ]
    claims = split_claims(row["description"])
    if not claims or not (statements or labels):
        return _Support(0, 0, len(claims))
    shares = similarity.compare([(claim, said) for claim in claims for said in statements])
    contradicted = borne_out = 0
    for place, claim in enumerate(claims):
        alike = shares[place * len(statements) : (place + 1) * len(statements)]
        if any(_contradict(claim, said) for said in statements):
            contradicted += 1
        elif max(alike, default=0.0) >= borne_out_from or _is_boxed(claim, labels):
            borne_out += 1
    return _Support(contradicted, borne_out, len(claims))


@lru_cache(TEXTS_KEPT)
def _contradict(one: str, other: str) -> bool:
    """Return whether two texts contradict each other on a scale, about the thing named first."""
    is_of_the_same = _things(one)[:1] == _things(other)[:1]
    return is_of_the_same and bool(contradict({*split_words(one)}, {*split_words(other)}))


def _say_it_of_the_same(one: str, other: str) -> bool:
    """Return whether two texts name the same things, or none, and differ in how these are."""
    return {*_things(one)} == {*_things(other)}


@lru_cache(TEXTS_KEPT)
def _things(text: str) -> tuple[str, ...]:
    """Return the lemmas of the words that are on no scale, in order."""
    return list_lemmas(" ".join(word for word in split_words(text) if not is_on_a_scale(word)))


def _is_boxed(text: str, labels: Sequence[str]) -> bool:
    """Return whether people drew a box around something that the text names."""
    named = {"person" if lemma in _PERSONS else lemma for lemma in list_lemmas(text)}
    return bool(named & {*labels})


def _follow_choice(
    kept: _Row, name: str, given: Sequence[_Row], choice: tuple[str, str] | None
) -> _Row:
    """Keep the text that the critic chose, if its author still says so."""
    chosen = next((row for row in given if (row["annotator"], row[name]) == choice), None)
    if chosen is None or kept["agreement"] != CONTESTED:
        return kept
    rest = [row for row in given if row is not chosen]
    return {
        **kept,
        **{"annotator": chosen["annotator"], "text": chosen[name], "reason": "critic_choice"},
        **_other(rest[0], name),
    }


def _kept(row: _Row, name: str, agreement: str, reason: str) -> _Row:
    return {
        "annotator": row["annotator"],
        "agreement": agreement,
        "similarity": None,
        "support": None,
        "reason": reason,
        "text": row[name],
        "other_annotator": None,
        "other_text": None,
    }


def _other(row: _Row, name: str) -> Mapping[str, str]:
    return {"other_annotator": row["annotator"], "other_text": row[name]}
