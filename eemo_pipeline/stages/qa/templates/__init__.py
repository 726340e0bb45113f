"""The contract of a question template, and how to add one.

To add a template, add one file `eemo_pipeline/stages/qa/templates/<name>.py` that declares
`TEMPLATE = QaTemplate(name="<name>", ...)`. Nothing else needs to change: the items, their
coverage, the checks of their answers and the exports follow.

`ask` returns the possible questions, one row each: `first` (row of an image in `Facts.pictures`),
`second` for a pair, `base` and `split`, and the columns that the form of the answer needs:

- yes_no: `is_yes`, whether the asked statement holds;
- what_how: `correct` and `wrong_1`, `wrong_2` ... in random order; null if there are too few;
- open: nothing, or `answer`; a template with `text` takes the answer from there.

It also returns a column for every name in `fills`. It works on columns, never on single rows, and
draws only through `eemo_pipeline.stages.qa.column_draws`. A template whose constraint no image
meets returns no rows. The selection of rows, wording, letters, identity and proof are the same for
all templates (`items.py`). `claim` is the statement that the answers make; `sql/checks/qa__items/`
checks every claim against the labels independently.
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
        claim: the statement an answer makes about the labels; a value of the column `claim`.
        sentences: wordings of the question, one of which is drawn per item; `{}` stands for the
            `fills` in their order.
        ask: returns the possible questions, from the facts and the purpose of all its draws.
        needs: columns of `Facts.pictures` that every image of a question must have.
        fills: columns of `ask` that are inserted into the question and the proof.
        proof: columns of `Facts.pictures`, or "ranking", that prove the answer.
        dimension: valence, arousal or dominance, if the question is about one.
        cell: columns of `ask` within which yes and no are equally frequent, and over which the
            questions are spread.
        pairs: key of `Facts.pairs` if the question is about two images.
        text: name in `Facts.texts`, or "comparisons", if the answer is a written text.
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
