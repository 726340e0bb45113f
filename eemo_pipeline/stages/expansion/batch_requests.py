"""Sends the prompts of generated images in a provider's batch, where it has one."""

from pathlib import Path

from eemo_pipeline.lake.parquet import scan_table
from eemo_pipeline.roles.generator import ROLE, STAGE
from eemo_pipeline.stages.expansion.model_generator import ModelGenerator
from eemo_pipeline.vlm.batch.interface import BatchUnsupported, FindInterface
from eemo_pipeline.vlm.batch.submission import BatchPolicy, Submission, submit


def submit_images(
    tables: Path,
    generator: ModelGenerator | None,
    find_interface: FindInterface,
    policy: BatchPolicy,
) -> Submission:
    """Send the prompts that have no image and wait in no batch.

    Args:
        tables: the folder of the tables; without `expansion__prompts` there is nothing to send.
        generator: the generator of the run, None for none.
        find_interface: returns the batch interface of a provider's model.
        policy: how batches are built.

    Raises:
        BatchUnsupported: the generator has no batch interface.
        BudgetReached: the budget is used up; the prompts that fitted into it have been sent.
        ProviderProblem: a provider rejects a batch.
    """
    if generator is None:
        raise BatchUnsupported("no image generator is chosen")
    prompts = scan_table(tables, "expansion__prompts").collect()
    return submit(
        find_interface(generator.provider, generator.model),
        generator.questions(generator.asks(prompts)),
        stage=STAGE,
        role=ROLE,
        session=generator.session,
        policy=policy,
    )
