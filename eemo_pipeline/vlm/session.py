"""The ledger, budget, prices and limits shared by all model calls of one run."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace

from eemo_pipeline.ledger.answering import Recorded
from eemo_pipeline.ledger.batches import read_waiting
from eemo_pipeline.ledger.store import Answer, Ledger
from eemo_pipeline.vlm.contract import OnOwnHardware, VisionLanguageModel
from eemo_pipeline.vlm.engine.run import Crew, ask_all
from eemo_pipeline.vlm.questions import Limits, Question
from eemo_pipeline.vlm.spending.budget import Budget
from eemo_pipeline.vlm.spending.prices import Prices

_IN_BATCH = {"status": "error", "reason": "waits_in_batch"}


@dataclass(frozen=True)
class Session:
    """The shared parts of all model calls of a run.

    Attributes:
        ledger: Stores answers and attempts.
        budget: The spending cap.
        prices: Prices per token.
        limits: Concurrency, rate and retry limits of each model.
        crew: The concurrent runs; an event that ends one of them early ends all.
    """

    ledger: Ledger
    budget: Budget
    prices: Prices
    limits: Limits = field(default_factory=Limits)
    crew: Crew = field(default_factory=Crew)

    def ask_all(
        self, model: VisionLanguageModel, questions: Iterable[Question], *, stage: str
    ) -> Iterator[tuple[Question, Answer | Recorded]]:
        """Send the questions to the model; see `engine/run.py`.

        Questions that wait in a batch are not paid for a second time. Each yields an error that is
        not stored; collecting the batch resolves it.
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
            limits=fit_limits(self.limits, model),
            crew=self.crew,
        )
        with closing(answered):
            for question, answer in answered:
                yield question, Recorded(answer)


def fit_limits(limits: Limits, model: VisionLanguageModel) -> Limits:
    """Return the limits of a run for a model: one's own hardware has its own, and no hedges."""
    if not isinstance(model, OnOwnHardware):
        return limits
    capacity = model.capacity
    in_flight = min(limits.in_flight, capacity.in_flight)
    return replace(limits, in_flight=in_flight, timeout_s=capacity.timeout_s, hedge_share=0)
