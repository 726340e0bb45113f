"""Turns questions into items: wording, options in seeded order, letter, proof, identity.

Holds the steps that all templates share. The questions come from `templates/`; `build.py` decides
which are kept.
"""

from collections.abc import Iterator

import polars as pl

from eemo_pipeline.stages.qa.column_draws import choose, mix
from eemo_pipeline.stages.qa.facts import DEPICTED, ORIGINS, Facts
from eemo_pipeline.stages.qa.templates import QaTemplate
from eemo_pipeline.stats.hash_draws import short_hash

LETTERS = ("A", "B", "C", "D")
YES, NO = "Yes", "No"
# Rows converted to text in one batch: about 25 MB.
_BATCH = 25_000


def render(
    template: QaTemplate, asked: pl.DataFrame, facts: Facts, purpose: str
) -> Iterator[pl.DataFrame]:
    """Yield the items of the questions as frames of `qa__items`, sorted by item_id."""
    worded = _numbered(
        template, _lettered(template, _worded(template, asked, purpose), purpose), facts
    )
    answered = _with_text(template, worded, facts) if template.text else worded
    for start in range(0, answered.height, _BATCH):
        yield _rendered(template, answered.slice(start, _BATCH), facts)


def _worded(template: QaTemplate, asked: pl.DataFrame, purpose: str) -> pl.DataFrame:
    fields = [_spoken(template, name) for name in template.fills]

    def one_of(sentences: tuple[str, ...]) -> pl.Expr:
        filled = [pl.format(one, *fields) if fields else pl.lit(one) for one in sentences]
        return choose(filled, pl.col("base"), purpose, "wording")

    question = one_of(template.sentences)
    if template.depicted:
        is_depicted = pl.col("felt_by") == DEPICTED
        question = pl.when(is_depicted).then(one_of(template.depicted)).otherwise(question)
    return asked.with_columns(question.alias("question"))


def _spoken(template: QaTemplate, name: str) -> pl.Expr:
    """Return a fill as it stands in a sentence: the label neutral is no noun."""
    fill = pl.col(name)
    if template.dimension:  # neutral is a level of valence there
        return fill
    return pl.when(fill == "neutral").then(pl.lit("a neutral mood")).otherwise(fill)


def _lettered(template: QaTemplate, asked: pl.DataFrame, purpose: str) -> pl.DataFrame:
    """Add `place` of the right option, evenly spread within each split and yes or no answer."""
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


