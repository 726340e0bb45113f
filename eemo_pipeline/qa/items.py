"""From what could be asked to items: wording, options in seeded order, letter, proof, identity.

Belongs here: what all templates share. Does not belong here: what is asked (`templates/`), or
which questions are kept (`build.py`).
"""

import hashlib
from collections.abc import Iterator

import polars as pl

from eemo_pipeline.qa.draws import choose, mix
from eemo_pipeline.qa.facts import RANKS, Facts
from eemo_pipeline.qa.templates import QaTemplate
from eemo_pipeline.schema.tables import TABLES

LETTERS = ("A", "B", "C", "D")
YES, NO = "Yes", "No"
_COLUMNS = TABLES["qa__items"].columns
# Rows that become text at once: some 50 MB.
_BATCH = 50_000


def render(
    template: QaTemplate, asked: pl.DataFrame, facts: Facts, purpose: str
) -> Iterator[pl.DataFrame]:
    """The items of the questions, frames of `qa__items` sorted by item_id."""
    worded = _identified(
        template, _lettered(template, _worded(template, asked, purpose), purpose), facts
    )
    for start in range(0, worded.height, _BATCH):
        yield _rendered(template, worded.slice(start, _BATCH), facts)


def _worded(template: QaTemplate, asked: pl.DataFrame, purpose: str) -> pl.DataFrame:
    fields = [pl.col(name) for name in template.fills]
    sentences = [
        pl.format(sentence, *fields) if fields else pl.lit(sentence)
        for sentence in template.sentences
    ]
    return asked.with_columns(
        choose(sentences, pl.col("base"), purpose, "wording").alias("question")
    )


def _lettered(template: QaTemplate, asked: pl.DataFrame, purpose: str) -> pl.DataFrame:
    """Add `place` of the right option: all places are equally frequent for each right answer."""
    if template.question_type == "open":
        return asked
    if template.question_type == "yes_no":
        right, wrong = (
            pl.when("is_yes").then(pl.lit(one)).otherwise(pl.lit(other))
            for one, other in ((YES, NO), (NO, YES))
        )
        asked = asked.with_columns(right.alias("correct"), wrong.alias("wrong_1"))
    order = mix(pl.col("base"), purpose, "letters").rank("ordinal")
    within = ["split", *(["is_yes"] if "is_yes" in asked.columns else [])]
    return asked.with_columns(
        (order.over(within) % len(_options(asked))).cast(pl.Int64).alias("place")
    )


def _options(asked: pl.DataFrame) -> list[str]:
    return ["correct", *(name for name in asked.columns if name.startswith("wrong_"))]


def _identified(template: QaTemplate, asked: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    ids = facts.pictures["image_id"]
    sides = [asked[side] for side in ("first", "second") if side in asked.columns]
    identity = pl.select(
        pl.concat_str(
            pl.lit(template.name),
            *(ids[side] for side in sides),
            asked["question"],
            separator="\x1f",
        )
    ).to_series()
    # polars has no SHA-256; this is the one call per row
    digests = (hashlib.sha256(text).hexdigest() for text in identity.cast(pl.Binary))
    item_ids = [digest[:16] for digest in digests]
    return asked.with_columns(pl.Series("item_id", item_ids, dtype=pl.String)).sort("item_id")


def _rendered(template: QaTemplate, asked: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    sides = [
        facts.pictures.select("image_id", "sources", *_known(template))[asked[side]].rename(
            lambda name, end=end: f"{name}_{end}"
        )
        for end, side in enumerate(("first", "second"), start=1)
        if side in asked.columns
    ]
    numbers = range(1, len(sides) + 1)
    wide = pl.concat([asked, *sides], how="horizontal")
    sources = pl.concat_list(f"sources_{side}" for side in numbers)
    return _answered(template, wide, facts).select(
        "item_id",
        pl.lit(template.name).alias("template"),
        pl.lit(template.category).alias("category"),
        pl.lit(template.question_type).alias("question_type"),
        pl.lit(template.claim).alias("claim"),
        pl.concat_list(f"image_id_{side}" for side in numbers).alias("image_ids"),
        "question",
        "options",
        "answer",
        "answer_letter",
        "split",
        (sources.list.unique().list.sort() if len(sides) > 1 else sources).alias("sources"),
        _proof(template, len(sides)).alias("facts"),
    )


def _known(template: QaTemplate) -> list[str]:
    return [
        column for name in template.proof for column in (RANKS if name == "ranking" else (name,))
    ]


def _proof(template: QaTemplate, count: int) -> pl.Expr:
    """The label facts that prove the answer, as one JSON object per row."""
    fields: list[pl.Expr] = (
        [pl.lit(template.dimension).alias("dimension")] if template.dimension else []
    )
    fields += [pl.col(name) for name in template.fills]
    for side in range(1, count + 1):
        for name in template.proof:
            value = (
                pl.when(pl.col(f"{RANKS[0]}_{side}").is_not_null()).then(
                    pl.concat_list(f"{rank}_{side}" for rank in RANKS)
                )
                if name == "ranking"
                else pl.col(f"{name}_{side}")
            )
            fields.append(value.alias(name if count == 1 else f"{name}_{side}"))
    if template.text:
        fields.append(pl.lit(f"texts__{template.text}").alias("text"))
    return pl.struct(fields).struct.json_encode()


def _answered(template: QaTemplate, asked: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    if template.question_type != "open":
        options = _options(asked)
        place = pl.col("place")
        return asked.with_columns(
            pl.concat_list(_option_at(position, options) for position in range(len(options))).alias(
                "options"
            ),
            pl.col("correct").alias("answer"),
            place.replace_strict(
                range(len(options)), LETTERS[: len(options)], return_dtype=pl.String
            ).alias("answer_letter"),
        )
    if template.text:
        asked = _with_text(template, asked, facts)
    return asked.with_columns(
        pl.lit([], dtype=pl.List(pl.String)).alias("options"),
        pl.lit(None, dtype=pl.String).alias("answer_letter"),
    )


def _option_at(position: int, options: list[str]) -> pl.Expr:
    """The right option where its place is here, else the next of the wrong ones."""
    here = pl.when(pl.col("place") == position).then("correct")
    if position == 0:
        return here.otherwise(options[1])
    if position == len(options) - 1:
        return here.otherwise(options[position])
    return (
        here.when(pl.col("place") > position)
        .then(options[position + 1])
        .otherwise(options[position])
    )


def _with_text(template: QaTemplate, asked: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    if template.text == "comparisons":
        aspect = template.dimension or "overall"
        texts = facts.comparisons.filter(pl.col("aspect") == aspect).drop("aspect")
        key = ["first", "second"]
    else:
        texts = facts.texts[str(template.text)].rename({"image_id": "image_id_1"})
        key = ["image_id_1"]
    return (
        asked.lazy()
        .join(texts, on=key, how="left", maintain_order="left")
        .rename({"text": "answer"})
        .collect()
    )
