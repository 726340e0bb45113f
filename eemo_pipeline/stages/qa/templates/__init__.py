"""The contract of a question template, and how to add one.

To add a template, add one file `eemo_pipeline/qa/templates/<name>.py` that declares
`TEMPLATE = QaTemplate(name="<name>", ...)`. Nothing else is touched: the items, their coverage,
the checks of their answers and the exports follow.

`ask` says what could be asked, one row per question: `first` (row of a picture in
`Facts.pictures`), for a pair `second`, `base` and `split`, and what the form of the answer needs:

- yes_no: `is_yes`, whether the asked statement holds;
- what_how: `correct` and `wrong_1`, `wrong_2` ... in random order; null where there are too few;
- open: nothing, or `answer`; a template with `text` takes it from there.

Besides, a column for every name in `fills`. It works on columns, never on one row at a time, and
draws only through `eemo_pipeline.stages.qa.column_draws`. A template whose constraint no picture
meets returns no rows. What is kept of the rows, wording, letters, identity and proof are the same
for all (`items.py`). `claim` is what the answers claim; `sql/checks/qa__items/` holds every claim
against the labels, on its own.
"""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from eemo_pipeline.stages.qa.facts import Facts


@dataclass(frozen=True)
class QaTemplate:
    """One kind of question.

    Attributes:
        name: equals the module's name; part of every item's identity.
        category: perception, pair_perception, ranking or description.
        question_type: yes_no, what_how or open.
        claim: what the answer claims of the labels; a value of the column `claim`.
        sentences: wordings of the question, of which each item draws one; `{}` stands for the
            `fills` in their order.
        ask: what could be asked, from the facts and the purpose of all its draws.
        needs: columns of `Facts.pictures` that every picture of a question must have.
        fills: columns of `ask` that go into the question, and into the proof.
        proof: columns of `Facts.pictures`, or "ranking", that prove the answer.
        dimension: valence, arousal or dominance, where the question is about one.
        cell: columns of `ask` within which yes and no are equally frequent, and over which the
            questions are spread.
        pairs: key of `Facts.pairs` where the question is about two pictures.
        text: name in `Facts.texts`, or "comparisons", where the answer is a written text.
    """

    name: str
    category: str
    question_type: str
    claim: str
    sentences: tuple[str, ...]
    ask: Callable[[Facts, str], pl.DataFrame]
    needs: tuple[str, ...]
    fills: tuple[str, ...] = ()
    proof: tuple[str, ...] = ()
    dimension: str | None = None
    cell: tuple[str, ...] = ()
    pairs: str | None = None
    text: str | None = None