def _numbered(template: QaTemplate, asked: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """Add `number`, which item_id spells in hexadecimal, and sort by it.

    The number is the exclusive or of one number for the question and one for each image, all from
    SHA-256 (Zobrist 1970, A New Hashing Method with Application for Game Playing). Polars has no
    SHA-256, and one call per distinct part is far cheaper than one per item.
    """
    questions = asked["question"].unique()
    numbers = [int(short_hash(template.name, question), 16) for question in questions]
    number = asked["question"].replace_strict(questions, numbers, return_dtype=pl.UInt64)
    number = number.cast(pl.UInt64)  # without rows it would stay text
    for side in ("first", "second"):
        if side in asked.columns:
            number ^= facts.pictures[f"number_as_{side}"][asked[side]]
    return asked.with_columns(number.alias("number")).sort("number")


def _spell(numbers: pl.Series) -> pl.Series:
    """Return 64-bit numbers as 16 hexadecimal digits."""
    digits = numbers.to_numpy().astype(">u8").tobytes().hex()
    spelt = [digits[start : start + 16] for start in range(0, len(digits), 16)]
    return pl.Series(spelt, dtype=pl.String)


def _rendered(template: QaTemplate, asked: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    origins = [ORIGINS[need] for need in template.needs if need in ORIGINS]
    wanted = dict.fromkeys(("image_id", "sources", *template.proof, *origins))
    known = facts.pictures.select(list(wanted))
    sides = [
        known[asked[side]].rename(lambda name, end=end: f"{name}_{end}")
        for end, side in enumerate(("first", "second"), start=1)
        if side in asked.columns
    ]
    ids = pl.concat_arr(f"image_id_{side}" for side in range(1, len(sides) + 1))
    wide = pl.concat([_answered(template, asked), *sides], how="horizontal")
    return wide.select(
        _spell(asked["number"]).alias("item_id"),
        pl.lit(template.name).alias("template"),
        pl.lit(template.category).alias("category"),
        pl.lit(template.question_type).alias("question_type"),
        pl.lit(template.claim).alias("claim"),
        ids.arr.to_list().alias("image_ids"),
        "question",
        "options",
        "answer",
        "answer_letter",
        "split",
        (wide["sources_1"] if len(sides) == 1 else _joined_sources(asked, facts)).alias("sources"),
        _proof(template, len(sides), origins).alias("facts"),
    )


def _joined_sources(asked: pl.DataFrame, facts: Facts) -> pl.Series:
    """Return the sources of both images. Each distinct pair of source sets is joined once."""
    pairs = asked.select("first", "second").with_columns(
        facts.pictures["source_set"][asked[side]].alias(f"set_{side}")
        for side in ("first", "second")
    )
    sets = ["set_first", "set_second"]
    met = pairs.unique(sets)
    sources = facts.pictures["sources"]
    both = pl.concat_list(sources[met["first"]], sources[met["second"]])
    joined = met.select(*sets, both.list.unique().list.sort().alias("sources"))
    return pairs.join(joined, on=sets, how="left", maintain_order="left")["sources"]


def _proof(template: QaTemplate, count: int, origins: list[str]) -> pl.Expr:
    """Return the facts that prove the answer, and who states them, as one JSON object per row."""
    fields: list[pl.Expr] = (
        [pl.lit(template.dimension).alias("dimension")] if template.dimension else []
    )
    fields += [pl.col(name) for name in template.fills]
    if template.depicted:
        fields.append(pl.col("felt_by"))
    for side in range(1, count + 1):
        for name in template.proof:
            field = pl.col(f"{name}_{side}")
            fields.append(field.alias(name) if count == 1 else field)
    if template.text:
        fields.append(pl.lit(f"texts__{template.text}").alias("text"))
    comma = "," if fields else ""
    stated: list[pl.Expr] = []
    for side in range(1, count + 1):
        place = "" if count == 1 else f"_{side}"
        # Origins are JSON already.
        parts = [pl.col(f"{name}_{side}") for name in origins]
        listed = pl.concat_str(parts, separator=",", ignore_nulls=True)
        stated += [pl.lit(f'{comma}"origin{place}":['), listed, pl.lit("]")]
        comma = ","
    if template.text == "comparisons":
        stated += [pl.lit(',"written_by":'), pl.col("origin")]
    known = pl.struct(fields).struct.json_encode().str.strip_suffix("}") if fields else pl.lit("{")
    return pl.concat_str(known, *stated, pl.lit("}"))


def _answered(template: QaTemplate, asked: pl.DataFrame) -> pl.DataFrame:
    if template.question_type == "open":
        return asked.with_columns(
            pl.lit([], dtype=pl.List(pl.String)).alias("options"),
            pl.lit(None, dtype=pl.String).alias("answer_letter"),
        )
    options = _options(asked)
    shown = pl.concat_arr(_option_at(position, options) for position in range(len(options)))
    letter = pl.col("place").replace_strict(
        range(len(options)), LETTERS[: len(options)], return_dtype=pl.String
    )
    return asked.with_columns(
        shown.arr.to_list().alias("options"),
        pl.col("correct").alias("answer"),
        letter.alias("answer_letter"),
    )


def _option_at(position: int, options: list[str]) -> pl.Expr:
    """Return the right option at its place, and the next wrong option elsewhere."""
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
        of_aspect = pl.col("aspect") == (template.dimension or "overall")
        texts = facts.compared.filter(of_aspect)
        asked = asked.join(
            facts.comparisons.filter(of_aspect),
            on=["first", "second"],
            how="left",
            maintain_order="left",
        )
        places = asked["place"]
    else:
        texts = facts.texts[str(template.text)]
        places = facts.pictures[f"has_{template.text}"][asked["first"]]
    text = texts.select("text").collect()["text"]
    return asked.with_columns(text[places].alias("answer"))
