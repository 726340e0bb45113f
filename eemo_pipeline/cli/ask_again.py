"""`eemo ask-again`: sets answers about chosen images aside, and runs what asks for them.

`ledger/retirement.py` keeps the earlier answers.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from eemo_pipeline.cli.data_root import choose_data_root, hold
from eemo_pipeline.cli.ledger import open_existing
from eemo_pipeline.cli.model_choice import (
    ModelChoice,
    choose_judges,
    choose_models,
    choose_plan,
    choose_writers,
)
from eemo_pipeline.cli.output import clean, counted, say, show_json, show_rows
from eemo_pipeline.cli.problems import Exit, Problem, wrong_usage
from eemo_pipeline.cli.run import run_selection
from eemo_pipeline.cli.shell_text import command, corrected
from eemo_pipeline.cli.tables import choose_rows, find_table
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.ledger.retirement import (
    AskedAgain,
    find_answered,
    find_waiting,
    finish,
    retire,
    weigh_again,
)
from eemo_pipeline.ledger.store import Ledger, Spent

STAGES = ("annotation", "verification", "grounding", "critic", "texts")
_COLUMNS = ("stage", "provider", "model", "questions", "calls", "usd")


@dataclass(frozen=True)
class Wish:
    """What is to be asked again: rows of a table by a condition, and the stages that ask."""

    table: str
    where: str
    stages: tuple[str, ...]


def ask_again(
    data: Path | None,
    wish: Wish,
    providers: str | None,
    budgets: Sequence[str],
    *,
    is_dry_run: bool,
    as_json: bool,
) -> Exit:
    """Show the questions and their cost; unless it is a dry run, ask them and rebuild the tables.

    Raises:
        Problem: the condition chooses no image, or no model of the run has answered about them.
    """
    if not is_dry_run:
        choose_models(providers, budgets)  # a missing key is said before anything is set aside
    stages = _choose_stages(wish)
    condition = f"{wish.table}: {wish.where}: {', '.join(stages)}"
    root = choose_data_root(data)
    images = _choose_images(root, wish)
    with open_existing(root) as ledger:
        waiting = find_waiting(ledger, condition)
        askers = _plan(root, ledger, providers, budgets)
        asked = waiting or find_answered(ledger, images, stages, askers)
        if not asked:
            raise _no_answer(root, wish, images, askers)
        lines = weigh_again(ledger, asked)
        if is_dry_run:
            _forecast(lines, len(images), as_json=as_json)
            return Exit.OK
        if waiting:
            say(f"going on with an unfinished request: {counted(len(waiting), 'question')} left")
        else:
            with hold(root):
                retire(ledger, asked, condition)
            usd = Spent(0, sum(line.nano_usd for line in lines)).usd
            say(f"{counted(len(asked), 'answer')} for {usd:,.6f} USD set aside as past answers")
    return _run(root, lines, condition, choose_models(providers, budgets), as_json=as_json)


def _run(
    root: DataRoot,
    lines: Sequence[AskedAgain],
    condition: str,
    models: ModelChoice,
    *,
    as_json: bool,
) -> Exit:
    """Run the stages that ask and all that follows; mark the request as finished if that ends."""
    selection = " or ".join(f'group:"{stage}"+' for stage in sorted({x.stage for x in lines}))
    code = run_selection(root, selection, models, _next_commands, as_json=as_json)
    if code in (Exit.OK, Exit.CHECK_FAILED):
        with open_existing(root) as ledger, hold(root):
            finish(ledger, condition)
    return code


def _choose_images(root: DataRoot, wish: Wish) -> list[str]:
    table = find_table(root, wish.table)
    if "image_id" not in table.columns:
        raise wrong_usage(
            f"{table.name} names no image",
            f"--table {table.name}",
            "models are asked about images; the table has no column image_id",
            command(f"ask-again --table records__emoverse --where {_quoted(wish.where)}", root),
        )
    images = choose_rows(root, table, wish.where)["image_id"].unique().sort().to_list()
    if not images:
        raise wrong_usage(
            "no row fulfils the condition",
            f"--where {clean(wish.where)}",
            f"{table.name} has no such row",
            command(f'sql "from {table.name} limit 3"', root),
        )
    return images


def _choose_stages(wish: Wish) -> tuple[str, ...]:
    for stage in wish.stages:
        if stage not in STAGES:
            raise wrong_usage(
                "this stage asks no model about images",
                f"--stage {clean(stage)}",
                f"it is one of {', '.join(STAGES)}",
                corrected("--stage", "annotation"),
            )
    own = wish.table.lstrip("_").split("__")[0]
    return wish.stages or ((own,) if own in STAGES else STAGES)


def _plan(
    root: DataRoot, ledger: Ledger, providers: str | None, budgets: Sequence[str]
) -> set[tuple[str, str]]:
    """Return provider and model of all paid models that the run would ask."""
    from eemo_pipeline.vlm.session import Session
    from eemo_pipeline.vlm.spending.budget import Budget
    from eemo_pipeline.vlm.spending.prices import read_prices

    session = Session(ledger, Budget(), read_prices())
    _, annotators = choose_plan(providers, budgets)
    judges = [judge.vlm for judge in choose_judges(session) if judge]
    writers = [writer for writer in choose_writers(session, root) if writer]
    return {(one.provider, one.model) for one in (*annotators, *judges, *writers)}


def _no_answer(
    root: DataRoot, wish: Wish, images: Sequence[str], askers: set[tuple[str, str]]
) -> Problem:
    named = ", ".join(sorted(f"{provider} {model}" for provider, model in askers))
    return Problem(
        "there is no answer to ask for again",
        f"--where {clean(wish.where)}: {counted(len(images), 'image')}",
        f"none of {clean(named)} has answered about them" if named else "no paid model is chosen",
        command("ledger", root, " # the models that have answered"),
        command(f"ask-again --where {_quoted(wish.where)} --providers openai,gemini", root),
    )


def _forecast(lines: Sequence[AskedAgain], images: int, *, as_json: bool) -> None:
    usd = Spent(0, sum(line.nano_usd for line in lines)).usd
    if as_json:
        show_json(
            {
                "images": images,
                "questions": sum(line.questions for line in lines),
                "usd": usd,
                "lines": [{**asdict(line), "usd": Spent(0, line.nano_usd).usd} for line in lines],
            }
        )
        return
    show_rows(
        _COLUMNS,
        [
            (x.stage, x.provider, x.model, x.questions, x.calls, f"{Spent(0, x.nano_usd).usd:.6f}")
            for x in lines
        ],
    )
    say(
        f"{counted(images, 'image')}; the answers cost {usd:,.6f} USD last time; questions "
        "that follow from changed answers are new. Nothing was asked"
    )


def _next_commands(root: DataRoot) -> list[str]:
    return [command("status", root), command("ledger", root)]


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(clean(text))
