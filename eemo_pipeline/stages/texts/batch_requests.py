"""Sends the questions of writer and describer through the batch interfaces of their providers.

Selects the questions: those of the first try whose facts exist and whose answer is one text.
Batches are built and sent in `vlm/batch/submission.py`. Texts that are asked for again depend on
what was written, and multiple-choice material is no single text: a normal run asks both.
"""

from pathlib import Path

from eemo_pipeline.roles.writer import STAGE
from eemo_pipeline.stages.texts.model_writer import READERS, ModelWriter, read_text
from eemo_pipeline.stages.texts.open_questions import collect_questions
from eemo_pipeline.vlm.batch.interface import BatchUnsupported, FindInterface
from eemo_pipeline.vlm.batch.submission import BatchPolicy, Submission, submit


def submit_texts(
    tables: Path,
    writer: ModelWriter | None,
    describer: ModelWriter | None,
    find_interface: FindInterface,
    policy: BatchPolicy,
) -> Submission:
    """Send the open questions of both, each once; a writer without a batch interface is skipped.

    Texts that are built on other texts follow in a later submission, once these are there.

    Args:
        tables: the folder of the tables; a missing table counts as empty.
        writer: the model that writes from facts, or None.
        describer: the model that describes, or None.
        find_interface: returns the batch interface of a provider's model.
        policy: how batches are built.

    Raises:
        BatchUnsupported: neither has a batch interface.
        BudgetReached: the budget is used up; the questions that fitted into it have been sent.
        ProviderProblem: a provider rejects a batch.
    """
    interfaces, reasons = [], []
    for model in filter(None, (describer, writer)):
        try:
            interfaces.append((model, find_interface(model.provider, model.model)))
        except BatchUnsupported as problem:
            reasons.append(str(problem))
    if not interfaces:
        raise BatchUnsupported("; ".join(reasons) or "the texts are written without a model")
    written, described = collect_questions(tables, writer, describer)
    opened = {questions.of.role: questions for questions in (written, described) if questions}
    done = Submission()
    for model, interface in interfaces:
        asks = [
            question.ask
            for question in opened[model.role].found
            if question.number == 1 and READERS[question.task] is read_text
        ]
        done += submit(
            interface,
            model.questions(asks),
            stage=STAGE,
            role=model.role,
            session=model.session,
            policy=policy,
        )
    return done
