"""The contract of a question template, and how to add one.

To add a template, add one file `eemo_pipeline/qa/templates/<name>.py` that declares
`TEMPLATE = QaTemplate(name="<name>", ...)` with a `build` function. Nothing else is touched: the
items, their coverage and the export follow.

`build` gets the facts and the seed, and returns one row per question with `ITEM_SCHEMA`. It works
on columns, never on one row at a time, and draws only through `eemo_pipeline.qa.draws`. A
template whose constraint no picture meets returns no rows.
"""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from eemo_pipeline.qa.facts import Facts

# What a template fills in; `build_items` adds item_id, template, category, question_type.
ITEM_SCHEMA = pl.Schema(
    {
        "image_ids": pl.List(pl.String),
        "question": pl.String,
        "options": pl.List(pl.String),
        "answer": pl.String,
        "answer_letter": pl.String,
        "split": pl.String,
        "sources": pl.List(pl.String),
        "facts": pl.String,
    }
)


@dataclass(frozen=True)
class QaTemplate:
    """One kind of question.

    Attributes:
        name: equals the module's name; part of every item's identity.
        category: perception, pair_perception, ranking or description.
        question_type: yes_no, what_how or open.
        build: the questions, from the facts and the seed; a frame with ITEM_SCHEMA.
    """

    name: str
    category: str
    question_type: str
    build: Callable[[Facts, str], pl.DataFrame]
