"""Answers questions from the ledger; models are called only for the missing answers.

New answers are stored as they arrive, and every question is checked for an answer at the end. Keys
and storage are in `store.py`; `interleaving.py` runs several models concurrently.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from eemo_pipeline.ledger.interleaving import gather, take_turns
from eemo_pipeline.ledger.store import EMBEDDED, Answer, Ask, Asker, Ledger, Spent
from eemo_pipeline.ledger.usage import NO_WORK, Work


@dataclass(frozen=True, slots=True)
class Recorded:
    """An answer that is already in the ledger, or an error, which is never stored.

    Constructed only by code that has called `Ledger.record`.
    """

    answer: Answer


# Yields each ask with its answer, in any order. An `Answer` is stored by this module; a `Recorded`
# is not.
Perform = Callable[[Sequence[Ask]], Iterator[tuple[Ask, Answer | Recorded]]]


@dataclass(frozen=True)
class Inquiry:
    """The questions of one stage to one model.

    Attributes:
        role: the model's role: annotator, critic, verifier ...
        model: model and version.
        asks: the questions.
        perform: calls the model.
        stage: the stage that sends the questions.
        provider: the model's provider. For a paid provider, the numbers of cache hits and misses
            are stored in the ledger as well.
    """

    role: str
    model: str
    asks: Sequence[Ask]
    perform: Perform
    stage: str = ""
    provider: str = EMBEDDED

    @property
    def asker(self) -> Asker:
        """The stage, role, provider and model that all its attempts share."""
        return self.stage, self.role, self.provider, self.model


@dataclass(frozen=True)
class Answers:
    """The answers in the order of the asks, and the work they took."""

    values: list[Answer]
    work: Work = NO_WORK


def answer_all(ledger: Ledger, inquiry: Inquiry) -> Answers:
    """Answer the questions of one inquiry; see `answer_each`."""
    (answers,) = answer_each(ledger, [inquiry])
    return answers


def answer_each(ledger: Ledger, inquiries: Sequence[Inquiry]) -> list[Answers]:
    """Answer every ask, calling models only for answers missing from the ledger.

    Models of different providers run concurrently, and so do embedded ones; models of one provider
    run one after the other, since one's own hardware may hold one alone. Answers that a `perform`
    has not recorded itself are stored soon after they arrive, even if a `perform` fails later. An
    answer with status "error" is returned but not stored, so that a rerun retries it.

    Args:
        ledger: where answers are looked up and stored.
        inquiries: each with a different combination of stage, role, provider and model.

    Raises:
        LookupError: a `perform` left an ask unanswered.
    """
    parts = [_look_up(ledger, inquiry) for inquiry in inquiries]
    lines: dict[str, list[_Part]] = {}
    for place, part in enumerate(parts):
        provider = part.inquiry.provider
        lines.setdefault(str(place) if provider == EMBEDDED else provider, []).append(part)
    for _, (part, batch) in take_turns([_perform(line) for line in lines.values()]):
        part.found.update(_keep(ledger, part.inquiry, batch))
    for part in parts:
        _require_answers(part)
    return [_sum_up(ledger, part) for part in parts]


@dataclass(frozen=True)
class _Part:
    """The state of one inquiry while it is answered.

    Attributes:
        inquiry: the questions and their model.
        keys: the keys of all asks, in the order of the asks.
        found: the answers so far, by key.
        missing: the cache misses, by key.
        spent: the asker's calls and cost before this inquiry.
    """

    inquiry: Inquiry
    keys: list[str]
    found: dict[str, Answer]
    missing: dict[str, Ask]
    spent: Spent


_Batch = list[tuple[Ask, Answer | Recorded]]


def _perform(parts: Sequence[_Part]) -> Generator[tuple[_Part, _Batch], None, None]:
    """Yield the batches of answers of one part after the other."""
    for part in parts:
        if part.missing:
            with closing(gather(part.inquiry.perform(list(part.missing.values())))) as batches:
                for batch in batches:
                    yield part, batch


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
    """Store the answers that are not recorded yet; return key -> answer of the whole batch."""
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
    """Raise LookupError if a missing ask is still unanswered."""
    unanswered = [key for key in part.missing if key not in part.found]
    if unanswered:
        raise LookupError(
            f"{len(unanswered)} of {len(part.missing)} questions have no answer: the model "
            f"{part.inquiry.model} in the role {part.inquiry.role} ended without one, first about "
            f"image {part.missing[unanswered[0]].image_id}. What it did answer is in the ledger: "
            "run again, and only the rest is asked. Where that does not help, the part that asks "
            "the model leaves asks out"
        )
