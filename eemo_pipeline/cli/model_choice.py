"""Reads and checks the choice of models and budget before a run starts.

Errors become a Problem with a fix. `resources/providers/registry.py` knows the providers and
`resources/budgets.py` parses the budget.
"""

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eemo_pipeline.cli.output import clean
from eemo_pipeline.cli.problems import Exit, Problem, wrong_usage
from eemo_pipeline.cli.shell_text import corrected

if TYPE_CHECKING:
    from eemo_pipeline.lake.data_root import DataRoot
    from eemo_pipeline.stages.critic.limits import CriticLimits
    from eemo_pipeline.stages.critic.model_critic import ModelCritic
    from eemo_pipeline.stages.expansion.model_generator import ModelGenerator
    from eemo_pipeline.stages.texts.model_writer import ModelWriter
    from eemo_pipeline.stages.verification.vlm_verifier import VisionVerifier
    from eemo_pipeline.vlm.contract import VisionLanguageModel
    from eemo_pipeline.vlm.session import Session
    from resources.providers.registry import Choice


@dataclass(frozen=True)
class ModelChoice:
    """The chosen providers and budget; a budget of None leaves it to the environment."""

    providers: str
    budget_usd: str | None


def choose_models(providers: str | None, budgets: Sequence[str] = ()) -> ModelChoice:
    """Read the choice and check that every key, address and price it needs is available.

    Raises:
        Problem: The choice is wrong (exit code 2), or something it needs is missing (5).
    """
    choose_thresholds()
    choose_grounder()
    _check_executor()
    _check_bertscore()
    text, choices = _understand(providers)
    keyless = f"{corrected('--providers', 'local')}  # the same graph without a key"
    _require_keys(choices, f"--providers {text}", keyless)
    return ModelChoice(text, _understand_budget(budgets))


def choose_plan(
    providers: str | None, budgets: Sequence[str] = ()
) -> tuple[str, "tuple[VisionLanguageModel, ...]"]:
    """Return the choice and its models for a forecast; no key is needed.

    Raises:
        Problem: The choice or the budget is wrong (exit code 2).
    """
    from resources.roles.annotators import planned_models

    text, _ = _understand(providers)
    _understand_budget(budgets)
    return text, planned_models(text)


def choose_thresholds() -> "CriticLimits":
    """Return the thresholds that a run would use.

    Raises:
        Problem: a threshold is wrong (exit code 2).
    """
    from resources.thresholds import VARIABLE, BadThreshold, read_thresholds

    try:
        return read_thresholds(os.environ.get(VARIABLE, ""))
    except BadThreshold as error:
        raise wrong_usage("a threshold is wrong", VARIABLE, str(error)) from error


def choose_grounder() -> str:
    """Return the name of the grounder that a run would use; its models are not loaded.

    Raises:
        Problem: there is no such grounder, or a threshold of grounding is wrong (exit code 2).
    """
    from resources.roles.grounders import EMBEDDED, VARIABLE, BadGrounder, check_name
    from resources.roles.grounding_limits import VARIABLE as THRESHOLDS
    from resources.roles.grounding_limits import read_grounding_limits
    from resources.thresholds import BadThreshold

    try:
        read_grounding_limits(os.environ.get(THRESHOLDS, ""))
        return check_name((os.environ.get(VARIABLE) or EMBEDDED).strip())
    except BadThreshold as error:
        raise wrong_usage("a threshold is wrong", THRESHOLDS, str(error)) from error
    except BadGrounder as error:
        raise wrong_usage("there is no such grounder", VARIABLE, str(error)) from error


def _check_executor() -> None:
    """Check where the models of a run would work; no cluster is asked.

    Raises:
        Problem: there is no such executor, or what its models ask for is wrong (exit code 2).
    """
    from resources.child_models.placement import VARIABLE, BadExecutor, read_executor

    try:
        read_executor()
    except BadExecutor as error:
        raise wrong_usage("the executor was not understood", VARIABLE, str(error)) from error


def _check_bertscore() -> None:
    """Check that the folder that EEMO_BERTSCORE names, if it names one, holds a model.

    Raises:
        Problem: it holds none (exit code 5).
    """
    from resources.child_models.bertscore import VARIABLE
    from resources.child_models.model_folder import MissingModel, read_model_type

    folder = os.environ.get(VARIABLE, "").strip()
    try:
        if folder:
            read_model_type(folder)
    except MissingModel as error:
        raise no_bertscore(error) from error


def no_bertscore(error: Exception) -> Problem:
    """Return the problem of a model of BERTScore that cannot be used."""
    from resources.child_models.bertscore import VARIABLE

    return Problem(
        "the model of BERTScore cannot be used",
        VARIABLE,
        clean(str(error)),
        "name a folder of a text model as save_pretrained leaves it, or none",
        code=Exit.CREDENTIAL,
    )


