"""The contract of a question template, and how to add one.

To add a template, add one file `eemo_pipeline/stages/qa/templates/<name>.py` that declares
`TEMPLATE = QaTemplate(name="<name>", ...)`. Nothing else needs to change: the items, their
coverage, the checks of their answers and the exports follow.

`ask` returns the possible questions, one row each: `first` (row of an image in `Facts.pictures`),
`second` for a pair, `base` and `split`, and the columns that the form of the answer needs:

- yes_no: `is_yes`, whether the asked statement holds;
- what_how: `correct` and `wrong_1`, `wrong_2` ... in random order; null if there are too few. With
  `drawn`, `correct` and a boolean column `may_<emotion>` per Ekman emotion instead: the wrong
  options are drawn when the questions are chosen;
- open: nothing, or `answer`; a template with `text` takes the answer from there.

It also returns a column for every name in `fills`. It works on columns, never on single rows, and
draws only through `eemo_pipeline.stages.qa.column_draws`. A template whose constraint no image
meets returns no rows. Questions about images of which only the feelings of depicted people are
known are worded by `depicted`, and left out where a template has none.

The selection of rows, wording, letters, identity and proof are the same for all templates
(`items.py`). `claim` is the statement that the answers make; `sql/checks/qa__items/` checks every
claim against the labels independently.
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
            `fills` in their order. They must read well with "a neutral mood" for an emotion.
        depicted: wordings for images whose labels say what depicted people seem to feel.
        ask: returns the possible questions, from the facts and the purpose of all its draws.
        needs: columns of `Facts.pictures` that every image of a question must have.
        fills: columns of `ask` that are inserted into the question and the proof.
        proof: columns of `Facts.pictures`, or "ranking", that prove the answer.
        dimension: valence, arousal or dominance, if the question is about one.
        cell: columns of `ask` within which the possible answers are equally frequent, and over
            which the questions are spread.
        answers: the number of possible answers in a cell, each right equally often; 0 if the
            options differ from question to question.
        drawn: the number of wrong options that are drawn among emotions, each about as often as it
            is right, so that an option alone does not give the answer away.
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
    depicted: tuple[str, ...] = ()
    fills: tuple[str, ...] = ()
    proof: tuple[str, ...] = ()
    dimension: str | None = None
    cell: tuple[str, ...] = ()
    answers: int = 0
    drawn: int = 0
    pairs: str | None = None
    text: str | None = None
