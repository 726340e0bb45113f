"""Shows the planned calls of a run and their cost: `eemo run --dry-run`.

The module `forecast` of each stage, such as `stages/annotation/forecast.py`, computes the numbers.
Nothing is run, called, attached or written.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from eemo_pipeline.cli.data_root import choose_data_root
from eemo_pipeline.cli.model_choice import (
    choose_generator,
    choose_judges,
    choose_plan,
    choose_thresholds,
    choose_writers,
)
from eemo_pipeline.cli.output import counted, say, show_json, show_rows
from eemo_pipeline.cli.run import require_images, require_sources
from eemo_pipeline.cli.shell_text import shown
from eemo_pipeline.lake.data_root import DataRoot

if TYPE_CHECKING:
    import polars as pl

    from eemo_pipeline.ledger.store import Ledger
    from eemo_pipeline.vlm.contract import VisionLanguageModel
    from eemo_pipeline.vlm.session import Session
    from eemo_pipeline.vlm.spending.forecast import Forecast

_SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"),
    *(".jp2", ".ppm", ".pgm", ".tga"),
)
_KNOWN = ("image_id", "width_px", "height_px")
_COLUMNS = (
    *("stage", "provider", "model", "pictures", "answered", "calls_low", "calls_high"),
    *("input_tokens_low", "input_tokens_high", "output_tokens_low", "output_tokens_high"),
    *("usd_low", "usd_high"),
)


def show_forecast(
    data: Path | None,
    images: Path | None,
    providers: str | None,
    budgets: Sequence[str],
    *,
    as_json: bool,
) -> None:
    """Show one line per stage and model: calls, tokens and cost, from low to high."""
    from eemo_pipeline.lake.parquet import scan_table
    from eemo_pipeline.vlm.session import Session
    from eemo_pipeline.vlm.spending.budget import Budget
    from eemo_pipeline.vlm.spending.prices import read_prices

    text, models = choose_plan(providers, budgets)
    root = choose_data_root(data)
    if images is None:
        require_sources(root)
    else:
        require_images(root, images)
    prices = read_prices()
    with open_ledger_of(root) as ledger:
        known = scan_table(root.tables, "dedup__images").select(_KNOWN).collect()
        unread = _count_unread(root, images, ledger)
        lines = _forecast(root, known, unread, models, Session(ledger, Budget(), prices))
    if as_json:
        show_json(
            {
                "providers": text,
                "pictures": known.height,
                "unread_files": unread,
                "lines": [asdict(line) for line in lines],
                "usd_low": round(sum(line.usd_low for line in lines), 6),
                "usd_high": round(sum(line.usd_high for line in lines), 6),
            }
        )
        return
    if not lines:
        say("Only embedded models are used: no calls, no cost.")
        return
    show_rows(_COLUMNS, [[getattr(line, name) for name in _COLUMNS] for line in lines])
    low, high = (sum(getattr(line, name) for line in lines) for name in ("usd_low", "usd_high"))
    say(
        f"{counted(known.height, 'image')} of {shown(root.tables)} and "
        f"{counted(unread, 'unread file')}: "
        f"{low:,.2f} to {high:,.2f} USD; nothing was called"
    )


def _forecast(
    root: DataRoot,
    known: "pl.DataFrame",
    unread: int,
    models: "Sequence[VisionLanguageModel]",
    session: "Session",
) -> "list[Forecast]":
    """Return the forecasts of all stages, in their order."""
    from eemo_pipeline.stages.annotation.forecast import forecast_annotation
    from eemo_pipeline.stages.annotation.vlm_annotator import VisionAnnotator
    from eemo_pipeline.stages.critic.forecast import forecast_criticism
    from eemo_pipeline.stages.expansion.forecast import forecast_images
    from eemo_pipeline.stages.texts.forecast import forecast_texts
    from eemo_pipeline.stages.verification.forecast import forecast_verification

    ledger, prices = session.ledger, session.prices
    annotators = [VisionAnnotator(model.provider, model, session) for model in models]
    later_rounds = choose_thresholds().max_rounds - 1
    lines = forecast_annotation(known, unread, annotators, ledger, prices, later_rounds)
    verifier, critic = choose_judges(session)
    if verifier:
        lines.append(forecast_verification(known, unread, verifier, ledger, prices))
    if critic:
        lines += forecast_criticism(known, unread, critic, ledger, prices)
    if generator := choose_generator(session, root):
        lines.append(forecast_images(root.tables, generator, ledger, prices))
    lines += forecast_texts(known, unread, choose_writers(session, root), root.tables, prices)
    return lines


@contextmanager
def open_ledger_of(root: DataRoot) -> Iterator["Ledger"]:
    """Open the data root's ledger, or a temporary empty one if there is none yet."""
    from eemo_pipeline.ledger.store import open_ledger

    with TemporaryDirectory() as folder:
        place = root.ledger if root.ledger.exists() else Path(folder) / root.ledger.name
        with closing(open_ledger(place)) as ledger:
            yield ledger


def _count_unread(root: DataRoot, images: Path | None, ledger: "Ledger") -> int:
    """Count the files that look like images and were never read by a run."""
    from eemo_pipeline.readers.listing import list_files, stamp_files

    folders = {path.resolve() for path in root.sources.glob("*") if path.is_dir()}
    if images is not None:
        folders.add(images.resolve())
    unread = 0
    for folder in folders:
        listing = list_files(folder)
        stamps = [s for s in stamp_files(listing) if s.path.lower().endswith(_SUFFIXES)]
        unread += len(stamps) - len(ledger.known_images(listing.root, stamps))
    return unread
