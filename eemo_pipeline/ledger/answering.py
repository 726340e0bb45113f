"""Answers questions from the ledger, and asks the model only for those that it lacks.

Belongs here: what is missing, asking for it, storing what comes, and checking that every question
got its answer. Does not belong here: what an answer is and where it lies (`store.py`), whose turn
it is (`interleaving.py`), any model.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from eemo_pipeline.ledger.interleaving import gather, take_turns
from eemo_pipeline.ledger.store import EMBEDDED, Answer, Ask, Asker, Ledger, Spent
from eemo_pipeline.ledger.usage import NO_WORK, Work


@dataclass(frozen=True, slots=True)
class Recorded:
    """An answer that the ledger holds already, or an error, which it never holds.

    Only code that has called `Ledger.record` makes one.
    """

    answer: Answer


# Yields each ask with its answer, in any order; an `Answer` is stored here, a `Recorded` is not.
Perform = Callable[[Sequence[Ask]], Iterator[tuple[Ask, Answer | Recorded]]]


@dataclass(frozen=True)
class Inquiry:
    """What one model is asked.

    Attributes:
        role: what the model is asked to be: annotator, critic, verifier ...
        model: model and version.
        asks: the questions.
        perform: asks the model.
        stage: the stage that asks.
        provider: whom the model belongs to; for one that is paid, how many questions the ledger
            answered is kept beside the costs.
    """

    role: str
    model: str
    asks: Sequence[Ask]
    perform: Perform
    stage: str = ""
    provider: str = EMBEDDED

    @property
    def asker(self) -> Asker:
        """What its attempts have in common."""
        return self.stage, self.role, self.provider, self.model


@dataclass(frozen=True)
class Answers:
    """The answers in the order of the asks, and what answering took."""

    values: list[Answer]
    work: Work = NO_WORK


def answer_all(ledger: Ledger, inquiry: Inquiry) -> Answers:
    """Answer what one model is asked; as `answer_each`."""
    (answers,) = answer_each(ledger, [inquiry])
    return answers


def answer_each(ledger: Ledger, inquiries: Sequence[Inquiry]) -> list[Answers]:
    """Answer every ask, performing only those that the ledger does not hold.

    The models are at work at the same time. What a `perform` has not recorded itself is stored
    here soon after it came, also where one of them ends with an error. An answer with status
    "error" is returned but not stored, for a rerun may cure it.

    Args:
        ledger: where answers are looked up and stored.
        inquiries: no two of the same stage, role, provider and model.

    Raises:
        LookupError: a `perform` left an ask unanswered.
    """
    parts = [_look_up(ledger, inquiry) for inquiry in inquiries]
    performed = [
        gather(part.inquiry.perform(list(part.missing.values())) if part.missing else iter(()))
        for part in parts
    ]
    for place, batch in take_turns(performed):
        parts[place].found.update(_keep(ledger, inquiries[place], batch))
    for part in parts:
        _require_answers(part)
    return [_sum_up(ledger, part) for part in parts]


@dataclass(frozen=True)
class _Part:
    """An inquiry at work.

    Attributes:
        inquiry: what is asked.
        keys: of all asks, in their order.
        found: the answers so far, by key.
        missing: the asks that the ledger had no answer to, by key.
        spent: what its asker had spent before.
    """

    inquiry: Inquiry
    keys: list[str]
    found: dict[str, Answer]
    missing: dict[str, Ask]
    spent: Spent


def _look_up(ledger: Ledger, inquiry: Inquiry) -> _Part:
    keys = [ask.key(inquiry.role, inquiry.model) for ask in inquiry.asks]
    found = ledger.find(keys)
    missing = {key: ask for key, ask in zip(keys, inquiry.asks, strict=True) if key not in found}
    if inquiry.provider != EMBEDDED:
        ledger.count_pass(inquiry.asker, len(missing), len(found))
    return _Part(inquiry, keys, found, missing, ledger.spent_by(inquiry.asker))


def _keep(
    ledger: Ledger, inquiry: Inquiry, batch: Sequence[tuple[Ask, Answer | Recorded]]
) -> dict[str, Answer]:
    """Store what is not recorded yet; key -> answer."""
    new = [(ask, came) for ask, came in batch if not isinstance(came, Recorded)]
    if new:
        ledger.store(inquiry.role, inquiry.model, new, stage=inquiry.stage)
    return {
        ask.key(inquiry.role, inquiry.model): came.answer if isinstance(came, Recorded) else came
        for ask, came in batch
    }


def _sum_up(ledger: Ledger, part: _Part) -> Answers:
    spent = ledger.spent_by(part.inquiry.asker).since(part.spent)
    values = [part.found[key] for key in part.keys]
    reused = len(values) - len(part.missing)
    cached = 0 if part.inquiry.provider == EMBEDDED else reused
    return Answers(values, Work(len(part.missing), reused, spent.calls, spent.usd, cached))


def _require_answers(part: _Part) -> None:
    """Reconcile what was asked with what was answered."""
    unanswered = [key for key in part.missing if key not in part.found]
    if unanswered:
        raise LookupError(
            f"{len(unanswered)} of {len(part.missing)} questions have no answer: the model "
            f"{part.inquiry.model} in the role {part.inquiry.role} ended without one, first about "
            f"picture {part.missing[unanswered[0]].image_id}. What it did answer is in the ledger: "
            "run again, and only the rest is asked. Where that does not help, the part that asks "
            "the model leaves asks out"
        )
