"""Shows, exports and prunes the ledger: `eemo ledger`.

`ledger/accounts.py` computes the sums.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path

import typer

from eemo_pipeline.cli.data_root import choose_data_root, hold
from eemo_pipeline.cli.doctor import look_at_ledger
from eemo_pipeline.cli.output import clean, counted, say, show, show_json, show_rows
from eemo_pipeline.cli.problems import Problem, wrong_usage
from eemo_pipeline.cli.shell_text import command, making_commands, quoted, shown
from eemo_pipeline.lake.data_root import LEDGER_VARIABLE, DataRoot
from eemo_pipeline.ledger.accounts import (
    ROW_TYPES,
    Account,
    Choice,
    Pruned,
    add_up,
    prune,
    read_rows,
    weigh,
)
from eemo_pipeline.ledger.store import Ledger, Spent, open_ledger

_COLUMNS = {
    "stage": "stage",
    "provider": "provider",
    "model": "model",
    "role": "role",
    "calls": "calls",
    "answers": "answered",
    "refused": "refused",
    "malformed": "malformed",
    "unanswered": "unanswered",
    "retries": "retries",
    "cached": "found",
    "tokens in": "input_tokens",
    "tokens out": "output_tokens",
}


def show_accounts(data: Path | None, *, as_json: bool) -> None:
    """Show one line per stage, role, provider and model, over the ledger's whole life."""
    with open_existing(choose_data_root(data)) as ledger:
        accounts = add_up(ledger)
    if as_json:
        show_json([_as_object(account) for account in accounts])
        return
    rows = [
        (*(getattr(line, name) for name in _COLUMNS.values()), _usd(line.nano_usd))
        for line in accounts
    ]
    show_rows((*_COLUMNS, "usd"), rows)
    calls = sum(account.calls for account in accounts if account.provider != "embedded")
    unpriced = sum(account.unpriced for account in accounts)
    estimated = sum(account.estimated for account in accounts)
    most = sum(account.nano_usd_at_most for account in accounts)
    more = (
        f"; {unpriced:,} of them have no known cost: at most {_usd(most)} USD in all"
        if unpriced
        else ""
    )
    if estimated:
        more += f"; {estimated:,} of them named no tokens and count with their upper bound"
    total = sum(account.nano_usd for account in accounts)
    say(f"{counted(calls, 'call')} of providers for {_usd(total)} USD{more}")


def export_rows(data: Path | None, file: Path, *, as_json: bool) -> None:
    """Write every attempt and answer to a file that must not exist yet."""
    root = choose_data_root(data)
    if file.suffix not in (".parquet", ".jsonl"):
        raise wrong_usage(
            "the format of the export is unknown",
            f"export {shown(file)}",
            "the name must end with .parquet or .jsonl",
            command(f"ledger export {quoted(file.with_suffix('.parquet'))}", root),
        )
    if file.exists() or not file.absolute().parent.is_dir():
        is_there = file.exists()
        raise wrong_usage(
            "the ledger cannot be written there",
            shown(file),
            "a file with that name exists" if is_there else "there is no such folder",
            f"rm {quoted(file)}" if is_there else f"mkdir -p {quoted(file.absolute().parent)}",
        )
    written = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        with open_existing(root) as ledger:
            count = (
                _write_jsonl(ledger, written)
                if file.suffix == ".jsonl"
                else _write_parquet(ledger, written)
            )
        written.replace(file)
    finally:
        written.unlink(missing_ok=True)
    if as_json:
        show_json({"path": str(file), "rows": count})
    else:
        show(f"{counted(count, 'attempt or answer', 'attempts and answers')} in {shown(file)}")


def prune_answers(
    data: Path | None, choice: Choice, *, is_dry_run: bool, is_agreed: bool, as_json: bool
) -> None:
    """Delete the chosen answers after confirmation and show their cost."""
    root = choose_data_root(data)
    if choice == Choice():
        raise wrong_usage(
            "no option says which answers to delete",
            "ledger prune",
            "without --model, --stage or --status, all of them would be deleted",
            command("ledger prune --status refused --dry-run", root),
        )
    with open_existing(root) as ledger:
        meant = weigh(ledger, choice)
        if not (is_dry_run or is_agreed or not meant.answers):
            _ask(meant, can_ask=not as_json and sys.stdin.isatty())
        deleted = 0
        if not is_dry_run:
            with hold(root):
                deleted = prune(ledger, choice)
    if as_json:
        usd = Spent(0, meant.nano_usd).usd
        show_json(
            {"answers": meant.answers, "usd": usd, "models": meant.models, "deleted": deleted}
        )
        return
    show_rows(("model", "answers"), sorted(meant.models.items()))
    verb = "would delete" if is_dry_run else "deleted"
    show(f"{verb} {_in_words(meant)}")


def _ask(meant: Pruned, *, can_ask: bool) -> None:
    if not can_ask:
        raise wrong_usage(
            "nothing is deleted without confirmation",
            "ledger prune",
            f"this would delete {_in_words(meant)}, and there is no terminal to confirm on",
            "add --yes",
            "add --dry-run",
        )
    typer.confirm(f"Delete {_in_words(meant)}?", abort=True, err=True)


def _in_words(meant: Pruned) -> str:
    return f"{counted(meant.answers, 'answer')} that cost {_usd(meant.nano_usd)} USD"


@contextmanager
def open_existing(root: DataRoot) -> Iterator[Ledger]:
    """Open the ledger, which must exist and be intact.

    Raises:
        Problem: There is no ledger, or it cannot be used.
    """
    from eemo_pipeline.ledger.database import LedgerProblem

    if not os.environ.get(LEDGER_VARIABLE) and not root.ledger.exists():
        raise Problem(
            "there is no ledger yet",
            shown(root.ledger),
            "no model was asked in this data root",
            *making_commands(root),
        )
    finding = look_at_ledger(root)
    if finding.state == "broken":
        raise Problem("the ledger cannot be used", shown(root.path), finding.detail, finding.fix)
    try:
        ledger = open_ledger(root.ledger)
    except LedgerProblem as error:
        raise Problem(
            "the ledger cannot be used", shown(root.path), str(error), command("doctor", root)
        ) from error
    with closing(ledger):
        yield ledger


def _write_jsonl(ledger: Ledger, path: Path) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as lines:
        for batch in read_rows(ledger):
            lines.writelines(json.dumps(row) + "\n" for row in batch)
            count += len(batch)
    return count


def _write_parquet(ledger: Ledger, path: Path) -> int:
    import polars as pl

    schema = pl.Schema(ROW_TYPES)
    frames = [pl.DataFrame(batch, schema=schema) for batch in read_rows(ledger)]
    frame = pl.concat([schema.to_frame(), *frames])
    frame.write_parquet(path)
    return frame.height


def _as_object(account: Account) -> dict[str, object]:
    fields = asdict(account)
    fields["cached"] = fields.pop("found")
    most = Spent(0, fields.pop("nano_usd_at_most")).usd
    return {**fields, "usd": Spent(0, account.nano_usd).usd, "usd_at_most": most}


def _usd(nano_usd: int) -> str:
    return clean(f"{nano_usd / 1e9:,.6f}")
