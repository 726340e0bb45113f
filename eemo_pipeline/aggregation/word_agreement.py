"""Cross-verification of the words: do the annotators agree, and whose text is kept.

Follows EmoVerse (arXiv 2511.12554), which compares what its annotators write. Background, attribute
and subject agree where they are equal or similar enough; the more specific one is kept. Where they
do not, the text of the preferred annotator is kept and contested, so that the critic's judgement of
it counts. Of two descriptions, the one with the better support is kept: the share of its claims
that the other annotators' words bear out. Texts are never blended. Boxes bear out nothing, because
the grounder is given the words that it looks for.

The preferred annotator voted for the emotion, else for one of the same pleasant or unpleasant half;
then the clearest, then the first by name.
"""

from collections.abc import Sequence
from typing import Any

import polars as pl

from eemo_pipeline.aggregation.agreement_patterns import TEXT_FIELDS
from eemo_pipeline.aggregation.limits import DECISION_LIMITS, DecisionLimits
from eemo_pipeline.aggregation.text_similarity import (
    LemmaOverlap,
    TextSimilarity,
    list_lemmas,
    split_claims,
)
from eemo_pipeline.emotion.taxonomies import POSITIVE_MIKELS
from eemo_pipeline.schema.tables import TABLES

METHOD = "words compared by lemmas or embeddings; the more specific, or better supported, is kept"
AGREED, CONTESTED, ALONE = "agreed", "contested", "alone"
LEMMAS = LemmaOverlap()
_TABLE = TABLES["verification__words"]
_Row = dict[str, Any]


def merge_words(
    votes: pl.DataFrame,
    outcome: pl.DataFrame,
    similarity: TextSimilarity = LEMMAS,
    limits: DecisionLimits = DECISION_LIMITS,
) -> pl.DataFrame:
    """Return `verification__words`: one row per image and field with a text.

    Args:
        votes: one usable answer per image and annotator.
        outcome: image_id and the decided emotion.
        similarity: the measure.
        limits: the similarities from which texts agree and claims are borne out.
    """
    rows: list[_Row] = []
    for image_id, answers in _rank_answers(votes, outcome):
        for field in TEXT_FIELDS:
            given = [answer for answer in answers if (answer[field] or "").strip()]
            if given:
                kept = (
                    _keep_description(given, answers, similarity, limits.borne_out_from)
                    if field == "description"
                    else _keep_phrase(field, given, similarity, limits.words_agree_from)
                )
                rows.append({"image_id": image_id, "field": field, **kept})
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


def _rank_answers(votes: pl.DataFrame, outcome: pl.DataFrame) -> list[tuple[str, list[_Row]]]:
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
    by_image: dict[str, list[_Row]] = {}
    for row in ranked.select("image_id", "annotator", *TEXT_FIELDS).iter_rows(named=True):
        by_image.setdefault(row["image_id"], []).append(row)
    return list(by_image.items())


def _keep_phrase(
    field: str, given: Sequence[_Row], similarity: TextSimilarity, agree_from: float
) -> _Row:
    """Keep the most specific of the texts that agree with the preferred one."""
    first, *rest = given
    if not rest:
        return _kept(first, field, ALONE, None, "only_text")
    alike = [
        1.0 if list_lemmas(first[field]) == list_lemmas(other[field]) else measured
        for other, measured in zip(
            rest, similarity.compare([(first[field], other[field]) for other in rest]), strict=True
        )
    ]
    agreeing = [other for other, share in zip(rest, alike, strict=True) if share >= agree_from]
    if not agreeing:
        return _kept(first, field, CONTESTED, max(alike), "preferred_annotator")
    best = max((first, *agreeing), key=lambda row: len(list_lemmas(row[field])))
    is_more = len(list_lemmas(best[field])) > len(list_lemmas(first[field]))
    reason = "more_specific" if is_more else "preferred_annotator"
    return _kept(best, field, AGREED, max(alike), reason)


def _keep_description(
    given: Sequence[_Row],
    answers: Sequence[_Row],
    similarity: TextSimilarity,
    borne_out_from: float,
) -> _Row:
    """Keep the description whose claims the others bear out best; on a tie the preferred one."""
    first, *rest = given
    if not rest:
        return _kept(first, "description", ALONE, None, "only_text")
    supports = [_support(row, answers, similarity, borne_out_from) for row in given]
    best = max(range(len(given)), key=lambda place: (supports[place], -place))
    alike = max(
        similarity.compare([(first["description"], other["description"]) for other in rest])
    )
    agreement = AGREED if supports[best] > 0 else CONTESTED
    reason = "better_support" if supports[best] > min(supports) else "equal_support"
    kept = _kept(given[best], "description", agreement, alike, reason)
    return {**kept, "support": supports[best]}


def _support(
    row: _Row,
    answers: Sequence[_Row],
    similarity: TextSimilarity,
    borne_out_from: float,
) -> float:
    """Return the share of a description's claims that others' statements bear out."""
    others = [answer for answer in answers if answer["annotator"] != row["annotator"]]
    statements = [
        part
        for answer in others
        for field in TEXT_FIELDS
        for part in split_claims(answer[field] or "")
    ]
    claims = split_claims(row["description"])
    if not claims or not statements:
        return 0.0
    shares = similarity.compare([(claim, said) for claim in claims for said in statements])
    width = len(statements)
    borne_out = sum(
        max(shares[place : place + width]) >= borne_out_from
        for place in range(0, len(shares), width)
    )
    return round(borne_out / len(claims), 6)


def _kept(row: _Row, field: str, agreement: str, alike: float | None, reason: str) -> _Row:
    return {
        "annotator": row["annotator"],
        "agreement": agreement,
        "similarity": None if alike is None else round(alike, 6),
        "support": None,
        "reason": reason,
        "text": row[field],
    }
