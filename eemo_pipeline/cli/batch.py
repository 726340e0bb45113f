"""Submits, shows and collects the providers' batches: `eemo batch`.

The assets of the stage batches do the work in a run of their own; `ledger/batches.py` stores the
state.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eemo_pipeline.cli.data_root import choose_data_root, hold, use_records
from eemo_pipeline.cli.ledger import open_existing
from eemo_pipeline.cli.model_choice import choose_models
from eemo_pipeline.cli.output import clean, counted, paint, say, show, show_json, show_rows
from eemo_pipeline.cli.problems import Exit, Problem, wrong_usage
from eemo_pipeline.cli.run import judge
from eemo_pipeline.cli.server_words import find_words, tell_words
from eemo_pipeline.cli.shell_text import command, corrected, making_commands, shown
from eemo_pipeline.lake.data_root import DataRoot

if TYPE_CHECKING:
    from eemo_pipeline.ledger.store import Ledger
    from eemo_pipeline.orchestration.run_outcome import RunOutcome

_COUNTS = ("answered", "declined", "malformed", "failed", "expired", "not_run", "waiting")
_SHOWN = ("batch", "provider", "model", "state", "rows", *_COUNTS, "usd")


def submit_batches(
    data: Path | None, providers: str | None, budgets: Sequence[str], *, as_json: bool
) -> Exit:
    """Send the open questions of annotation and texts; show their number and maximum cost."""
    models = choose_models(providers, budgets)
    _require_interface(models.providers)
    root = choose_data_root(data)
    if not (root.tables / "dedup__images.parquet").exists():
        raise wrong_usage(
            "no image is known yet",
            shown(root.tables),
            "the table dedup__images does not exist",
            command("run --select '+key:\"dedup__images\"'", root),
            *making_commands(root),
        )
    outcome = _run(root, "submit_batches", models.providers, models.budget_usd)
    numbers = outcome.numbers.get("batches__submissions", {})
    code = _tell(root, outcome, numbers, as_json=as_json)
    if numbers and not as_json:
        show(
            f"sent {counted(int(numbers['submitted']), 'question')}, "
            f"{numbers['bound_usd']:,.4f} USD at most; "
            f"{numbers['answered']:,} were answered already, {numbers['waiting']:,} were waiting, "
            f"{numbers['given_up']:,} had failed too often"
        )
        if numbers["held_back"]:
            say(
                f"not sent: {counted(int(numbers['held_back']), 'question')}, as the provider's "
                f"queue is full. Collect when `{command('batch', root)}` shows that batches are "
                "over, then submit again"
            )
    if code == Exit.BUDGET:
        say("the questions within the budget are sent; run the same command again to continue")
    return code


def collect_batches(data: Path | None, *, as_json: bool) -> Exit:
    """Store the results of finished batches and show a summary."""
    root = choose_data_root(data)
    with open_existing(root):
        pass
    outcome = _run(root, "collect_batches")
    numbers = outcome.numbers.get("batches__collections", {})
    code = _tell(root, outcome, numbers, as_json=as_json)
    if numbers and not as_json:
        show(
            f"collected {counted(int(numbers['batches']), 'batch', 'batches')}: "
            f"{counted(int(numbers['computed']), 'answer')} for "
            f"{numbers['usd']:,.4f} USD; still open: {numbers['still_open']:,}"
        )
    return code


def show_batches(data: Path | None, *, as_json: bool) -> None:
    """Show one line per batch; open ones with their state at the provider."""
    with open_existing(choose_data_root(data)) as ledger:
        batches = _read_batches(ledger)
        for batch in batches:
            batch["at_provider"] = None
        for token, state in _ask_providers(ledger).items():
            next(batch for batch in batches if batch["batch"] == token)["at_provider"] = state
        if as_json:
            show_json(batches)
            return
    show_rows((*_SHOWN, "at provider"), [tuple(batch.values()) for batch in batches])


def _ask_providers(ledger: "Ledger") -> dict[str, str]:
    """Return token -> state of the open batches; unreachable providers are skipped.

    Raises:
        Problem: A key is missing (exit code 5).
    """
    from eemo_pipeline.vlm.batch.interface import BatchUnsupported, look_at_open
    from eemo_pipeline.vlm.errors import CredentialProblem, ProviderProblem
    from resources.providers.batches import find_interface

    states: dict[str, str] = {}
    try:
        for batch, _, standing in look_at_open(ledger, find_interface):
            states[batch.token] = "over" if standing.state != "open" else "open"
    except CredentialProblem as problem:
        raise Problem(
            "a provider cannot be used",
            problem.variable,
            str(problem),
            problem.fix,
            code=Exit.CREDENTIAL,
        ) from problem
    except (ProviderProblem, BatchUnsupported) as problem:
        say(clean(str(problem)))
    return states


def _require_interface(providers: str) -> None:
    from eemo_pipeline.vlm.batch.interface import BatchUnsupported
    from resources.providers.batches import find_interface
    from resources.providers.registry import read_choices
    from resources.roles.generators import generator_choice
    from resources.roles.writers import writer_choices

    problems: list[str] = []
    chosen = [
        (choice.provider, choice.model) for choice in (*read_choices(providers), *writer_choices())
    ]
    for provider, model in (*chosen, *filter(None, (generator_choice(),))):
        try:
            find_interface(provider, model)
        except BatchUnsupported as problem:
            problems.append(str(problem))
        else:
            return
    raise wrong_usage(
        "there is no batch interface",
        f"--providers {providers}",
        "; ".join(problems) or f"the models of {providers} answer immediately, on this machine",
        corrected("--providers", "openai,gemini"),
    )


def _run(
    root: DataRoot, job: str, providers: str | None = None, budget_usd: str | None = None
) -> "RunOutcome":
    from eemo_pipeline.orchestration import runs

    with hold(root), use_records(root):
        return runs.run_assets(root.path, "*", None, providers, budget_usd, job)


def _tell(
    root: DataRoot, outcome: "RunOutcome", numbers: Mapping[str, Any], *, as_json: bool
) -> Exit:
    """Show the result of the run and the state of all batches; return the exit code."""
    for step, message in outcome.failed_steps:
        say(f"{paint('failed', '31', sys.stderr)}  {clean(step)}: {clean(message)}")
    with open_existing(root) as ledger:
        batches = _read_batches(ledger)
    if as_json:
        show_json(
            {
                "run_id": outcome.run_id,
                "is_success": outcome.is_success,
                "stopped_by": outcome.stopped_by,
                "numbers": dict(numbers),
                "batches": batches,
                "failed_steps": [
                    {"step": step, "message": text} for step, text in outcome.failed_steps
                ],
            }
        )
    else:
        tell_words(find_words(root, outcome.run_id))
        show_rows(_SHOWN, [tuple(batch.values()) for batch in batches])
    return judge(outcome)


def _read_batches(ledger: "Ledger") -> list[dict[str, Any]]:
    from eemo_pipeline.ledger.batches import tally_batches
    from eemo_pipeline.ledger.store import Spent

    return [
        {
            "batch": tally.batch.token,
            "provider": tally.batch.provider,
            "model": tally.batch.model,
            "state": tally.batch.state,
            "rows": tally.batch.row_count,
            **{name: getattr(tally, name) for name in _COUNTS},
            "usd": Spent(0, tally.nano_usd).usd,
        }
        for tally in tally_batches(ledger)
    ]
