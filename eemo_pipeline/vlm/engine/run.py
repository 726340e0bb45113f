"""Sends questions to one model and yields the answers. Every answer is paid for once and stored.

`scheduler.py` decides when an attempt is made.

One run uses three kinds of threads. Some build requests a little ahead, one runs the event loop
that sends them, and one commits finished answers to the ledger. The caller receives an answer once
it is durable: after `kill -9` at most the attempts in flight are paid for twice, and none is lost.
"""

import asyncio
import threading
from collections.abc import Generator, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.vlm.contract import VisionLanguageModel
from eemo_pipeline.vlm.engine.first_contact import FirstContact
from eemo_pipeline.vlm.engine.ledger_writer import Journal
from eemo_pipeline.vlm.engine.scheduler import Scheduler
from eemo_pipeline.vlm.questions import Limits, Question
from eemo_pipeline.vlm.spending.budget import Budget
from eemo_pipeline.vlm.spending.prices import Prices

_MOST_AHEAD = 128  # requests built but not sent: 25 MB of images


class Crew:
    """Concurrent runs. Any event that ends one of them early ends all."""

    def __init__(self) -> None:
        """Start without runs."""
        self._runs: set[_Run] = set()

    def join(self, run: "_Run") -> None:
        """Add a run that begins."""
        self._runs.add(run)

    def leave(self, run: "_Run") -> None:
        """Remove a run that has ended."""
        self._runs.discard(run)

    def stop(self) -> None:
        """Stop sending in all runs; attempts in flight finish."""
        for run in self._runs:
            run.tell("stop")

    def abort(self) -> None:
        """Stop all runs at once."""
        for run in self._runs:
            run.tell("abort")


def ask_all(
    model: VisionLanguageModel,
    questions: Iterable[Question],
    *,
    stage: str,
    ledger: Ledger,
    budget: Budget,
    prices: Prices,
    limits: Limits,
    crew: Crew | None = None,
) -> Generator[tuple[Question, dict[str, Any]], None, None]:
    """Yield every question with its answer, in order of completion.

    An answer has `status`: "ok" with the fields created by `read`; "refused" with a `reason`,
    stored; or "error" with a `reason`, not stored, because a rerun may succeed. Answers that the
    ledger already holds are not looked up here.

    Other threads read questions ahead, but none before the first answer is requested. One model
    takes part in one run at a time. Its connections are closed at the end; the learned rate is
    kept.

    An interrupt, or closing the iterator, lets the attempts in flight finish and stores their
    answers; a second interrupt stops at once. Both apply to all runs of the crew.

    Raises:
        BudgetReached: No further attempt fits into the budget; attempts in flight are stored.
        CredentialProblem: The provider accepts no request, or failed at every one before its first
            reply; attempts in flight are stored.
        ProviderDown: Nothing but faults for `patience_s`; attempts in flight are stored.
        UnknownPrice: The model has no price.
    """
    crew = crew or Crew()
    run = _Run(model, stage, ledger, budget, prices, limits, crew)
    run.start(questions)
    try:
        while batch := run.journal.take():
            yield from batch
    except BaseException:
        crew.stop()
        raise
    finally:
        run.end()
    run.raise_problem()


class _Run:
    def __init__(
        self,
        model: VisionLanguageModel,
        stage: str,
        ledger: Ledger,
        budget: Budget,
        prices: Prices,
        limits: Limits,
        crew: Crew,
    ) -> None:
        self.journal = Journal(ledger, model.model)
        self._model = model
        self._crew = crew
        self._ahead = max(2, min(_MOST_AHEAD, limits.in_flight))
        names = model.provider, model.model
        self._scheduler = Scheduler(
            model,
            stage,
            limits=limits,
            journal=self.journal,
            budget=budget,
            prices=prices,
            contact=FirstContact(*names, partial(ledger.has_reply_of, *names)),
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._problem: BaseException | None = None
        self._has_begun = threading.Event()
        self._has_ended = threading.Event()

    def start(self, questions: Iterable[Question]) -> None:
        self._crew.join(self)
        threading.Thread(
            target=self._run, args=(questions,), name="vlm-engine", daemon=True
        ).start()

    def end(self) -> None:
        """Stop sending and wait for attempts in flight; an interrupt meanwhile ends the wait."""
        try:
            self.tell("stop")
            self._has_ended.wait()
        except BaseException:
            self._crew.abort()
            self._has_ended.wait(timeout=5)
            raise
        finally:
            self._crew.leave(self)

    def raise_problem(self) -> None:
        problem = self._problem or self._scheduler.problem or self.journal.problem
        if problem:
            raise problem

    def tell(self, method: str) -> None:
        """Call `stop` or `abort` of the scheduler, as `method` says, in the event loop's thread."""
        self._has_begun.wait()
        if self._loop:
            with suppress(RuntimeError):  # the loop is closed: there is nothing left to stop
                self._loop.call_soon_threadsafe(getattr(self._scheduler, method))

    def _run(self, questions: Iterable[Question]) -> None:
        try:
            asyncio.run(self._serve(questions))
        except BaseException as problem:  # noqa: BLE001 (raised in the caller's thread)
            self._problem = problem
        finally:
            self._has_begun.set()
            self.journal.close()
            self._has_ended.set()

    async def _serve(self, questions: Iterable[Question]) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.call_soon(self._has_begun.set)  # runs when the scheduler first waits
        await self._scheduler.run(questions, self._ahead)