def choose_judges(session: "Session") -> "tuple[VisionVerifier | None, ModelCritic | None]":
    """Return the verifier and critic that a run would pay for, for a forecast; no key is needed.

    Raises:
        Problem: The choice is wrong (exit code 2).
    """
    from eemo_pipeline.vlm.spending.prices import UnknownPrice
    from resources.providers.registry import BadProviders
    from resources.roles.critics import VARIABLE as CRITIC
    from resources.roles.critics import planned_critic
    from resources.roles.verifiers import VARIABLE as VERIFIER
    from resources.roles.verifiers import planned_verifier

    try:
        judges = planned_verifier(session), planned_critic(session)
        for judge in filter(None, judges):
            session.prices.find(judge.vlm.provider, judge.vlm.model)
    except (BadProviders, UnknownPrice) as error:
        where = f"{VERIFIER} and {CRITIC}"
        raise wrong_usage(
            "the cost of the verifier or critic is unknown", where, str(error)
        ) from error
    return judges


def choose_writers(
    session: "Session", root: "DataRoot"
) -> "tuple[ModelWriter | None, ModelWriter | None]":
    """Return writer and describer that a run would pay for, for a forecast; no key is needed.

    Raises:
        Problem: The choice is wrong (exit code 2).
    """
    from eemo_pipeline.vlm.spending.prices import UnknownPrice
    from resources.providers.registry import BadProviders
    from resources.roles.writers import VARIABLES, BadWriter, planned_writer

    try:
        writer, describer = (planned_writer(role, session, root) for role in VARIABLES)
        for chosen in filter(None, (writer, describer)):
            session.prices.find(chosen.provider, chosen.model)
    except (BadProviders, BadWriter, UnknownPrice) as error:
        where = " and ".join(VARIABLES.values())
        raise wrong_usage("the cost of a writer is unknown", where, str(error)) from error
    return writer, describer


def choose_judge() -> None:
    """Check that the judge of EEMO_JUDGE, if it names one, can be asked.

    Raises:
        Problem: The choice is wrong (exit code 2), or something it needs is missing (5).
    """
    from eemo_pipeline.vlm.spending.prices import UnknownPrice, read_prices
    from resources.providers.registry import BadProviders, read_choices
    from resources.roles.examinees import JUDGE

    text = os.environ.get(JUDGE, "").strip()
    try:
        choices = read_choices(text) if text else ()
        for choice in choices:
            read_prices().find(choice.provider, choice.model)
    except (BadProviders, UnknownPrice) as error:
        raise wrong_usage("the judge cannot be used", f"{JUDGE}={text}", str(error)) from error
    _require_keys(choices, f"{JUDGE}={text}")


def choose_generator(session: "Session", root: "DataRoot") -> "ModelGenerator | None":
    """Return the image generator that a run would pay for, for a forecast; no key is needed.

    Raises:
        Problem: The choice is wrong (exit code 2).
    """
    from eemo_pipeline.vlm.spending.prices import UnknownPrice
    from resources.roles.generators import VARIABLE, BadGenerator, planned_generator

    try:
        return planned_generator(session, root)
    except (BadGenerator, UnknownPrice) as error:
        raise wrong_usage("the cost of the generator is unknown", VARIABLE, str(error)) from error


def _require_keys(choices: "Sequence[Choice]", asked: str, *cures: str) -> None:
    for choice in choices:
        for variable in choice.missing(os.environ):
            raise Problem(
                f"{choice.provider} cannot be used",
                asked,
                f"the environment variable {variable} is not set",
                f"export {variable}=...",
                *cures,
                code=Exit.CREDENTIAL,
            )


def _understand(providers: str | None) -> "tuple[str, tuple[Choice, ...]]":
    from eemo_pipeline.vlm.spending.prices import BadPrices, UnknownPrice, read_prices
    from resources.providers.registry import BadProviders, MissingModel, chosen_text, read_choices

    text = chosen_text(providers)
    where = f"--providers {text}"
    try:
        choices = read_choices(text)
        prices = read_prices()
        for choice in choices:
            prices.find(choice.provider, choice.model)
    except MissingModel as error:
        fix = corrected("--providers", "local")
        raise Problem("a model is missing", where, str(error), fix, code=Exit.CREDENTIAL) from error
    except BadProviders as error:
        fix = corrected("--providers", "openai,gemini")
        raise wrong_usage("the providers were not understood", where, str(error), fix) from error
    except (BadPrices, UnknownPrice) as error:
        raise wrong_usage("the cost of a model is unknown", where, str(error)) from error
    return text, choices


def _understand_budget(budgets: Sequence[str]) -> str | None:
    from resources.budgets import VARIABLE, BadBudget, read_budget

    typed = ",".join(budgets) if budgets else None
    text = os.environ.get(VARIABLE) if typed is None else typed
    try:
        read_budget(text)
    except BadBudget as error:
        raise wrong_usage(
            "the budget was not understood",
            f"{VARIABLE}={text}" if typed is None else f"--budget-usd {shlex.quote(typed)}",
            str(error),
            corrected("--budget-usd", "5,annotation=2"),
        ) from error
    return typed
