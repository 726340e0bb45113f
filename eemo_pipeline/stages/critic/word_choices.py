"""Contested words: the critic is shown both texts, and what it finds better is kept.

The two are shown in an order drawn by hash, without their authors, and recorded in
`critic__word_choices`. Which fields are contested, and what a choice changes, is in
`aggregation/word_agreement.py`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from eemo_pipeline.aggregation.word_agreement import CONTESTED
from eemo_pipeline.roles.critic import Facts, Judgement, order_candidates
from eemo_pipeline.schema.tables import TABLES

_TABLE = TABLES["critic__word_choices"]
# image_id -> field -> author
Authors = dict[str, dict[str, str]]


def name_authors(words: pl.DataFrame, choices: pl.DataFrame) -> Authors:
    """Return image_id -> field -> the annotator of the text that was judged.

    Args:
        words: rows of `verification__words`: the texts that are kept.
        choices: rows of `critic__word_choices` of this round: the texts that are kept from now on.
    """
    authors: Authors = {}
    for frame in (words, choices.drop_nulls("annotator")):
        for image_id, name, author in frame.select("image_id", "field", "annotator").iter_rows():
            authors.setdefault(image_id, {})[name] = author
    return authors


def add_other_texts(facts: Mapping[str, Facts], words: pl.DataFrame) -> dict[str, Facts]:
    """Return the facts with the other text of every contested field without a choice."""
    others: dict[str, dict[str, str]] = {}
    for row in _list_open(words):
        others.setdefault(row["image_id"], {})[row["field"]] = row["other_text"]
    return {
        image_id: replace(one, contested_words=others.get(image_id, {}))
        for image_id, one in facts.items()
    }


def list_word_choices(
    judgements: Mapping[str, Mapping[str, Judgement]],
    words: pl.DataFrame,
    known: pl.DataFrame,
    round_no: int,
) -> pl.DataFrame:
    """Return the new rows of `critic__word_choices`.

    Args:
        judgements: image_id -> field -> what the critic said.
        words: rows of `verification__words` that the critic's facts were taken from.
        known: rows of earlier rounds; two texts are not compared again.
        round_no: the round.
    """
    compared = {
        (image_id, field, frozenset(texts))
        for image_id, field, texts in known.select("image_id", "field", "candidates").iter_rows()
    }
    rows: list[dict[str, Any]] = []
    for row in _list_open(words):
        judged = judgements.get(row["image_id"], {}).get(row["field"])
        pair = (row["text"], row["other_text"])
        is_known = (row["image_id"], row["field"], frozenset(pair)) in compared
        if judged is None or is_known or judged.verdict not in ("valid", "revisable"):
            continue
        chosen = judged.choice if judged.choice in pair and judged.cues else None
        authors = dict(zip(pair, (row["annotator"], row["other_annotator"]), strict=True))
        rows.append(
            {
                "image_id": row["image_id"],
                "round": round_no,
                "field": row["field"],
                "candidates": order_candidates(row["image_id"], *pair),
                "annotator": None if chosen is None else authors[chosen],
                "text": chosen,
                "evidence": [] if chosen is None else list(judged.cues),
            }
        )
    return pl.DataFrame(rows, schema=_TABLE.polars_schema)


def _list_open(words: pl.DataFrame) -> Iterable[dict[str, Any]]:
    is_open = (pl.col("agreement") == CONTESTED) & (pl.col("reason") != "critic_choice")
    return words.filter(is_open & pl.col("other_text").is_not_null()).iter_rows(named=True)
