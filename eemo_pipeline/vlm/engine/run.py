"""Puts questions to a model and hands their answers out: each is paid once, and kept.

Belongs here: the one way in, and what happens when the caller stops. Does not belong here: when an
attempt is made (`scheduler.py`), what is asked (the stages), any provider (`resources/`).

Three kinds of threads serve one run. Some build requests a little ahead, one runs the event loop
that sends them, one commits to the ledger whatever is finished. The caller gets an answer when it
is durable: after `kill -9` at most the attempts in flight are paid for twice, and none is lost.
"""

import asyncio
import threading
from collections.abc import Generator, Iterable
from contextlib import suppress
from typing import Any

from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.vlm.contract import VisionLanguageModel
from eemo_pipeline.vlm.engine.ledger_writer import Journal
from eemo_pipeline.vlm.engine.scheduler import Scheduler
from eemo_pipeline.vlm.questions import Limits, Question
from eemo_pipeline.vlm.spending.budget import Budget
from eemo_pipeline.vlm.spending.prices import Prices

_MOST_AHEAD = 128  # requests built and not sent: 25 MB of pictures


class Crew:
    """Runs at work at the same time. What ends one before its time, ends all of them."""

    def __init__(self) -> None:
        """Nobody is at work."""
        self._runs: set[_Run] = set()

    def join(self, run: "_Run") -> None:
        """A run begins."""
        self._runs.add(run)

    def leave(self, run: "_Run") -> None:
        """A run has ended."""
        self._runs.discard(run)

    def stop(self) -> None:
        """Nothing more is sent; what is in flight comes to its end."""
        for run in self._runs:
            run.tell("stop")

    def abort(self) -> None:
        """All stop at once."""
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
    """Yield every question with its answer, in the order in which they come.

    An answer has `status`: "ok" with the fields that `read` made; "refused" with a `reason`, which
    stays; or "error" with a `reason`, which is not stored, for a rerun may cure it. What the
    ledger already holds is not looked up here.

    Questions are read ahead from other threads, and not at all before the first answer is asked
    for. One model takes part in one run at a time; its connections are closed at the end, what was
    learned of its pace is kept.

    An interrupt, and closing the iterator, let the attempts in flight finish and store their
    answers; a second interrupt stops at once. Both hold for all runs of the crew.

    Raises:
        BudgetReached: no further attempt fits in; what was in flight is stored.
        CredentialProblem: the provider takes nothing from us; likewise.
        ProviderDown: it has answered nothing but faults for `patience_s`; likewise.
        UnknownPrice: the model has no price.
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
        self._scheduler = Scheduler(
            model, stage, limits=limits, journal=self.journal, budget=budget, prices=prices
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
        """Stop sending and wait for what is in flight; an interrupt meanwhile ends the wait."""
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
        """Have the scheduler stop or abort, as `method` says."""
        self._has_begun.wait()
        if self._loop:
            with suppress(RuntimeError):  # the loop is closed: there is nothing left to stop
                self._loop.call_soon_threadsafe(getattr(self._scheduler, method))

    def _run(self, questions: Iterable[Question]) -> None:
        try:
            asyncio.run(self._serve(questions))
        except BaseException as problem:  # noqa: BLE001 (it is raised where the caller is)
            self._problem = problem
        finally:
            self._has_begun.set()
            self.journal.close()
            self._has_ended.set()

    async def _serve(self, questions: Iterable[Question]) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.call_soon(self._has_begun.set)  # that is, when the scheduler first waits
        await self._scheduler.run(questions, self._ahead)
