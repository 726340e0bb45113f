"""What all model calls of one run share, so that whoever asks need not know it.

Belongs here: holding it together. Does not belong here: any of it.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field

from eemo_pipeline.ledger.answering import Recorded
from eemo_pipeline.ledger.batches import read_waiting
from eemo_pipeline.ledger.store import Answer, Ledger
from eemo_pipeline.vlm.contract import VisionLanguageModel
from eemo_pipeline.vlm.engine.run import Crew, ask_all
from eemo_pipeline.vlm.questions import Limits, Question
from eemo_pipeline.vlm.spending.budget import Budget
from eemo_pipeline.vlm.spending.prices import Prices

_IN_BATCH = {"status": "error", "reason": "waits_in_batch"}


@dataclass(frozen=True)
class Session:
    """How the calls of a run are kept, paid and paced.

    Attributes:
        ledger: where answers and attempts are written.
        budget: what may be spent.
        prices: what an attempt costs.
        limits: how hard each model may be worked.
        crew: the models at work: what ends one before its time, ends all.
    """

    ledger: Ledger
    budget: Budget
    prices: Prices
    limits: Limits = field(default_factory=Limits)
    crew: Crew = field(default_factory=Crew)

    def ask_all(
        self, model: VisionLanguageModel, questions: Iterable[Question], *, stage: str
    ) -> Iterator[tuple[Question, Answer | Recorded]]:
        """Put the questions to the model; as `engine.ask_all`.

        Those that wait in a batch are not paid a second time: their answer, which is not stored,
        is an error that collecting the batch cures.
        """
        if waiting := read_waiting(self.ledger):
            every = list(questions)
            held = [question for question in every if question.key in waiting]
            questions = [question for question in every if question.key not in waiting]
            yield from ((question, dict(_IN_BATCH)) for question in held)
        answered = ask_all(
            model,
            questions,
            stage=stage,
            ledger=self.ledger,
            budget=self.budget,
            prices=self.prices,
            limits=self.limits,
            crew=self.crew,
        )
        with closing(answered):
            for question, answer in answered:
                yield question, Recorded(answer)
